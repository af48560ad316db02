import { createStorage } from "unstorage";
import dynamoDbCacheDriver from "unstorage-dynamodb";

// Created once per process, so that later invocations reuse its connections. A read and a write that both time out take two
// seconds, which is less than the function's own timeout (template.yaml).
const storage = createStorage({
  driver: dynamoDbCacheDriver({
    base: "forecast",
    expireIn: 3600,
    timeout: 1000,
    circuitBreaker: {},
  }),
});

/** Stands in for a slow computation. */
async function compute(city) {
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { city, high: 8 + (city.length % 20), madeAt: new Date().toISOString() };
}

// Without the cache, the function is slower but still responds.
const warn = (error) => void console.warn(error.message);

export async function handler(event) {
  const city = event.queryStringParameters?.city ?? "Oslo";
  let forecast = await storage.getItem(city).catch(warn);
  if (!forecast) {
    forecast = await compute(city);
    // Awaited, because Lambda freezes the process as soon as the handler returns.
    await storage.setItem(city, forecast, { ttl: 300 }).catch(warn);
  }
  return {
    statusCode: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(forecast),
  };
}
