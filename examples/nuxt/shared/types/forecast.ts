export interface Forecast {
  city: string;
  /** Degrees Celsius of the next days. */
  days: { name: string; high: number; low: number }[];
  /** When it was computed, in milliseconds since 1970. */
  madeAt: number;
}

export interface Answer {
  forecast: Forecast;
  source: "computed" | "table";
  /** The time that the request took on the server. */
  milliseconds: number;
}

export interface CacheEntry {
  key: string;
  /** Bytes of the value. */
  size: number;
  /** Seconds since it was written. */
  age: number;
  /** Seconds until it expires. */
  left: number;
}
