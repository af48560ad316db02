// Lets a real engine process only a part of a batch, as DynamoDB does when a table exceeds its capacity. The engines
// themselves never leave items unprocessed.

/** @typedef {Record<string, any>} Json */

/**
 * Selects the part to forward. The response lists the rest as unprocessed.
 *
 * @typedef {{ take: (requests: unknown[]) => unknown[] }} Split
 */

/**
 * Splits a request into the forwarded part and the part that is reported as unprocessed.
 *
 * @param {Json} request
 * @param {Split} split
 */
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
 * Forwards 1 / `parts` of each of the first `times` batches, but at least one item.
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

/** The number of keys or items in a batch. @param {Json} request @returns {number} */
export function batchSize(request) {
  const [asked] = /** @type {any[]} */ (Object.values(request.RequestItems));
  return (Array.isArray(asked) ? asked : asked.Keys).length;
}
