// Long-running processes do not leak.
import { describe, expect, it } from "vitest";
import { faultsOf, leaks } from "./rig/leaks.mjs";

const operations = Number(process.env.FAULT_LEAK_OPERATIONS ?? 200_000);

describe("a long-running process", () => {
  it(`[case 43] ${operations} operations, half of them rejecting: no leaks`, async () => {
    const result = await leaks(operations);
    console.log(JSON.stringify(result));
    expect(faultsOf(result)).toEqual([]);
    expect(result.operations).toBeGreaterThanOrEqual(operations);
    const rejected = Object.values(result.rejected).reduce((sum: number, one: any) => sum + one, 0);
    expect(rejected).toBeGreaterThan(operations * 0.45);
    expect(result.resolved).toBeGreaterThan(operations * 0.45);
  }, 600_000);
});
