/**
 * Formats JSON with one line per member down to `depth`, and deeper values on a single line, so that results can be
 * read and compared.
 *
 * @param {unknown} value
 * @param {number} depth
 * @returns {string}
 */
export function inLines(value, depth) {
  if (depth === 0 || typeof value !== "object" || value === null) {
    return JSON.stringify(value) ?? "null";
  }
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => inLines(item, depth - 1)).join(",\n")}\n]`;
  }
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${JSON.stringify(name)}: ${inLines(member, depth - 1)}`);
  return `{\n${members.join(",\n")}\n}`;
}
