// The steps of each plain app. It runs twice, and the second process finds the data of the first.
module.exports = async function story(storage, dynamoDbCacheDriver) {
  try {
    const before = await storage.getItem("visits:ada");
    await storage.setItem("visits:ada", "seen", { ttl: 120 });
    await storage.setItemRaw("visits:raw", new Uint8Array([0, 255]), { ttl: 120 });
    const raw = await storage.getItemRaw("visits:raw");
    const keys = await storage.getKeys("visits");
    const { ttl } = await storage.getMeta("visits:ada", { nativeOnly: true });
    const value = await storage.getItem("visits:ada");
    const others = await rest(dynamoDbCacheDriver);
    console.log(
      JSON.stringify({ before, value, raw: [...raw], keys: keys.sort(), ttl, ...others }),
    );
  } catch (error) {
    // An app continues without its cache.
    console.log(JSON.stringify({ code: error.code, message: error.message }));
  }
};

/** Tests the driver's own methods, a credentials function, and a signal. */
async function rest(dynamoDbCacheDriver) {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = process.env;
  const driver = dynamoDbCacheDriver({
    base: "rest",
    credentials: async () => ({ accessKeyId, secretAccessKey }),
  });
  const items = Array.from({ length: 60 }, (_, index) => ({ key: `k${index}`, value: `${index}` }));
  await driver.setItems(items);
  const found = await driver.getItems(items);
  const many = found.filter(({ value }, index) => value === `${index}`).length;
  await driver.removeItem("k0");
  const removed = !(await driver.hasItem("k0")) && (await driver.hasItem("k1"));
  const aborted = await driver
    .getItem("k1", { signal: AbortSignal.abort() })
    .catch(({ code }) => code);
  await driver.clear("");
  const left = await driver.getKeys("");
  await driver.dispose();
  return { many, removed, aborted, left };
}
