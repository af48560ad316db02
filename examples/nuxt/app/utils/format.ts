const digits = (value: number) => (value < 1 ? 2 : value < 10 ? 1 : 0);

export const asMilliseconds = (value?: number) =>
  value === undefined ? "–" : `${value.toFixed(digits(value))} ms`;

export const asSeconds = (value: number) =>
  value < 60
    ? `${Math.floor(value)} s`
    : `${Math.floor(value / 60)} min ${Math.floor(value % 60)} s`;

export const asSize = (bytes: number) =>
  bytes < 1024 ? `${bytes}\u00a0B` : `${(bytes / 1024).toFixed(1)}\u00a0KB`;

/** Two decimals, or two digits of what is less than a cent. */
export const asDollars = (value: number) =>
  value >= 0.01 || value === 0
    ? `$${value.toFixed(2)}`
    : `$${value.toLocaleString("en", { maximumSignificantDigits: 2 })}`;

export function asUnits({ readUnits, writeUnits }: Units): string {
  const parts = [readUnits && `${readUnits} read`, writeUnits && `${writeUnits} write`];
  return parts.filter(Boolean).join(" + ") || "nothing";
}

export const asPercent = (part: number, whole: number) =>
  whole > 0 ? `${Math.round((part / whole) * 100)} %` : "–";

export const sourceNames = {
  memory: "from memory",
  table: "from the table",
  computed: "computed",
} satisfies Record<Answer["source"], string>;
