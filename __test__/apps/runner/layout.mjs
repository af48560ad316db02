// Tests that the page of examples/nuxt fits small and large screens, is legible, and needs no mouse.
import { inProject } from "../../../scripts/lib/project.mjs";
import { same } from "./checks.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** @type {{ viewport: { width: number, height: number }, colorScheme: "light" | "dark" }[]} */
export const layouts = [390, 1280].flatMap((width) =>
  /** @type {const} */ (["light", "dark"]).map((colorScheme) => ({
    viewport: { width, height: 800 },
    colorScheme,
  })),
);

/** Functions that run in the browser. */
const inPage = inProject("__test__", "apps", "runner", "in-page.js");

/** @param {Page} page @param {(typeof layouts)[number]} layout */
export async function checkLayout(page, { viewport: { width }, colorScheme }) {
  const where = `at ${width} pixels, ${colorScheme}`;
  await page.locator("main:not([inert])").waitFor();
  // The line of a computed answer is the longest. The button ignores a click if nothing is cached.
  await page.locator('[data-test="purge-forecast"]').dispatchEvent("click");
  await page.locator('[data-test="no-forecast"]').waitFor();
  await page.getByRole("button", { name: "Nairobi", exact: true }).click();
  await page.locator('[data-test="request"]', { hasText: /0\.5 read \+ \d write/ }).waitFor();
  await page.addScriptTag({ path: inPage });
  same(await page.evaluate("overflow()"), 0, `pixels that the page is too wide ${where}`);
  same(await page.evaluate("outsideCards()"), [], `text outside its card ${where}`);
  same(await page.evaluate("faintText()"), [], `text of low contrast ${where}`);
}

/** Does with the keyboard what the other tests do with the mouse. @param {Page} page @param {import("./table.mjs").Table} table */
export async function checkKeyboard(page, table) {
  await page.addScriptTag({ path: inPage });
  await page.locator("main:not([inert])").waitFor();

  /** Presses a key and returns what has the focus then, which must be visible. @param {string} key */
  async function press(key) {
    await page.keyboard.press(key);
    const { name, outline } = /** @type {Record<string, string>} */ (
      await page.evaluate("focused()")
    );
    same(outline, "solid", `the outline of "${name}", which has the focus`);
    return name;
  }

  same(await press("Tab"), "forecast", "the first control");
  same(await press("ArrowRight"), "climate", "the other function");
  for (const city of ["Lisbon", "Nairobi", "Oslo", "Osaka"]) {
    same(await press("Tab"), city, "the next control");
  }
  await page.keyboard.press("Enter");
  await page.locator('[data-test="request"]').waitFor();
  await table.row(/^cache:.*:climate:Osaka/);
  same(await press("Tab"), "Lima", "the next control");
  same(await press("Tab"), "checkbox", "the next control");
  await press("Space");
  same(await page.locator('[data-test="use-cache"]').isChecked(), false, "the switch");
  same(await press("Tab"), "Purge forecast", "the next control");
  same(await press("Tab"), "Purge climate", "the next control");
  await press("Enter");
  await page.locator('[data-test="no-climate"]').waitFor();
  same(await press("Shift"), "Purge climate", "the focus after the purge");
  const left = (await table.rows()).filter(({ key }) => key.includes(":climate:"));
  same(left, [], "climates after the purge");
}
