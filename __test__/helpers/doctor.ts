// The tables on which the tests of `npx unstorage-dynamodb doctor` run it.
import { beforeAll } from "vitest";
import { useRecordedTable } from "./recorded";
import { useTable } from "./table";

/** Call in the body of a file: a table with TTL, and one with a key index whose TTL is for another attribute. */
export function useDoctorTables() {
  const { table, recorder } = useRecordedTable();
  const indexed = useTable({ index: "keys" });
  /** Neither engine lets TTL be changed again. */
  const enableTtl = (TableName: string, AttributeName: string) =>
    table.client.updateTimeToLive({
      TableName,
      TimeToLiveSpecification: { Enabled: true, AttributeName },
    });
  beforeAll(async () => {
    await enableTtl(table.name, "ttl");
    await enableTtl(indexed.name, "expires");
  });
  const given = (...more: string[]): string[] => [
    "--table",
    table.name,
    "--endpoint",
    recorder.endpoint,
    ...more,
  ];
  return { table, recorder, indexed, enableTtl, given };
}
