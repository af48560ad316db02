// What is measured: the scenarios, how often each is repeated, and who takes part.

/** @typedef {"driver" | "reference" | "bundled" | "bare" | "floor" | "boundary"} Contestant */

/**
 * @typedef {object} Load what a contestant is asked to do; the fixed part of its spec
 * @property {"getItem" | "setItem" | "getItems" | "getKeys" | "clear"} operation
 * @property {number} size bytes of a value
 * @property {number} keys items in the table that are used in turn
 * @property {number} inFlight
 * @property {number} warmUp operations before the measured ones
 * @property {number} count operations measured
 */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title
 * @property {"load" | "cold" | "nitro" | "size"} kind
 * @property {"dynoxide" | "tls" | "pages"} endpoint
 * @property {Contestant[]} contestants
 * @property {Load} load
 * @property {boolean} [refill] the table is filled anew for every process
 */

const sizes = /** @type {const} */ ([
  ["256B", 256],
  ["1KB", 1024],
  ["64KB", 64 * 1024],
  ["380KB", 380 * 1024],
]);

/** Enough to fill a second of the slower contestant, more or less: the faster one does the same number. */
const counts = {
  "256B": { 1: 2000, 64: 6000, 512: 6000 },
  "1KB": { 1: 2000, 64: 6000, 512: 6000 },
  "64KB": { 1: 600, 64: 1200, 512: 1200 },
  "380KB": { 1: 120, 64: 240, 512: 512 },
};

/** @returns {Scenario[]} */
function items(/** @type {"getItem" | "setItem"} */ operation) {
  return sizes.flatMap(([label, size]) =>
    /** @type {const} */ ([1, 64, 512]).map((inFlight) => {
      const count = counts[label][inFlight];
      const isMain = label === "1KB" && inFlight === 64;
      /** @type {Contestant[]} */
      const others = operation === "getItem" && isMain ? ["bare", "boundary"] : [];
      return /** @type {Scenario} */ ({
        name: `${operation}-${label}-${inFlight}`,
        title: `${operation} of ${label.replace(/(\d)([KB])/, "$1 $2")}, ${inFlight} in flight`,
        kind: "load",
        endpoint: "dynoxide",
        // The floor where a target is near; elsewhere it would say the same again.
        contestants: ["driver", "reference", ...(label === "1KB" ? ["floor"] : []), ...others],
        load: {
          operation,
          size,
          keys: size > 10_000 ? 20 : 1000,
          inFlight,
          warmUp: Math.max(inFlight, Math.ceil(count / 4)),
          count,
        },
      });
    }),
  );
}

/** @type {Scenario[]} */
export const scenarios = [...items("getItem"), ...items("setItem")];

/**
 * @param {string[] | undefined} names whole names, or their beginnings: `getItem-1KB` are three
 * @returns {Scenario[]}
 */
export function chosen(names) {
  return names
    ? scenarios.filter(({ name }) =>
        names.some((wanted) => name === wanted || name.startsWith(wanted)),
      )
    : scenarios;
}
