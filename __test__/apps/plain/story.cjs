// What each plain app does. It runs twice: the second process finds what the first one left.
module.exports = async function story(storage) {
  try {
    const before = await storage.getItem("visits:ada");
    await storage.setItem("visits:ada", "seen", { ttl: 120 });
    await storage.setItemRaw("visits:raw", new Uint8Array([0, 255]), { ttl: 120 });
    const raw = await storage.getItemRaw("visits:raw");
    const keys = await storage.getKeys("visits");
    const { ttl } = await storage.getMeta("visits:ada", { nativeOnly: true });
    const value = await storage.getItem("visits:ada");
    console.log(JSON.stringify({ before, value, raw: [...raw], keys: keys.sort(), ttl }));
  } catch (error) {
    // An app goes on without its cache.
    console.log(JSON.stringify({ code: error.code, message: error.message }));
  }
};
