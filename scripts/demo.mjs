// `npm run demo`: from a fresh clone to the driver at work on a real DynamoDB engine.
import { startEngine } from "./lib/engine.mjs";
import { setup } from "./lib/setup.mjs";
import { bold, green, main, step } from "./lib/steps.mjs";

// The AWS SDK, which only makes the table here, would warn about a Node that it will drop soon.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

await main(async () => {
  await setup();
  // Only now: before the set-up there was nothing to import.
  const { createTable, credentials, region } = await import("./lib/table.mjs");
  const { tellStory } = await import("./demo/story.mjs");

  const engine = await step("Starting DynamoDB", () => startEngine());
  try {
    const table = "demo";
    await step(`Creating the table "${table}" at ${engine.endpoint}`, () =>
      createTable(engine.endpoint, table),
    );
    await tellStory({ table, endpoint: engine.endpoint, region, credentials });
  } finally {
    await engine.stop();
  }
  console.log(`\n${green("✔")} ${bold("Everything above was checked, not only printed.")}`);
  console.log("  Next: `npm test`, or `npm run dynamodb` for an engine to play with.");
});
