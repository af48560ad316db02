export type City = (typeof cities)[number];
export type Kind = keyof typeof maxAges;

export interface Reading {
  /** In ISO 8601, without a time zone: that of the city. */
  at: string;
  /** Degrees Celsius. */
  temperature: number;
  /** Millimetres. */
  rain: number;
  /** Kilometres per hour. */
  wind: number;
}

export interface Weather {
  city: City;
  kind: Kind;
  readings: Reading[];
  /** When it was computed, in milliseconds since 1970. */
  madeAt: number;
}
