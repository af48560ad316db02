// The memory that large values take.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, inject, it } from "vitest";
import { credentials, useTable } from "./helpers/table";

const script = fileURLToPath(new URL("memory/large-value.mjs", import.meta.url));
const figures: Record<string, number> = {};
afterAll(() => console.log(JSON.stringify(figures)));

describe.runIf(process.platform === "linux")("a value of 8 MiB", () => {
  const table = useTable();
  const kinds = ["text", "bytes"].flatMap((kind) =>
    [false, "gzip"].map((compression) => ({ kind, compression })),
  );

  /** The growth of the peak in a new process, relative to the value. */
  async function growth(given: object): Promise<number> {
    const parameters = JSON.stringify({
      endpoint: inject("endpoint"),
      table: table.name,
      credentials,
      ...given,
    });
    const command = ["--expose-gc", script, parameters];
    const { stdout } = await promisify(execFile)(process.execPath, command);
    expect(Number(stdout)).toBeGreaterThan(0);
    return Number(stdout);
  }

  it.each(kinds)(
    "[BIG-13] takes at most three times its size: $kind, $compression",
    async (given) => {
      for (const does of ["write", "read"]) {
        // The best of three, because V8 may let its heap grow meanwhile.
        let least = Infinity;
        for (let attempt = 0; attempt < 3 && least > 3; attempt += 1) {
          least = Math.min(least, await growth({ does, ...given }));
        }
        figures[`${does} ${given.kind} ${given.compression}`] = least;
        expect(least).toBeLessThanOrEqual(3);
      }
    },
  );
});
