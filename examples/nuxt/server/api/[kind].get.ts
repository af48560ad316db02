export default defineEventHandler(async (event): Promise<Answer> => {
  const kind = getRouterParam(event, "kind");
  const { city, cache } = getQuery(event);
  if (!isKind(kind) || !isCity(city)) {
    throw createError({ statusCode: 404, message: "There is no weather for this city." });
  }
  const startedAt = Date.now();
  const compute =
    cache === "off" ? () => computeWeather(kind, city) : () => cachedWeather[kind](city);
  const { result: weather, milliseconds, calls, readUnits, writeUnits } = await withCosts(compute);
  // The near cache answers without a call.
  const kept = calls === 0 ? "memory" : "table";
  const source = weather.madeAt < startedAt ? kept : "computed";
  return { weather, source, milliseconds, readUnits, writeUnits };
});
