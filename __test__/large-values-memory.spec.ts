// The memory that large values take.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, inject, it } from "vitest";
import { useTable } from "./helpers/table";

const script = fileURLToPath(new URL("memory/large-value.mjs", import.meta.url));
const figures: Record<string, number> = {};
afterAll(() => console.log(JSON.stringify(figures)));

describe.runIf(process.platform === "linux")("a value of 8 MiB", () => {
  const table = useTable();
  const kinds = ["text", "bytes"].flatMap((kind) =>
    [false, "gzip"].map((compression) => ({ kind, compression })),
  );

  it.each(kinds)(
    "[BIG-13] takes at most three times its size: $kind, $compression",
    async (given) => {
      for (const does of ["write", "read"]) {
        const parameters = JSON.stringify({
          endpoint: inject("endpoint"),
          table: table.name,
          does,
          ...given,
        });
        const { stdout } = await promisify(execFile)(process.execPath, [
          "--expose-gc",
          script,
          parameters,
        ]);
        figures[`${does} ${given.kind} ${given.compression}`] = Number(stdout);
        expect(Number(stdout)).toBeGreaterThan(0);
        expect(Number(stdout)).toBeLessThanOrEqual(3);
      }
    },
  );
});
