// `npm run demo`: sets up a fresh clone and shows the driver on a real DynamoDB engine.
import { credentials, region, startEngine } from "./lib/engine.mjs";
import { setup } from "./lib/setup.mjs";
import { bold, green, main, step } from "./lib/steps.mjs";

await main(async () => {
  await setup();
  // Imported late, because it does not exist before the set-up.
  const { tellStory } = await import("./demo-story.mjs");

  const engine = await step("Starting DynamoDB", () => startEngine());
  try {
    await tellStory({ table: "demo", endpoint: engine.endpoint, region, credentials });
  } finally {
    await engine.stop();
  }
  console.log(`\n${green("✔")} ${bold("Everything above was checked, not only printed.")}`);
  console.log("  Next: `npm test`, or `npm run dynamodb` for an engine to play with.");
});
