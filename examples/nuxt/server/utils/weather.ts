const climates: Record<City, { mean: number; year: number; day: number }> = {
  Lima: { mean: 19, year: -4, day: 3 },
  Lisbon: { mean: 17, year: 6, day: 4 },
  Nairobi: { mean: 18, year: -2, day: 6 },
  Osaka: { mean: 16, year: 12, day: 4 },
  Oslo: { mean: 6, year: 11, day: 3 },
};
const hour = 3_600_000;
const day = 24 * hour;

/** Stands in for a slow computation whose result is the same for all users. */
export async function computeWeather(kind: Kind, city: City): Promise<Weather> {
  await new Promise((resolve) => setTimeout(resolve, 800));
  const today = Math.floor(Date.now() / day) * day;
  const year = Date.UTC(new Date().getUTCFullYear(), 0);
  const times =
    kind === "forecast"
      ? Array.from({ length: 5 * 24 }, (_, index) => today + index * hour)
      : Array.from({ length: 365 }, (_, index) => year + index * day + 12 * hour);
  return { city, kind, readings: times.map((time) => reading(city, time)), madeAt: Date.now() };
}

function reading(city: City, time: number): Reading {
  const { mean, year, day: daily } = climates[city];
  const season = Math.cos((2 * Math.PI * (time / day - 20)) / 365.25);
  const hours = Math.cos((2 * Math.PI * (time / hour - 15)) / 24);
  const front = Math.sin(time / (5.3 * day) + mean) + Math.sin(time / (2.1 * day) + year);
  const noise = Math.abs(Math.sin(time / hour + mean) * 1000) % 1;
  const rounded = (value: number) => Math.round(value * 10) / 10;
  return {
    at: new Date(time).toISOString().slice(0, 16),
    temperature: rounded(mean - year * season + daily * hours + front * 1.5 + noise),
    rain: rounded(Math.max(0, front * -2 + noise - 1)),
    wind: rounded(9 + front * 4 + noise * 3),
  };
}

const cached = (kind: Kind) =>
  defineCachedFunction((city: City) => computeWeather(kind, city), {
    name: kind,
    getKey: (city) => city,
    maxAge: maxAges[kind],
    swr: false,
  });

export const cachedWeather = { forecast: cached("forecast"), climate: cached("climate") };
