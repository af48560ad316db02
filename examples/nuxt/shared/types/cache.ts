export interface Units {
  readUnits: number;
  writeUnits: number;
}

export interface Answer extends Units {
  weather: Weather;
  source: "memory" | "table" | "computed";
  /** The time that the answer took on the server. */
  milliseconds: number;
}

export interface CacheEntry {
  key: string;
  kind: Kind;
  city: string;
  /** Bytes of the value, and of what the table holds. */
  size: number;
  storedSize: number;
  /** Seconds since it was written. */
  age: number;
  /** Seconds until it expires. */
  left: number;
}

/** What this process has used since it started. */
export interface Usage {
  cache: Units;
  /** The listings that show the page. */
  page: Units;
  /** At list prices, without the page's listings. */
  dollars: number;
  hits: number;
  misses: number;
}

export interface CacheReport {
  entries: CacheEntry[];
  usage: Usage;
}
