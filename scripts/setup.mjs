// `npm run setup`: from a fresh clone to a tree in which everything runs.
import { setup } from "./lib/setup.mjs";
import { main } from "./lib/steps.mjs";

await main(() => setup());
