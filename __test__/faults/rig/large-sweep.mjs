// Removes orphans and prints their number: node large-sweep.mjs '{ endpoint, table }'
import dynamoDbCacheDriver from "../../../index.mjs";
import { credentials, region } from "../../../scripts/lib/engine.mjs";

const given = JSON.parse(process.argv[2] ?? "{}");
const driver = dynamoDbCacheDriver({ ...given, region, credentials });
const { removed } = await driver.getInstance().sweep();
process.stdout.write(String(removed));
