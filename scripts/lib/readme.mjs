// The README as published on npm, with links into the repository that package.json names.

/** Matches the links and images of a Markdown document, except links to the web and within the document. */
const relativeLink = /(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)/g;

/**
 * Makes the README's relative links absolute, at the tag of the version. Without a repository, they are not changed.
 *
 * @param {string} text
 * @param {{ version: string, repository?: { url: string } }} manifest
 */
export function publishedReadme(text, { version, repository }) {
  if (repository === undefined) {
    return text;
  }
  const address = repository.url.replace(/^git\+/, "").replace(/\.git$/, "");
  // An image needs the URL of the raw file.
  const folder = (/** @type {string} */ mark) => `${address}/${mark ? "raw" : "blob"}/v${version}`;
  return text.replaceAll(
    relativeLink,
    (_, mark, label, target) => `${mark}[${label}](${folder(mark)}/${target})`,
  );
}
