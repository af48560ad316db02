// Tests the page of examples/nuxt in a real browser and checks the table behind it.
import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

import { Failure } from "../../../scripts/lib/steps.mjs";
import { same } from "./checks.mjs";
import { checkTtl } from "./table.mjs";

const program = process.env.CHROMIUM ?? "/usr/bin/chromium";
const timeout = 30_000;
const args = ["--disable-gpu", "--disable-quic"];
const lisbon = /^cache:.*forecast.*:Lisbon/;

/**
 * @param {string} url
 * @param {import("./table.mjs").Table} table
 * @param {string} [screenshot] the file for a screenshot
 */
export async function checkPage(url, table, screenshot) {
  if (!existsSync(program)) {
    throw new Failure(`There is no ${program}: install Chromium, or name it in CHROMIUM.`);
  }
  const browser = await chromium.launch({ executablePath: program, args });
  try {
    const viewport = { width: 1240, height: 780 };
    const page = await browser.newPage({ viewport, deviceScaleFactor: 2 });
    page.setDefaultTimeout(timeout);
    /** @type {string[]} */
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    await tryPage(page, url, table, screenshot);
    same(complaints, [], "what the browser complained about");
  } finally {
    await browser.close();
  }
}

/** @type {(page: import("playwright-core").Page, ...parameters: Parameters<typeof checkPage>) => Promise<void>} */
async function tryPage(page, url, table, screenshot) {
  /** @param {string} name */
  const part = (name) => page.locator(`[data-test="${name}"]`);

  /** Requests a city and waits for its line in the log. @param {string} city @param {string} source */
  async function ask(city, source) {
    const before = await part("request").count();
    await page.getByRole("button", { name: city }).click();
    await part("request").nth(before).waitFor();
    const line = (await part("request").first().innerText()).replaceAll(/\s+/g, " ");
    if (!line.startsWith(`${city} ${source}`)) {
      throw new Error(`asked for ${city}, expected "${source}", the page says "${line}"`);
    }
    return line;
  }

  // The server renders the content of the table.
  await page.goto(url);
  await part("entry").first().waitFor();
  same(await part("entry").count(), (await table.rows()).length, "entries on the page");

  // Clear with the button of the page.
  await part("clear").click();
  await part("nothing").waitFor();
  same(await table.rows(), [], "rows after clear");

  // Computed and stored, then served from the cache.
  await ask("Lisbon", "computed");
  const row = await table.row(lisbon);
  checkTtl(row, 90);
  await ask("Lisbon", "from the table");

  // A row that was changed in the table is shown.
  const value = row.value.replace(/"high":\d+/, '"high":77');
  await table.replaceValue(row.key, value);
  await ask("Lisbon", "from the table");
  same(await part("forecast").getByText("77°").count(), 1, "the changed value on the page");
  await table.replaceValue(row.key, row.value);

  // After a reload, the entry is still there with its age and remaining time, and is still served.
  await page.reload();
  const entry = (await part("entry").first().innerText()).replaceAll(/\s+/g, " ");
  if (!/Lisbon\.json \d+ B \d+ s (1 min )?\d+ s$/.test(entry)) {
    throw new Error(`the entry on the page reads "${entry}"`);
  }
  await ask("Lisbon", "from the table");

  // Without the cache, nothing is stored.
  await part("use-cache").uncheck();
  await ask("Oslo", "computed");
  await part("use-cache").check();
  same((await table.rows()).length, 1, "rows after a request without the cache");

  await ask("Nairobi", "computed");
  await ask("Lima", "computed");
  await ask("Nairobi", "from the table");
  await ask("Lisbon", "from the table");
  if (screenshot) {
    await page.screenshot({ path: screenshot, fullPage: true });
  }
  await part("clear").click();
  await part("nothing").waitFor();
  same(await table.rows(), [], "rows after the second clear");
}
