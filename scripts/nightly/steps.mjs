// What takes too long for every change. Each step ends with `N passed, N failed`, or counts as one.

/**
 * @typedef {object} NightlyStep
 * @property {string} name
 * @property {number} minutes the committed budget, on two cores: a step that needs longer has failed
 * @property {string[]} command
 * @property {Record<string, string>} [env]
 * @property {import("../lib/tools.mjs").ToolName[]} [needs]
 */

const results = ".cache/results";
const rig = "__test__/faults/rig/main.mjs";
const npm = ["npm", "run", "--silent"];

/** @type {NightlyStep[]} */
export const nightlySteps = [
  { name: "models", minutes: 10, command: ["cargo", "test", "--package", "handoff-models"] },
  // A third of them each night: some 20 seconds a mutant.
  {
    name: "mutants",
    minutes: 150,
    command: [...npm, "test:mutants", "--", "--shard", `${new Date().getUTCDate() % 3}/3`],
  },
  {
    name: "soak",
    minutes: 40,
    command: ["node", rig, "soak", "--json", `${results}/soak.json`],
  },
  {
    name: "nothing lost, five seeds",
    minutes: 40,
    command: [
      "node",
      rig,
      "nothing-lost",
      ...["1", "2", "3", "4", "5"].flatMap((seed) => ["--seed", seed]),
      "--json",
      `${results}/nothing-lost.json`,
    ],
  },
  { name: "fuzzing", minutes: 60, command: ["node", "fuzz/run.mjs"], needs: ["cargo-fuzz"] },
  {
    name: "AddressSanitizer",
    minutes: 45,
    command: ["node", "__test__/memory/asan.mjs"],
    needs: ["AddressSanitizer's runtime"],
  },
  {
    name: "valgrind",
    minutes: 15,
    command: ["node", "__test__/memory/valgrind.mjs"],
    needs: ["valgrind"],
  },
  { name: "every app", minutes: 25, command: [...npm, "test:apps", "--", "--all"] },
];
