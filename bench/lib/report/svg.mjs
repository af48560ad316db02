// Bar charts as SVG, small enough to own: no library draws ones that follow the reader's light or dark mode.

/**
 * @typedef {object} Bar
 * @property {string} name whose bar it is: one of the colours
 * @property {number} value its length, against the longest of its group
 * @property {string} text what stands behind it
 */

/**
 * @typedef {object} Group bars that are compared with each other, on a scale of their own
 * @property {string} label
 * @property {string} [note] what it comes to, at the right
 * @property {Bar[]} bars
 */

/**
 * @typedef {object} Chart
 * @property {string} title
 * @property {string} subtitle
 * @property {Record<string, string>} names the legend, by the name of the bars; at most four
 * @property {Group[]} groups
 */

const width = 760;
const left = 230;
const right = 190;
const barHeight = 14;
const gap = 16;
const head = 86;

const escapes = /** @type {Record<string, string>} */ ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" });

/** @param {string} text */
const escaped = (text) => text.replaceAll(/[&<>]/g, (found) => escapes[found] ?? found);

// Both modes have the contrast that WCAG asks of text and of what is drawn.
const style = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
  .title { font-size: 17px; font-weight: 600; }
  .quiet { fill: #59636e; font-size: 12px; }
  .note { font-weight: 600; }
  .c0 { fill: #0969da; } .c1 { fill: #8c959f; } .c2 { fill: #bf8700; } .c3 { fill: #8250df; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .quiet { fill: #9198a1; }
    .c0 { fill: #4493f8; } .c1 { fill: #6e7681; } .c2 { fill: #d29922; } .c3 { fill: #ab7df8; }
  }`;

/**
 * @param {Chart} chart
 * @returns {string}
 */
export function barChart({ title, subtitle, names, groups }) {
  const order = Object.keys(names);
  const room = width - left - right;
  /** @type {string[]} */
  const parts = [];
  const put = (/** @type {string} */ part) => parts.push(`  ${part}`);
  const text = (
    /** @type {number} */ x,
    /** @type {number} */ y,
    /** @type {string} */ content,
    /** @type {string} */ more = "",
  ) => put(`<text x="${x}" y="${y}"${more}>${escaped(content)}</text>`);

  text(0, 20, title, ' class="title"');
  text(0, 41, subtitle, ' class="quiet"');
  let x = 0;
  for (const [index, label] of Object.values(names).entries()) {
    put(`<rect class="c${index}" x="${x}" y="54" width="12" height="12" rx="2"/>`);
    text(x + 18, 64, label);
    // About the width of a letter: the next entry only has to stand clear of it.
    x += 40 + label.length * 7;
  }
  let y = head;
  for (const { label, note, bars } of groups) {
    const longest = Math.max(...bars.map(({ value }) => value));
    const middle = y + (bars.length * (barHeight + 2)) / 2;
    text(left - 12, middle + 4, label, ' text-anchor="end"');
    for (const bar of bars) {
      const length = Math.max(1, Math.round((bar.value / longest) * room));
      const colour = order.indexOf(bar.name);
      put(
        `<rect class="c${colour}" x="${left}" y="${y}" width="${length}" height="${barHeight}" rx="2"/>`,
      );
      text(left + length + 6, y + barHeight - 3, bar.text, ' class="quiet"');
      y += barHeight + 2;
    }
    if (note) {
      text(width, middle + 4, note, ' class="note" text-anchor="end"');
    }
    y += gap;
  }
  const spoken = groups.map(
    ({ label, bars }) =>
      `${label}: ${bars.map(({ name, text: said }) => `${names[name]} ${said}`).join(", ")}`,
  );
  const described = escaped(`${title}. ${spoken.join(". ")}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" role="img">
  <title>${described}</title>
  <style>${style}
  </style>
${parts.join("\n")}
</svg>
`;
}
