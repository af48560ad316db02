// The two policies in docs/guide/permissions.md, each with an endpoint that denies everything else.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { accessDenied, useRecorder } from "./helpers/recorder";
import { useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

const page = readFileSync(new URL("../docs/guide/permissions.md", import.meta.url), "utf8");
const section = page.slice(page.indexOf("\n## Permissions of the driver"));
const policies = [...section.matchAll(/"Action": \[([^\]]*)\]/g)]
  .slice(0, 2)
  .map(([, list = ""]) => [...list.matchAll(/dynamodb:(\w+)/g)].map(([, action = ""]) => action));

describe("least privilege", () => {
  it("[API-9] the guide lists four actions, and the same with the two batch actions", () => {
    const four = ["GetItem", "PutItem", "Scan", "DeleteItem"];
    expect(policies).toEqual([four, [...four, "BatchGetItem", "BatchWriteItem"]]);
  });

  it.each(policies.map((policy) => [policy.length, policy] as const))(
    "[API-9] every method works with the %d actions of a policy",
    async (_, allowed) => {
      recorder.spoil(({ operation }) =>
        allowed.includes(operation) ? undefined : accessDenied(operation),
      );
      const driver: any = table.driver({ endpoint: recorder.endpoint });
      await driver.setItem("a", "1");
      await driver.setItemRaw("b", Buffer.from("2"));
      await driver.setItems([
        { key: "c", value: "3" },
        { key: "d", value: "4" },
      ]);
      expect(await driver.getItem("a")).toBe("1");
      expect(await driver.hasItem("b")).toBe(true);
      expect(String(await driver.getItemRaw("b"))).toBe("2");
      expect(await driver.getItems(["c", "d"])).toEqual([
        { key: "c", value: "3" },
        { key: "d", value: "4" },
      ]);
      expect(await driver.getMeta("a")).toMatchObject({ size: 1 });
      expect((await driver.getKeys()).toSorted()).toEqual(["a", "b", "c", "d"]);
      await driver.removeItem("a");
      await driver.clear();
      expect(await driver.getKeys()).toEqual([]);
      const denied = recorder.operations().filter((operation) => !allowed.includes(operation));
      // If batches are denied, each kind is tried once.
      expect(new Set(denied).size).toBe(6 - allowed.length);
    },
  );
});
