import { AsyncLocalStorage } from "node:async_hooks";
import { tracingChannel } from "node:diagnostics_channel";
import type { DynamoDbTrace } from "unstorage-dynamodb";

const requests = new AsyncLocalStorage<Promise<DynamoDbTrace>[]>();
const waiting = new WeakMap<object, () => void>();

const finish = (call: object) => waiting.get(call)?.();

// The driver publishes each call with the units that DynamoDB reported: docs/guide/tracing.md.
tracingChannel("unstorage-dynamodb:request").subscribe({
  start(call) {
    const ended = new Promise<DynamoDbTrace>((resolve) => {
      waiting.set(call, () => resolve(call as DynamoDbTrace));
    });
    requests.getStore()?.push(ended);
  },
  end(call) {
    // A call that fails before it returns has no `asyncEnd`.
    if ((call as DynamoDbTrace).error) finish(call);
  },
  asyncStart() {},
  asyncEnd: finish,
  error() {},
});

/** Runs `work` and returns what its calls of the driver cost, including a write that it does not wait for. */
export async function withCosts<T>(work: () => Promise<T>) {
  const pending: Promise<DynamoDbTrace>[] = [];
  const start = performance.now();
  const result = await requests.run(pending, work);
  const milliseconds = performance.now() - start;
  const calls = await Promise.all(pending);
  const sum = (unit: "readUnits" | "writeUnits") =>
    calls.reduce((total, call) => total + (call[unit] ?? 0), 0);
  return {
    result,
    milliseconds,
    calls: calls.length,
    readUnits: sum("readUnits"),
    writeUnits: sum("writeUnits"),
  };
}
