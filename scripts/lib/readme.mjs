// The README as npm shows it: its links must lead into the repository, which only package.json names.

/** The links of a Markdown document, images included, except those to the web and within the document. */
const relativeLink = /(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)/g;

/**
 * Makes the relative links of the README absolute, at the tag of the version. Without a repository they stay as they are.
 *
 * @param {string} text
 * @param {{ version: string, repository?: { url: string } }} manifest
 */
export function publishedReadme(text, { version, repository }) {
  if (repository === undefined) {
    return text;
  }
  const address = repository.url.replace(/^git\+/, "").replace(/\.git$/, "");
  // A page that shows an image needs the file itself.
  const folder = (/** @type {string} */ mark) => `${address}/${mark ? "raw" : "blob"}/v${version}`;
  return text.replaceAll(
    relativeLink,
    (_, mark, label, target) => `${mark}[${label}](${folder(mark)}/${target})`,
  );
}
