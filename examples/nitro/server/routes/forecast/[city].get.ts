import { defineHandler } from "nitro";
import { defineCachedFunction } from "nitro/cache";

/** Stands in for a slow computation whose result is the same for all users. */
async function computeForecast(city: string) {
  await new Promise((resolve) => setTimeout(resolve, 500));
  return { city, high: 8 + (city.length % 20), madeAt: new Date().toISOString() };
}

const forecast = defineCachedFunction(computeForecast, {
  name: "forecast",
  getKey: (city) => city,
  maxAge: 300,
  swr: false,
});

export default defineHandler((event) => forecast(event.context.params?.city ?? ""));
