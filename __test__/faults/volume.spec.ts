// Large tables: complete, within bounds of memory and connections, whatever happens on the way.
import { describe, expect, it } from "vitest";
import { literal } from "../helpers/child";
import { runCase } from "./helpers/case";
import { awsError, type Reply, type Seen, useEndpoint } from "../helpers/endpoint";

const endpoint = useEndpoint();

/** A table of keys that is made up as it is read: `total` of them, in pages, in segments. */
class MadeUpTable {
  deleted = new Set<string>();
  constructor(
    readonly total: number,
    readonly pageSize: number,
  ) {}

  key(n: number): string {
    return `key:${String(n).padStart(8, "0")}`;
  }

  scan({ request }: Seen): Reply {
    const { Segment = 0, TotalSegments = 1, ExclusiveStartKey } = request;
    const size = Math.ceil(this.total / TotalSegments);
    const [from, to] = [Segment * size, Math.min((Segment + 1) * size, this.total)];
    const start = ExclusiveStartKey ? Number(ExclusiveStartKey.key.S.slice(4)) + 1 : from;
    const end = Math.min(start + this.pageSize, to);
    const keys = Array.from({ length: Math.max(0, end - start) }, (_, n) => this.key(start + n));
    const Items = keys.filter((key) => !this.deleted.has(key)).map((key) => ({ key: { S: key } }));
    const last = end < to ? { LastEvaluatedKey: { key: { S: this.key(end - 1) } } } : {};
    return { body: { Items, Count: Items.length, ...last } };
  }

  remove({ request }: Seen): Reply {
    for (const one of request.RequestItems.cases) this.deleted.add(one.DeleteRequest.Key.key.S);
    return { body: {} };
  }
}

const memory = `const megabytes = () => process.memoryUsage().rss / 2 ** 20;`;

describe("getKeys", () => {
  it("[case 20] a million keys: each of them once, within 500 MB", async () => {
    const table = new MadeUpTable(1_000_000, 20_000);
    endpoint.script((seen) => table.scan(seen));
    const { reports } = await runCase(
      `${memory}
       const driver = make({ endpoint: ${literal(endpoint.endpoint)}, attemptTimeout: 60_000, timeout: 200_000 });
       const before = megabytes();
       const { value, error } = await settle(driver.getKeys(), 250_000);
       report([new Set(value).size, value?.length, Math.round(megabytes() - before), error ?? null]);`,
      // A million strings are made on this thread.
      { lagMs: 60_000, limitMs: 280_000 },
    );
    const [[distinct, length, grown, error]] = reports;
    expect(error).toBeNull();
    expect([distinct, length]).toEqual([1_000_000, 1_000_000]);
    expect(grown).toBeLessThan(500);
  });

  it("[case 20] pages that fail on the way are asked for again, never dropped", async () => {
    const table = new MadeUpTable(20_000, 100);
    let count = 0;
    endpoint.script((seen) => {
      count += 1;
      if (count % 5 === 0) return awsError("ThrottlingException");
      if (count % 7 === 0) return { status: 503, body: "" };
      if (count % 11 === 0) return { ...table.scan(seen), sent: 50, ending: "reset" };
      return table.scan(seen);
    });
    const { reports } = await runCase(
      `const driver = make({ endpoint: ${literal(endpoint.endpoint)}, maxAttempts: 10 });
       const { value } = await settle(driver.getKeys(), 100_000);
       report([new Set(value).size, value.length]);`,
      { limitMs: 120_000, lagMs: 500 },
    );
    expect(reports).toEqual([[20_000, 20_000]]);
  });

  it("[case 20] empty pages without end are an error once they do not advance", async () => {
    endpoint.script(({ request }) => {
      const at = Number(request.ExclusiveStartKey?.key.S ?? 0);
      return { body: { Items: [], LastEvaluatedKey: { key: { S: String(Math.min(at + 1, 7)) } } } };
    });
    const { reports } = await runCase(
      `const driver = make({ endpoint: ${literal(endpoint.endpoint)} });
       report([await settle(driver.getKeys(), 30_000), await settle(driver.clear(), 30_000)]);`,
    );
    for (const { error } of reports[0]) expect(error.code).toBe("ERR_DYNAMODB_RESPONSE");
  });
});

describe("clear", () => {
  it("[case 21] 100,000 rows: all of them, at most 50 connections, memory does not grow", async () => {
    const table = new MadeUpTable(100_000, 2000);
    endpoint.script((seen) => (seen.operation === "Scan" ? table.scan(seen) : table.remove(seen)));
    const { reports } = await runCase(
      `${memory}
       const driver = make({ endpoint: ${literal(endpoint.endpoint)}, timeout: 200_000 });
       const before = megabytes();
       const { value, error } = await settle(driver.clear(), 250_000);
       report([value ?? error, Math.round(megabytes() - before)]);`,
      { limitMs: 280_000 },
    );
    expect(reports[0][0]).toBe("undefined");
    expect(table.deleted.size).toBe(100_000);
    expect(endpoint.peak).toBeLessThanOrEqual(50);
    expect(reports[0][1]).toBeLessThan(100);
  });

  it("[case 21] a delete that fails for good is an error; repeating finishes the work", async () => {
    const table = new MadeUpTable(2000, 500);
    let isBroken = true;
    endpoint.script((seen, nth) => {
      if (seen.operation === "Scan") return table.scan(seen);
      if (isBroken && nth > 20) return awsError("InternalServerError", 500);
      return table.remove(seen);
    });
    const body = `
      const driver = make({ endpoint: ${literal(endpoint.endpoint)}, timeout: 5000 });
      const alive = setInterval(() => {}, 1000);
      const mended = new Promise((resolve) => process.once("SIGUSR2", resolve));
      report(await settle(driver.clear(), 30_000));
      await mended;
      clearInterval(alive);
      report(await settle(driver.clear(), 30_000));
    `;
    const { reports } = await runCase(body, {
      prepare: () => {
        isBroken = true;
        table.deleted.clear();
      },
      onReport: (report, child) => {
        if (!report.error) return;
        isBroken = false;
        child.kill("SIGUSR2");
      },
    });
    expect(reports[0].error.code).toBe("ERR_DYNAMODB_SERVICE");
    expect(reports[1].value).toBe("undefined");
    expect(table.deleted.size).toBe(2000);
  });
});
