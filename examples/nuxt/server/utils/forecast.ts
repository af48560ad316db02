const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** Stands in for a slow computation whose result is the same for all users. */
export async function computeForecast(city: string): Promise<Forecast> {
  await new Promise((resolve) => setTimeout(resolve, 800));
  const seed = [...city].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  const today = new Date().getDay() + 6;
  const days = Array.from({ length: 5 }, (_, day) => {
    const high = 8 + ((seed * 7 + day * day * 3) % 21);
    return { name: weekdays[(today + day) % 7]!, high, low: high - 4 - ((seed + day) % 5) };
  });
  return { city, days, madeAt: Date.now() };
}

export const cachedForecast = defineCachedFunction(computeForecast, {
  name: "forecast",
  getKey: (city) => city,
  maxAge: 90,
  swr: false,
});
