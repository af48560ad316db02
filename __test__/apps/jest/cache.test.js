const { dynamoDbCacheDriver } = require("unstorage-dynamodb");

// The runner's environment points to a stand-in for production. This is what a set-up file would contain instead.
const local = JSON.parse(process.env.LOCAL);

async function story(base) {
  const driver = dynamoDbCacheDriver({ base });
  await driver.setItem("k", "seen");
  expect(await driver.getItem("k")).toBe("seen");
  await driver.dispose();
}

test("variables that are set", async () => {
  Object.assign(process.env, local);
  await story("set");
});

test("variables that are replaced", async () => {
  process.env = { ...local };
  await story("replaced");
});
