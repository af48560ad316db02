import { createStorage } from "unstorage";
import dynamoDbCacheDriver from "unstorage-dynamodb";

// Once per process, not per call: the connections are used again by the next invocation.
const storage = createStorage({
  driver: dynamoDbCacheDriver({ base: "forecast", expireIn: 3600 }),
});

/** Stands for what is worth caching. */
async function compute(city) {
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { city, high: 8 + (city.length % 20), madeAt: new Date().toISOString() };
}

// Without its cache the function is slow, but answers.
const warn = (error) => void console.warn(error.message);

export async function handler(event) {
  const city = event.queryStringParameters?.city ?? "Oslo";
  let forecast = await storage.getItem(city).catch(warn);
  if (!forecast) {
    forecast = await compute(city);
    // Awaited: Lambda freezes the process as soon as there is an answer.
    await storage.setItem(city, forecast, { ttl: 300 }).catch(warn);
  }
  return {
    statusCode: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(forecast),
  };
}
