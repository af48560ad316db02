import http from "node:http";
import { json } from "node:stream/consumers";
import { describe, expect, it } from "vitest";

import { listen } from "../../scripts/lib/listen.mjs";
import { startCounter } from "../lib/counter.mjs";

describe("the counter", () => {
  it("requests units if the client does not, and hides them from it", async () => {
    const seen: any[] = [];
    const engine = http.createServer(async (request, response) => {
      const asked: any = await json(request);
      seen.push(asked);
      const isBatch = request.headers["x-amz-target"] === "DynamoDB_20120810.BatchWriteItem";
      const units = { CapacityUnits: isBatch ? 3 : 0.5 };
      const reported = asked.ReturnConsumedCapacity
        ? { ConsumedCapacity: isBatch ? [units, units] : units }
        : {};
      response.end(JSON.stringify({ ok: true, ...reported }));
    });
    const counter = await startCounter(await listen(engine));
    const send = async (operation: string, body: object) => {
      const headers = { "x-amz-target": `DynamoDB_20120810.${operation}` };
      const init = { method: "POST", headers, body: JSON.stringify(body) };
      return (await fetch(counter.endpoint, init)).json();
    };
    try {
      expect(await send("GetItem", { TableName: "t" })).toEqual({ ok: true });
      expect(await send("BatchWriteItem", { RequestItems: {} })).toEqual({ ok: true });
      expect(await send("Scan", { ReturnConsumedCapacity: "INDEXES" })).toHaveProperty(
        "ConsumedCapacity",
      );
      await send("DescribeTable", {});
      expect(seen.map((asked) => asked.ReturnConsumedCapacity)).toEqual([
        "TOTAL",
        "TOTAL",
        "INDEXES",
        undefined,
      ]);
      expect(counter.totals()).toMatchObject({ requests: 4, readUnits: 1, writeUnits: 6 });
      counter.reset();
      expect(counter.totals()).toMatchObject({ requests: 0, sent: 0, received: 0, readUnits: 0 });
    } finally {
      counter.stop();
      engine.close();
    }
  });
});
