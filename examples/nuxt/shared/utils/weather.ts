export const cities = ["Lisbon", "Nairobi", "Oslo", "Osaka", "Lima"] as const;

/** The two cached functions, and how long their results are kept, in seconds. */
export const maxAges = { forecast: 90, climate: 600 };

export const kinds = Object.keys(maxAges) as Kind[];

export const isCity = (name: unknown): name is City => cities.includes(name as City);

export const isKind = (name: unknown): name is Kind => kinds.includes(name as Kind);
