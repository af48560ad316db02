// Judges what contenders report against what the engine executed: never two holders of a lock before its expiry, no
// increment lost or counted twice, no more calls admitted than the limit, and no wrong answer to a conditional write.

/**
 * What a contender reported about a call.
 *
 * @typedef {object} Call
 * @property {string} call its id
 * @property {"lock" | "counter" | "limiter" | "swap" | "remove"} kind
 * @property {string} [outcome] "resolved" or the error's code; absent if the process was killed
 * @property {number} [from] the start of the work under the lock
 * @property {number} [to] its end, before the release
 * @property {number} [until] the expiry of the lock
 * @property {number} [number] the result of the counter
 * @property {boolean} [admitted] the result of the limiter
 * @property {string} [key]
 * @property {string} [etag] the result of a conditional write
 * @property {string} [ifMatch]
 */

/** A write as the engine executed it. @typedef {{ key: string, value?: any, etag?: string, removed?: string }} Executed */

/** A request that the engine executed, if it is a write of one item. @param {string} operation @param {any} request */
export function executedOf(operation, request) {
  if (operation === "PutItem") {
    const { key, value, etag } = request.Item;
    return { key: key.S, value, etag: etag?.S };
  }
  if (operation !== "DeleteItem") return undefined;
  return { key: request.Key.key.S, removed: request.ExpressionAttributeValues?.[":match"]?.S };
}

/**
 * @param {Call[]} calls
 * @param {Executed[]} history
 * @param {{ limit: number }} options
 * @returns {string[]} the problems
 */
export function judge(calls, history, { limit }) {
  const of = (/** @type {Call["kind"]} */ kind) => calls.filter((call) => call.kind === kind);
  const at = (/** @type {string} */ key) => history.filter((write) => write.key === key);
  return [
    ...holders(of("lock")),
    ...increments(of("counter"), at("counter")),
    ...admissions(
      of("limiter"),
      history.filter((write) => write.key.startsWith("limiter:")),
      limit,
    ),
    ...swaps(of("swap"), history),
    ...removals(of("remove"), history),
  ];
}

/** Whoever holds the lock has it until the work ends or the lock expires. @param {Call[]} calls */
function holders(calls) {
  const held = calls.flatMap(({ call, from, until = 0, to = until }) =>
    from === undefined || from >= until ? [] : [{ call, from, end: Math.min(to, until) }],
  );
  held.sort((a, b) => a.from - b.from);
  return held.flatMap((one, index) => {
    const before = held[index - 1];
    if (!before || before.end <= one.from) return [];
    return [`lock: ${one.call} at ${one.from}, and ${before.call} held it until ${before.end}`];
  });
}

/** @param {Call[]} calls @param {Executed[]} history */
function increments(calls, history) {
  const problems = [];
  const stored = history.map(({ value }) => Number(value?.M?.count?.N));
  stored.forEach((number, index) => {
    if (number !== index + 1) problems.push(`counter: ${number} stored as write ${index + 1}`);
  });
  // The first id is that of the increment, which may be written again, but not executed twice.
  const ids = history.map(({ value }) => value?.M?.ids?.L?.[0]?.S);
  for (const id of new Set(ids)) {
    const times = ids.filter((other) => other === id).length;
    if (times > 1) problems.push(`counter: ${id} counted ${times} times`);
  }
  const known = calls.flatMap(({ number }) => (number === undefined ? [] : [number]));
  const most = stored.length;
  for (const number of new Set(known)) {
    const times = known.filter((other) => other === number).length;
    if (times > 1) problems.push(`counter: ${number} returned ${times} times`);
    if (!(number >= 1 && number <= most)) problems.push(`counter: ${number} returned of ${most}`);
  }
  if (most > calls.length) problems.push(`counter: ${most} after ${calls.length} calls`);
  return problems;
}

/** @param {Call[]} calls @param {Executed[]} history @param {number} limit */
function admissions(calls, history, limit) {
  const windows = new Map(history.map(({ key, value }) => [key, Number(value.N)]));
  const used = [...windows.values()].reduce((sum, one) => sum + one, 0);
  const admitted = calls.filter((call) => call.admitted).length;
  const problems = [...windows]
    .filter(([, one]) => one > limit)
    .map(([key, one]) => `${key}: ${one} admitted, and the limit is ${limit}`);
  if (admitted > used) problems.push(`limiter: ${admitted} admitted, and ${used} counted`);
  // A call that has no result may have used one, and so may each of its attempts. None may be refused before that.
  const isFull = [...windows.values()].includes(limit);
  const refused = calls.some((call) => call.admitted === false);
  if (refused && !isFull) problems.push("limiter: a call was refused below the limit");
  return problems;
}

/** A success must be in the history with its etag, and a mismatch must not. @param {Call[]} calls @param {Executed[]} history */
function swaps(calls, history) {
  const etags = new Map(history.flatMap(({ value, etag }) => (value?.S ? [[value.S, etag]] : [])));
  return calls.flatMap(({ call, key, outcome, etag }) => {
    if (outcome === "resolved" && (!etag || etags.get(call) !== etag)) {
      return [`${key}: ${call} resolved with ${etag}, and ${etags.get(call)} was written`];
    }
    if (outcome === "ERR_CAS_MISMATCH" && etags.has(call)) {
      return [`${key}: ${call} was a mismatch, and was written`];
    }
    return [];
  });
}

/** The same for removals, which are identified by the etag that they name. @param {Call[]} calls @param {Executed[]} history */
function removals(calls, history) {
  const removed = new Set(history.flatMap((write) => write.removed ?? []));
  const problems = calls
    .filter(({ outcome, ifMatch }) => outcome === "resolved" && !removed.has(ifMatch ?? ""))
    .map(({ key, call, ifMatch }) => `${key}: ${call} removed ${ifMatch}, and it was not removed`);
  for (const etag of removed) {
    const by = calls.filter((call) => call.ifMatch === etag);
    if (by.length > 0 && by.every(({ outcome }) => outcome === "ERR_CAS_MISMATCH")) {
      problems.push(`${by[0]?.key}: ${etag} was removed, and every call was a mismatch`);
    }
  }
  return problems;
}
