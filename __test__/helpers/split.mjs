// Lets a real engine do only a part of a batch, as DynamoDB does when a table is over its capacity. Neither engine of these
// tests leaves anything over by itself.

/** @typedef {Record<string, any>} Json */

/**
 * Less to pass on than was asked for; the answer then lists the rest as not processed.
 *
 * @typedef {{ take: (requests: unknown[]) => unknown[] }} Split
 */

/** A request cut in two: what the engine gets, and what the answer says was left over. @param {Json} request @param {Split} split */
export function splitBatch(request, { take }) {
  const [[table, asked] = ["", []]] = /** @type {[string, any][]} */ (
    Object.entries(request.RequestItems)
  );
  const isWrite = Array.isArray(asked);
  /** @type {unknown[]} */
  const all = isWrite ? asked : asked.Keys;
  const taken = take(all);
  const left = all.filter((one) => !taken.includes(one));
  const part = (/** @type {unknown[]} */ some) =>
    some.length === 0 ? {} : { [table]: isWrite ? some : { ...asked, Keys: some } };
  const sent = { ...request, RequestItems: part(taken) };
  return { sent, rest: { [isWrite ? "UnprocessedItems" : "UnprocessedKeys"]: part(left) } };
}

/**
 * Passes on one part in `parts` of each of the first `times` batches, and at least one item.
 *
 * @param {string} operation
 * @param {number} parts
 */
export function leaveOver(operation, parts, times = Infinity) {
  /** @returns {Split | undefined} */
  return (/** @type {{ operation: string }} */ exchange, /** @type {number} */ nth) => {
    if (exchange.operation !== operation || nth > times) return undefined;
    return { take: (requests) => requests.slice(0, Math.ceil(requests.length / parts)) };
  };
}

/** How many keys or items a batch holds. @param {Json} request @returns {number} */
export function batchSize(request) {
  const [asked] = /** @type {any[]} */ (Object.values(request.RequestItems));
  return (Array.isArray(asked) ? asked : asked.Keys).length;
}
