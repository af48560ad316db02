// `npm run dynamodb`: runs a real DynamoDB engine until Ctrl-C.
import { once } from "node:events";
import { parseArgs } from "node:util";

import { ensureDynamodbLocal } from "./lib/dynamodb-local.mjs";
import { credentials, region, startEngine } from "./lib/engine.mjs";
import { setup } from "./lib/setup.mjs";
import { bold, Failure, main, step } from "./lib/steps.mjs";
import { createTable } from "./lib/table.mjs";

const usage = `Usage: npm run dynamodb [-- --port N] [--local] [--table NAME]

  --port N      listen on this port of 127.0.0.1 (default: a free one)
  --local       AWS's DynamoDB Local in place of dynoxide (needs a JDK and Maven)
  --table NAME  the table to create (default: cache)`;

await main(async () => {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "0" },
      local: { type: "boolean", default: false },
      table: { type: "string", default: "cache" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { local, table, help } = values;
  const port = Number(values.port);
  if (help) {
    console.log(usage);
    return;
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Failure(`--port takes a number from 0 to 65535, not "${values.port}"\n\n${usage}`);
  }
  await setup({ engine: !local, addon: false });
  if (local) {
    await ensureDynamodbLocal();
  }
  const engine = await step("Starting DynamoDB", () =>
    startEngine(local ? "dynamodb-local" : "dynoxide", { port }),
  );
  await createTable(engine.endpoint, table);

  console.log(`
${bold(engine.endpoint)}
${local ? "DynamoDB Local" : "dynoxide"}, in memory, with an empty table "${table}". Ctrl-C stops it and forgets everything.

In another terminal:

  export AWS_ENDPOINT_URL_DYNAMODB=${engine.endpoint}
  export AWS_REGION=${region} AWS_ACCESS_KEY_ID=${credentials.accessKeyId} AWS_SECRET_ACCESS_KEY=${credentials.secretAccessKey}

and then, with the driver reading all that from the environment:

  const storage = createStorage({ driver: dynamoDbCacheDriver({ table: "${table}" }) });
`);
  const signals = ["SIGINT", "SIGTERM"].map((signal) => once(process, signal));
  // Neither once() nor the engine keeps the process alive.
  const keepAlive = setInterval(() => {}, 60_000);
  const [reason] = await Promise.race([...signals, engine.exited.then(() => ["exited"])]);
  clearInterval(keepAlive);
  if (reason === "exited") {
    throw new Failure("The engine stopped by itself.");
  }
  await engine.stop();
});
