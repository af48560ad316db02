// The generated blocks of README.md and docs/BENCHMARKS.md.
import { priceDate } from "../bill.mjs";
import { rowsOf, short } from "../screen.mjs";
import { inWords, withUnit } from "./charts.mjs";

/** @typedef {import("../alternate.mjs").Outcome} Outcome */
/** @typedef {import("../scenarios.mjs").Contestant} Contestant */

/**
 * Replaces the text between the marks `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`.
 *
 * @param {string} document
 * @param {Record<string, string>} blocks
 */
export function withBlocks(document, blocks) {
  return Object.entries(blocks).reduce((text, [name, block]) => {
    const pattern = new RegExp(`(<!-- bench:${name} -->\n).*(<!-- /bench:${name} -->)`, "s");
    if (!pattern.test(text)) {
      throw new Error(`there is no <!-- bench:${name} --> … <!-- /bench:${name} -->`);
    }
    return text.replace(pattern, (_, start, end) => `${start}${block}\n${end}`);
  }, document);
}

/** @param {string[][]} rows the first one is the header */
function table([header = [], ...rows]) {
  const lines = header.map((_, index) => (index === 0 ? "---" : "---:"));
  return [header, lines, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** @param {{ date: string, commit: { id: string, isClean: boolean } }} run */
const when = ({ date, commit: { id, isClean } }) =>
  `${date.slice(0, 10)}, commit \`${id.slice(0, 12)}\`${isClean ? "" : ", with changes that are not committed"}`;

/**
 * The runs and machines that figures of these scenarios come from.
 *
 * @param {any} result
 * @param {string[]} names
 */
export function takenOn({ again, outcomes, ...full }, names) {
  const runs = names
    .filter((name) => outcomes[name])
    .map((name) => {
      const { machine, ...run } = again?.[name] ?? full;
      const { processor, processors, node } = machine ?? {};
      return machine
        ? `${when(run)}, ${processor}, ${processors} processors, Node ${node}`
        : when(run);
    });
  return [...new Set(runs)].join("; ");
}

/** @param {any} result */
export function runBlock({ date, commit, command, machine, versions, rounds, seconds }) {
  const gigabytes = (machine.memory / 1024 ** 3).toFixed(0);
  const others = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `- **When**: ${when({ date, commit })}. Scenarios that were run again since say so below.`,
    `- **Command**: \`${command}\`, ${rounds} rounds of most scenarios, ${Math.round(seconds / 60)} min of measuring.`,
    `- **Machine**: ${machine.processor}, ${machine.processors} processors, ${gigabytes} GB, ${machine.system}, ${machine.architecture}.`,
    `- **Versions**: Node ${machine.node}, ${machine.rust}, ${others.join(", ")}.`,
  ].join("\n");
}

/** @param {import("../targets.mjs").Verdict[]} verdicts @param {string} taken on which run */
export function targetsBlock(verdicts, taken) {
  const mark = (/** @type {boolean} */ met) => (met ? "met" : "**not met**");
  const rows = verdicts.map((one) => [one.title, one.wanted, one.reached, mark(one.met)]);
  return `${table([["", "target", "reached", ""], ...rows])}\n\nMeasured: ${taken}.`;
}

/** @param {string} title @param {Outcome} outcome @param {string[]} metrics @param {string} taken on which run */
export function outcomeTable(title, outcome, metrics, taken) {
  const small = (/** @type {string} */ text) => `<sub>${text}</sub>`;
  const strong = (/** @type {string} */ text) => `**${text}**`;
  return `#### ${title}\n\n${table(rowsOf(outcome, metrics, { small, strong }))}\n\n${small(taken)}`;
}

/** The three figures and the chart of the README. @param {any} result */
export function readmeBlock(result) {
  /** @type {{ outcomes: Record<string, Outcome> }} */
  const { outcomes } = result;
  const { nitro, "getItem-1KB-64": read, cold } = outcomes;
  const both = (/** @type {Outcome | undefined} */ outcome, /** @type {string} */ metric) =>
    [outcome?.driver, outcome?.reference]
      .map((figures) => withUnit(figures?.[metric]?.median ?? Number.NaN, metric))
      .join(" instead of ");
  return [
    `- **${inWords(nitro, "throughput")} requests** from a cached route of Nitro: ${both(nitro, "throughput")}; p99 ${both(nitro, "p99")}`,
    `- **${inWords(read, "main")} event loop time** for a read of 1 KB: ${both(read, "main")}`,
    `- **${inWords(cold, "wall", "faster")} from import to the first answer**: ${both(cold, "wall")}`,
    "",
    "![Bar chart: this driver and the one it replaces](docs/bench/overview.svg)",
    "",
    "Both drivers ran on one machine against one local engine, in the same run: [docs/BENCHMARKS.md](docs/BENCHMARKS.md).",
    `Measured: ${takenOn(result, ["nitro", "getItem-1KB-64", "cold"])}.`,
  ].join("\n");
}

/** What the README says of those who take part in the comparison of reads. @type {[Contestant, string][]} */
const readers = [
  ["driver", "this package"],
  ["reference", "AWS's SDK for JavaScript, in the driver that it replaces"],
  ["@aws-lite/dynamodb", "a smaller client, with retries"],
  ["lean", "100 lines over `undici`: no retries, deadlines, renewals, expiry"],
  ["aws-sdk-dynamodb (Rust)", "AWS's SDK for Rust, without JavaScript"],
  ["hyper-util (Rust)", "its pooled client: nothing but signed requests"],
  ["floor", "the same over bare connections: the lower limit"],
];

/** The price of a read with each client, in the README. @param {any} result */
export function clientsBlock(result) {
  const name = "getItem-1KB-64";
  /** @type {Outcome} */
  const outcome = result.outcomes[name] ?? {};
  if (!outcome.lean) {
    return "";
  }
  const rows = readers.flatMap(([contestant, what]) => {
    const { cpu, main } = outcome[contestant] ?? {};
    const inLoop = main ? withUnit(main.median, "main") : "–";
    return cpu ? [[contestant, withUnit(cpu.median, "cpu"), inLoop, what]] : [];
  });
  return [
    "### The price of a read with other clients",
    "",
    "A read of 1 KB with 64 in flight:",
    "",
    table([["", "processor time", "event loop", "what it is"], ...rows]),
    "",
    `Measured: ${takenOn(result, [name])}.`,
  ].join("\n");
}

/** The jobs whose prices the README shows. */
const priced = [
  ["html-20KB", "HTML, 20 KB"],
  ["hot", "hot page, 20 KB"],
  ["sessions", "sessions"],
  ["list-10000", "`getKeys`, 10,000 pages"],
];

const others = new Set(["@keyv/dynamo", "bentocache"]);

/** What a month costs with each driver, in the README. @param {any} result */
export function billBlock(result) {
  /** @type {{ outcomes: Record<string, Outcome> }} */
  const { outcomes } = result;
  const columns = priced.map(([job, title = ""]) => ({ title, outcome: outcomes[`bill-${job}`] }));
  // Caches of other kinds are in docs/BENCHMARKS.md.
  const payers = Object.keys(columns[0]?.outcome ?? {}).filter((payer) => !others.has(payer));
  if (payers.length === 0) {
    return "";
  }
  const rows = payers.map((payer) => {
    const cells = columns.map(({ outcome }) => {
      const dollars = /** @type {any} */ (outcome)?.[payer]?.dollars;
      return dollars ? `$${short(dollars.median)}` : "–";
    });
    return [payer].concat(cells);
  });
  return [
    "### DynamoDB's bill for the same work",
    "",
    "Dollars per month for 100 requests per second, of which 3 % also write, and for one listing per minute. Units as the",
    `local engine reports them, [list prices](docs/guide/costs.md#a-month-in-dollars) of ${priceDate}.`,
    "",
    table([["", ...columns.map(({ title }) => title)], ...rows]),
    "",
    "The hot page is read by 50 callers at the same moment. More jobs and packages:",
    `[docs/BENCHMARKS.md](docs/BENCHMARKS.md#the-bill). Measured: ${takenOn(
      result,
      priced.map(([job]) => `bill-${job}`),
    )}.`,
  ].join("\n");
}
