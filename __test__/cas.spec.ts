// Conditional writes. The driver methods of one test share no state except the table, as those of different processes.
import { createStorage } from "unstorage";
import { expect, it, vi } from "vitest";
import { DynamoDbError } from "../index.mjs";
import { documentedExamples } from "./helpers/documented.mjs";
import { expectShape, failureOf } from "./helpers/failure";
import { serviceError, useRecorder } from "./helpers/recorder";
import { engineOptions, type Row, useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();
const attributes = { etag: "etag" };
const tagged = (options = {}) => table.driver({ attributes, ...options });
const behindRecorder = (options = {}) => tagged({ endpoint: recorder.endpoint, ...options });
const mismatch = (promise: Promise<unknown>) =>
  failureOf(promise).then((error) => {
    expectShape(error, error.operation, table.name);
    expect(error).toMatchObject({ code: "ERR_CAS_MISMATCH", retryable: false });
    return error;
  });

const states: [name: string, row: Row | undefined, isLive: boolean, etag?: string][] = [
  ["no row", undefined, false],
  ["etag a", { value: { S: "old" }, etag: { S: "a" } }, true, "a"],
  ["etag b", { value: { S: "old" }, etag: { S: "b" } }, true, "b"],
  ["no etag", { value: { S: "old" } }, true],
  ["an etag that is a number", { value: { S: "old" }, etag: { N: "1" } }, true],
  ["expiring", { value: { S: "old" }, etag: { S: "a" }, ttl: { N: "4000000000" } }, true, "a"],
  ["expired", { value: { S: "old" }, etag: { S: "a" }, ttl: { N: "1" } }, false, "a"],
  ["a ttl of text", { value: { S: "old" }, etag: { S: "a" }, ttl: { S: "1" } }, true, "a"],
  ["no value", { etag: { S: "a" } }, false, "a"],
];
const matchers = [undefined, "*", "a"];

it.each(states)(
  "[CAS-1] [CAS-5] [CAS-10] conditions on an item with %s",
  async (name, row, isLive, etag) => {
    const matches = (matcher: string) => isLive && (matcher === "*" || matcher === etag);
    const driver = tagged();
    for (const method of ["setItem", "setItemRaw", "removeItem"] as const) {
      for (const ifMatch of matchers) {
        for (const ifNoneMatch of method === "removeItem" ? [undefined] : matchers) {
          const key = [name, method, ifMatch, ifNoneMatch].join();
          if (row) await table.putRow(key, row);
          const isMet = (!ifMatch || matches(ifMatch)) && (!ifNoneMatch || !matches(ifNoneMatch));
          const options = { ifMatch, ifNoneMatch } as { ifMatch: string };
          const written =
            method === "removeItem"
              ? driver.removeItem(key, { ifMatch })
              : driver[method](key, "new", options);
          if (isMet) {
            const result: any = await written;
            const stored = await table.getRow(key);
            if (method === "removeItem") expect(stored, key).toBeUndefined();
            else
              expect(stored, key).toMatchObject({ value: { S: "new" }, etag: { S: result.etag } });
          } else {
            expect((await mismatch(written)).key).toBe(key);
            expect(await table.getRow(key), key).toEqual(row && { key: { S: key }, ...row });
          }
        }
      }
    }
  },
);

it("[CAS-2] of 50 concurrent writes with one condition, one succeeds, with one request each", async () => {
  const drivers = Array.from({ length: 5 }, () => behindRecorder());
  const writers = Array.from({ length: 50 }, (_, index) => drivers[index % 5]!);
  let ifMatch: string | undefined;
  for (let round = 0; round < 4; round += 1) {
    const options = ifMatch ? { ifMatch } : { ifNoneMatch: "*" };
    const results = await Promise.allSettled(
      writers.map((driver, index) => driver.setItem("contended", `${index}`, options)),
    );
    const [winner, ...others] = results.filter((result) => result.status === "fulfilled");
    expect(others).toEqual([]);
    ifMatch = winner!.value!.etag;
    const index = results.indexOf(winner!);
    expect(await drivers[0]!.getItem("contended", { consistentRead: true })).toBe(`${index}`);
  }
  expect(recorder.of("PutItem")).toHaveLength(200);
  expect(new Set(recorder.operations())).toEqual(new Set(["PutItem", "GetItem"]));
});

it("[CAS-3] every write stores a new etag, which the result and getMeta contain", async () => {
  const driver = tagged();
  const etags = new Set<unknown>();
  const stored = async (key: string) => {
    const row = await table.getRow(key);
    expect(row?.["etag"]?.S).toMatch(/^[0-9a-f]{24}$/);
    expect(await driver.getMeta(key, { consistentRead: true })).toMatchObject({
      etag: row?.["etag"]?.S,
    });
    etags.add(row?.["etag"]?.S);
    return row?.["etag"]?.S;
  };
  expect(await driver.setItem("k", "v")).toEqual({ etag: await stored("k") });
  expect(await driver.setItem("k", "v")).toEqual({ etag: await stored("k") });
  expect(await driver.setItemRaw("k", Buffer.from("v"))).toEqual({ etag: await stored("k") });
  await driver.setItems([
    { key: "k", value: "v" },
    { key: "l", value: "w" },
  ]);
  await Promise.all([stored("k"), stored("l")]);
  expect(etags.size).toBe(5);
});

it("[CAS-5] getMeta contains an etag of other code only if a condition can name it", async () => {
  const driver = tagged();
  const stored = { value: { S: "v" } };
  for (const etag of ["", "*", "x".repeat(1025)]) {
    await table.putRow("foreign", { ...stored, etag: { S: etag } });
    expect(await driver.getMeta("foreign", { consistentRead: true })).toEqual({ size: 1 });
  }
  for (const etag of ['"a"', 'W/"a, b"', " ", "\0", "é😀", "**", "x".repeat(1024)]) {
    await table.putRow("foreign", { ...stored, etag: { S: etag } });
    const meta = await driver.getMeta("foreign", { consistentRead: true });
    expect(meta?.etag).toBe(etag);
    await mismatch(driver.setItem("foreign", "w", { ifNoneMatch: etag }));
    await driver.setItem("foreign", "w", { ifMatch: etag });
  }
});

it("[CAS-3] [API-14] without `attributes.etag`, nothing is stored, and `*` works", async () => {
  const driver = table.driver();
  expect(driver.flags).toBeUndefined();
  expect(tagged().flags).toEqual({ cas: true });
  expect(table.driver({ attributes: { etag: "" } }).flags).toBeUndefined();
  expect(await driver.setItem("plain", "v", { ifNoneMatch: "*" })).toBeUndefined();
  expect(await table.getRow("plain")).toEqual({ key: { S: "plain" }, value: { S: "v" } });
  await mismatch(driver.setItem("plain", "w", { ifNoneMatch: "*" }));
  await driver.setItemRaw("plain", "w", { ifMatch: "*" });
  expect(await driver.getMeta("plain")).toEqual({ size: 1 });
  await driver.removeItem("plain", { ifMatch: "*" });
  await mismatch(driver.removeItem("plain", { ifMatch: "*" }));
});

it("[CAS-4] invalid conditions are refused before anything is sent", async () => {
  const driver = behindRecorder();
  for (const invalid of [null, "", 1, true, {}, "\ud800", "x".repeat(1025), Symbol("a")]) {
    for (const name of ["ifMatch", "ifNoneMatch"]) {
      const error = await failureOf(driver.setItem("k", "v", { [name]: invalid } as any));
      expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_ARGUMENT", key: "k" });
      expect(error.message).toContain(`\`${name}\` must be an etag, a string of 1 to 1024 bytes`);
    }
    const error = await failureOf(driver.removeItem("k", { ifMatch: invalid } as any));
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_ARGUMENT" });
  }
  const plain = table.driver({ endpoint: recorder.endpoint });
  for (const call of [
    plain.setItem("k", "v", { ifMatch: "a" }),
    plain.setItemRaw("k", "v", { ifNoneMatch: "a" }),
    plain.removeItem("k", { ifMatch: "a" }),
  ]) {
    const error = await failureOf(call);
    expect(error).toBeInstanceOf(DynamoDbError);
    expect(error.code).toBe("ERR_CAS_UNSUPPORTED");
    expect(error.message).toContain("`attributes.etag`");
  }
  expect(recorder.exchanges).toEqual([]);
});

it("[CAS-8] removeItem refuses ifNoneMatch, and no item meets ifMatch under an impossible key", async () => {
  const driver = behindRecorder();
  const error = await failureOf(driver.removeItem("k", { ifNoneMatch: "*" } as any));
  expect(error.code).toBe("ERR_DYNAMODB_INVALID_ARGUMENT");
  await driver.removeItem("");
  await mismatch(driver.removeItem("", { ifMatch: "*" }));
  expect(recorder.exchanges).toEqual([]);
});

it("[CAS-9] setItems refuses conditions and names every key", async () => {
  const driver = behindRecorder();
  const items = [
    { key: "a", value: "v" },
    { key: "b", value: "v" },
  ];
  const calls: [any[], any?][] = [
    [items, { ifMatch: "*" }],
    [items, { ifNoneMatch: null }],
    [[items[0]!, { ...items[1], options: { ifNoneMatch: "*" } }]],
  ];
  for (const [list, common] of calls) {
    const error = await failureOf(driver.setItems(list, common));
    expect(error).toMatchObject({ code: "ERR_DYNAMODB_INVALID_ARGUMENT", keys: ["a", "b"] });
    expect(error.message).toContain("call setItem for each item");
  }
  expect(recorder.exchanges).toEqual([]);
});

it("[CAS-6] a lost response of a write that was executed is a success", async () => {
  const driver = behindRecorder();
  recorder.spoil((_, nth) => (nth === 1 ? "lose" : undefined));
  const created = await driver.setItem("lost", "v", { ifNoneMatch: "*" });
  expect(created).toEqual({ etag: (await table.getRow("lost"))?.["etag"]?.S });
  expect(recorder.operations()).toEqual(["PutItem", "PutItem"]);
  recorder.forget();
  const swapped = await driver.setItem("lost", "w", { ifMatch: created!.etag });
  expect(swapped).toEqual({ etag: (await table.getRow("lost"))?.["etag"]?.S });
  expect(recorder.operations()).toEqual(["PutItem", "PutItem"]);
  expect(driver.getInstance().stats()).toMatchObject({ errors: 0, itemsWritten: 2 });
});

const unknown = { code: "ERR_DYNAMODB_OUTCOME_UNKNOWN", retryable: false };

it("[CAS-6] after a lost response, an unmet condition is not a mismatch", async () => {
  // Without an etag, the stored item may be that of another writer.
  const plain = table.driver({ endpoint: recorder.endpoint });
  recorder.spoil((_, nth) => (nth === 1 ? "lose" : undefined));
  const error = await failureOf(plain.setItem("unknown", "v", { ifNoneMatch: "*" }));
  expect(error).toMatchObject({ ...unknown, key: "unknown" });
  expect(error.$metadata).toMatchObject({ attempts: 2, httpStatusCode: 400 });

  recorder.forget();
  expect(await failureOf(plain.removeItem("unknown", { ifMatch: "*" }))).toMatchObject(unknown);
  expect(await table.getRow("unknown")).toBeUndefined();
});

it.each([
  "lose",
  serviceError("InternalServerError", "oops", 500),
  { silent: true, ending: "reset" },
] as const)(
  "[CAS-6] the item of another writer after an attempt without a response (%j) leaves the outcome open",
  async (fault) => {
    const driver = behindRecorder();
    await table.putRow("raced", { value: { S: "v" }, etag: { S: "a" } });
    recorder.spoil((_, nth) => {
      if (nth > 1) return undefined;
      recorder.hold();
      return fault;
    });
    const write = failureOf(driver.setItem("raced", "w", { ifMatch: "a" }));
    await expect.poll(() => recorder.exchanges.length).toBe(2);
    await table.putRow("raced", { value: { S: "x" }, etag: { S: "b" } });
    recorder.release();
    expect(await write).toMatchObject(unknown);
  },
);

it.each([
  serviceError("ThrottlingException", "slow"),
  serviceError("ProvisionedThroughputExceededException", "slow"),
])("[CAS-6] after an attempt that was certainly refused, a mismatch is one", async (refusal) => {
  const driver = behindRecorder();
  await table.putRow("refused", { value: { S: "v" }, etag: { S: "a" } });
  recorder.spoil((_, nth) => (nth === 1 ? refusal : undefined));
  const error = await mismatch(driver.setItem("refused", "w", { ifNoneMatch: "*" }));
  expect(error.$metadata.attempts).toBe(2);
});

it("[CAS-6] a large stored item in the response to an unmet condition is read", async () => {
  const driver = behindRecorder();
  await driver.setItem("large", '"'.repeat(400_000));
  const error = await mismatch(driver.setItem("large", "v", { ifNoneMatch: "*" }));
  expect(error.$metadata.attempts).toBe(1);
  recorder.forget();
  recorder.spoil((_, nth) => (nth === 1 ? "lose" : undefined));
  expect(await driver.setItem("large", "\u0001".repeat(400_000), { ifMatch: "*" })).toBeDefined();
});

it("[CAS-7] a session that slides its expiry stays removed after a logout", async () => {
  const driver = table.driver();
  const [handler, other] = [createStorage({ driver }), createStorage({ driver: table.driver() })];
  await handler.setItem("session", { user: "ada" }, { ttl: 60 });
  const session = await handler.getItem<object>("session");
  await other.removeItem("session");
  await mismatch(handler.setItem("session", session!, { ttl: 60, ifMatch: "*" }));
  expect(await handler.hasItem("session")).toBe(false);
  await other.setItem("session", { user: "bob" }, { ttl: 60 });
  await handler.setItem("session", { user: "bob", seen: 1 }, { ttl: 120, ifMatch: "*" });
  expect((await driver.getMeta("session"))?.ttl).toBeGreaterThan(60);
});

it("[CAS-7] the documented session is not renewed after a logout", async () => {
  const options = { ...engineOptions(table.name), endpoint: recorder.endpoint };
  vi.stubEnv("EXAMPLE_OPTIONS", JSON.stringify(options));
  const examples = await documentedExamples("docs/guide/recipes.md");
  try {
    const { login, load } = await import(`${examples.folder}/login.mjs`);
    const isStored = async (id: string) => (await table.getRow(`sessions:${id}`)) !== undefined;
    const due = async () => {
      const id: string = await login("ada");
      const row = (await table.getRow(`sessions:${id}`))!;
      const session = { ...JSON.parse(row["value"]!.S!), used: Date.now() - 10 * 60 * 1000 };
      await table.putRow(`sessions:${id}`, { ...row, value: { S: JSON.stringify(session) } });
      recorder.forget();
      return id;
    };

    const renewed = await due();
    expect(await load(renewed)).toMatchObject({ user: "ada" });
    expect(recorder.operations()).toEqual(["GetItem", "PutItem"]);

    // The renewal reaches DynamoDB after the logout, or did so before, and its response is lost.
    for (const first of ["GetItem", "PutItem"]) {
      const id = await due();
      recorder.spoil(({ operation }, nth) => {
        if (operation !== first || nth > 1) return undefined;
        recorder.hold();
        return first === "PutItem" ? "lose" : undefined;
      });
      const loaded = load(id);
      await expect.poll(() => recorder.of("PutItem").length).toBe(first === "PutItem" ? 2 : 1);
      await table.driver({ base: "sessions" }).removeItem(id);
      recorder.release();
      expect(await loaded).toBeUndefined();
      expect(await isStored(id)).toBe(false);
    }
  } finally {
    examples.remove();
    vi.unstubAllEnvs();
  }
});
