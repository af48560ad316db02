// The two policies in docs/guide/permissions.md, each with an endpoint that denies all other actions.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { useRecordedTable } from "./helpers/recorded";
import { accessDenied } from "./helpers/recorder";

const { recorder, recorded } = useRecordedTable();
const page = readFileSync(new URL("../docs/guide/permissions.md", import.meta.url), "utf8");
const section = page.slice(page.indexOf("\n## Permissions of the driver"));
const policies = [...section.matchAll(/"Action": \[([^\]]*)\]/g)]
  .slice(0, 2)
  .map(([, list = ""]) => [...list.matchAll(/dynamodb:(\w+)/g)].map(([, action = ""]) => action));

it("[API-9] the guide's policies allow four actions, without and with the two batch actions", () => {
  const four = ["GetItem", "PutItem", "Scan", "DeleteItem"];
  expect(policies).toEqual([four, [...four, "BatchGetItem", "BatchWriteItem"]]);
});

it.each(policies.map((policy) => ({ policy })))(
  "[API-9] every method works with $policy",
  async ({ policy }) => {
    const isAllowed = (operation: string) => policy.includes(operation);
    recorder.spoil(({ operation }) => (isAllowed(operation) ? undefined : accessDenied(operation)));
    const driver = recorded();
    const items = [
      { key: "c", value: "3" },
      { key: "d", value: "4" },
    ];
    await driver.setItem("a", "1");
    await driver.setItemRaw("b", Buffer.from("2"));
    await driver.setItems(items);
    expect(await driver.getItem("a")).toBe("1");
    expect(await driver.hasItem("b")).toBe(true);
    expect(await driver.getItemRaw("b")).toEqual(Buffer.from("2"));
    expect(await driver.getItems(["c", "d"])).toEqual(items);
    expect(await driver.getMeta("a")).toMatchObject({ size: 1 });
    expect((await driver.getKeys()).sort()).toEqual(["a", "b", "c", "d"]);
    await driver.removeItem("a");
    await driver.clear();
    expect(await driver.getKeys()).toEqual([]);
    // Each batch action is tried once if it is not allowed.
    const denied = recorder.operations().filter((operation) => !isAllowed(operation));
    expect(denied).toHaveLength(6 - policy.length);
  },
);
