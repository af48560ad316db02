// `npm run test:dynamodb-local`: the JavaScript suites against AWS's own engine. Needs a JDK and Maven.
import { ensureDynamodbLocal } from "./lib/dynamodb-local.mjs";
import { runSuites, vitest } from "./lib/results.mjs";
import { setup } from "./lib/setup.mjs";
import { main } from "./lib/steps.mjs";

await main(async () => {
  await setup({ engine: false });
  await ensureDynamodbLocal();
  const env = { DYNAMODB_ENGINE: "dynamodb-local" };
  await runSuites([
    ["JavaScript on DynamoDB Local", () => vitest("driver", { report: "dynamodb-local", env })],
  ]);
});
