const cities = new Set(["Lima", "Lisbon", "Nairobi", "Osaka", "Oslo"]);

export default defineEventHandler(async (event): Promise<Answer> => {
  const { city, cache } = getQuery(event);
  if (!cities.has(String(city))) {
    throw createError({ statusCode: 404, message: "There is no forecast for this city." });
  }
  const start = performance.now();
  const startedAt = Date.now();
  const forecast = await (cache === "off" ? computeForecast : cachedForecast)(String(city));
  return {
    forecast,
    source: forecast.madeAt < startedAt ? "table" : "computed",
    milliseconds: performance.now() - start,
  };
});
