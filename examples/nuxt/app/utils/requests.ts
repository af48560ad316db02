export interface LoggedRequest extends Pick<Answer, "source" | "milliseconds"> {
  number: number;
  city: string;
  /** The request units that DynamoDB charges. */
  units: string;
}

/** Half a read unit per 4 KB. A miss also costs half a read unit, and one write unit per KB. */
export function unitsOf(source: Answer["source"], usesCache: boolean, size: number): string {
  if (!usesCache) return "nothing";
  const read = source === "table" ? 0.5 * Math.max(1, Math.ceil(size / 4096)) : 0.5;
  const written = source === "computed" ? ` + ${Math.max(1, Math.ceil(size / 1024))} write` : "";
  return `${read} read${written}`;
}
