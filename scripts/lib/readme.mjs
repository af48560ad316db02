// The README as published on npm, with links into the repository that package.json names.
import { webAddress } from "./gate.mjs";

/** Matches the links and images of a Markdown document, except links to the web and within the document. */
const relativeLink = /(!?)\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)/g;

/**
 * Makes the README's relative links absolute, at the tag of the version. Without a repository, they are not changed.
 *
 * @param {string} text
 * @param {{ version: string, repository?: { url: string } }} manifest
 */
export function publishedReadme(text, { version, repository }) {
  const address = webAddress(repository?.url ?? "");
  if (address === undefined) {
    return text;
  }
  // An image needs the file itself. GitHub's own page of an SVG is HTML, and without the parameter its type is text.
  const raw = address.replace("//github.com/", "//raw.githubusercontent.com/");
  return text.replaceAll(relativeLink, (_, mark, label, target) =>
    mark
      ? `![${label}](${raw}/v${version}/${target}?sanitize=true)`
      : `[${label}](${address}/blob/v${version}/${target})`,
  );
}
