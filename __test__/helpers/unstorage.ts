import * as v1 from "unstorage";
import * as v2 from "unstorage-v2";

/** The supported versions, by name. */
export const unstorages: [version: string, unstorage: typeof v1][] = [
  ["1.17", v1],
  ["2.x", v2 as unknown as typeof v1],
];
