// Tests the page of examples/nuxt in a real browser and checks the table behind it.
import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

import { Failure } from "../../../scripts/lib/steps.mjs";
import { same } from "./checks.mjs";
import { checkKeyboard, checkLayout, layouts } from "./layout.mjs";
import { checkTtl } from "./table.mjs";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("./table.mjs").Table} Table */

const program = process.env.CHROMIUM ?? "/usr/bin/chromium";
const timeout = 30_000;
const args = ["--disable-gpu", "--disable-quic"];
const lisbon = /^cache:.*:forecast:Lisbon/;
/** More than the key and the other attributes of a row take, and less than a write unit covers. */
const otherBytes = 250;
const climate = /^cache:.*:climate:/;

/**
 * @param {string} url
 * @param {Table} table
 * @param {string} [screenshot] the file for a screenshot
 */
export async function checkPage(url, table, screenshot) {
  if (!existsSync(program)) {
    throw new Failure(`There is no ${program}: install Chromium, or name it in CHROMIUM.`);
  }
  const browser = await chromium.launch({ executablePath: program, args });
  /** @type {string[]} */
  const complaints = [];

  /** @param {import("playwright-core").BrowserContextOptions} options @param {(page: Page) => Promise<void>} check */
  async function onPage(options, check) {
    const page = await browser.newPage({ deviceScaleFactor: 2, ...options });
    page.setDefaultTimeout(timeout);
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    await page.goto(url);
    await check(page);
    await page.close();
  }

  try {
    await onPage({ viewport: { width: 1280, height: 800 } }, (page) =>
      tryPage(page, table, screenshot),
    );
    for (const layout of layouts) {
      await onPage(layout, (page) => checkLayout(page, layout));
    }
    await onPage({}, (page) => checkKeyboard(page, table));
    same(complaints, [], "what the browser complained about");
  } finally {
    await browser.close();
  }
}

/** @param {Page} page @param {Table} table @param {string} [screenshot] */
async function tryPage(page, table, screenshot) {
  /** @param {string} name */
  const part = (name) => page.locator(`[data-test="${name}"]`);
  /** @param {import("playwright-core").Locator} locator */
  const textOf = async (locator) => (await locator.innerText()).replaceAll(/\s+/g, " ");

  /** Requests a city and returns its line in the log. @param {string} city */
  async function ask(city) {
    const lines = part("request");
    const last = (await lines.count()) && Number(await lines.first().getAttribute("data-number"));
    await page.getByRole("button", { name: city, exact: true }).click();
    const line = page.locator(`[data-number="${last + 1}"]`);
    await line.waitFor();
    return textOf(line);
  }

  /** @param {string} city @param {RegExp} expected */
  async function expectLine(city, expected) {
    const line = await ask(city);
    if (!expected.test(line)) {
      throw new Error(`asked for ${city}, expected ${expected}, the page says "${line}"`);
    }
    return line;
  }

  /** @param {"forecast" | "climate"} kind */
  async function purge(kind) {
    await part(`purge-${kind}`).click();
    await part(`no-${kind}`).waitFor();
  }

  const used = async () => unitsIn((await textOf(part("units"))).split("for this page")[0]);

  // The server renders the content of the table.
  await part("entry").first().waitFor();
  same(await part("entry").count(), (await table.rows()).length, "entries on the page");

  await purge("forecast");
  same(await table.rows(), [], "rows after the purge");

  // Computed and stored compressed. The page names the units and sizes.
  const before = await used();
  const computed = unitsIn(await expectLine("Lisbon", /^Lisbon forecast computed /));
  const row = await table.row(lisbon);
  checkTtl(row, 90);
  same(row.stored < row.value.length / 4, true, "whether the row is compressed");
  const [least, most] = [0, otherBytes].map((bytes) => Math.ceil((row.stored + bytes) / 1024));
  same([least, most].includes(computed.write), true, `${computed.write} write units for the row`);
  same(computed.read, 0.5, "read units of a miss");
  const { read, write } = await used();
  same({ read: read - before.read, write: write - before.write }, computed, "units counted");
  const [size, stored] = [row.value.length, row.stored].map(asSize);
  const entry = await textOf(part("entry").first());
  if (!entry.startsWith(`Lisbon ${stored} of ${size} `)) {
    throw new Error(`${size} are stored as ${stored}, the page says "${entry}"`);
  }
  const bill = Number((await textOf(part("bill"))).match(/\$(\S+)/)?.[1]);
  const price = ((read * 0.125 + write * 0.625) / 1_000_000).toPrecision(2);
  same(bill, Number(price), "the bill");

  // A row that was changed in the table is shown.
  await table.replaceValue(row.key, row.value.replace(/"temperature":[\d.-]+/, '"temperature":77'));
  await expectLine("Lisbon", /^Lisbon forecast from the table .* read$/);
  same(await textOf(part("high")), "77.0°", "the changed value on the page");

  // Then from the near cache, unless its time was over before the request.
  let line = "";
  while (!line.includes("from memory")) {
    line = await expectLine("Lisbon", /^Lisbon forecast from /);
  }
  same(unitsIn(line), { read: 0, write: 0 }, "units of a hit in the near cache");
  if (!/Near cache [1-9]\d* % [1-9]/.test(await textOf(part("near")))) {
    throw new Error(`the page counts no hit: ${await textOf(part("near"))}`);
  }

  // After a reload, the entry is still there with its age and remaining time, and is still served.
  await page.reload();
  const reloaded = await textOf(part("entry").first());
  if (!/^Lisbon \S+ KB of \S+ KB \d+ s (1 min )?\d+ s$/.test(reloaded)) {
    throw new Error(`the entry on the page reads "${reloaded}"`);
  }
  await expectLine("Lisbon", /^Lisbon forecast from /);

  // Without the cache, nothing is stored.
  await part("use-cache").uncheck();
  await expectLine("Oslo", /^Oslo forecast computed .* nothing$/);
  await part("use-cache").check();
  same((await table.rows()).length, 1, "rows after a request without the cache");

  // A purge removes one base and leaves the other.
  await page.getByText("Climate", { exact: true }).click();
  await expectLine("Nairobi", /^Nairobi climate computed /);
  await table.row(climate);
  await purge("forecast");
  same(
    (await table.rows()).map(({ key }) => climate.test(key)),
    [true],
    "climates that are left",
  );
  await expectLine("Nairobi", /^Nairobi climate from /);

  await page.getByText("Forecast", { exact: true }).click();
  for (const city of ["Lima", "Oslo", "Oslo", "Lisbon", "Lisbon", "Lisbon"]) {
    await ask(city);
  }
  if (screenshot) {
    await page.screenshot({ path: screenshot, fullPage: true });
  }
}

/** @param {string} [text] such as `0.5 read + 2 write` */
function unitsIn(text = "") {
  const [read, write] = ["read", "write"].map((name) =>
    Number(new RegExp(`([\\d.]+) ${name}`).exec(text)?.[1] ?? 0),
  );
  return { read: Number(read), write: Number(write) };
}

/** @param {number} bytes */
const asSize = (bytes) => (bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KB`);
