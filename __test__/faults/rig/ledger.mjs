// The possible contents of a table after writes with unknown outcomes. For each key, the ledger keeps every possible
// state: one after a write that resolved, the old and the new one after a write that rejected or never returned.

/** The ID of a write, or 0 for no row. @typedef {number} State */

/** @param {number} id @param {number} size @returns {string} the text that this write stores */
export function textOf(id, size) {
  const mark = `${id}:${size}:`;
  return mark.repeat(Math.ceil(size / mark.length) + 1).slice(0, Math.max(size, mark.length));
}

/**
 * The write that stored a text, or undefined if the text is corrupt.
 *
 * @param {string} text
 * @returns {State | undefined}
 */
export function writeOf(text) {
  const [id = 0, size = 0] = text.split(":", 2).map(Number);
  return text === textOf(id, size) ? id : undefined;
}

/** The write that stored a row. @param {Record<string, any>} row */
export function stateOf(row) {
  const { S, B = "" } = row.value ?? {};
  const id = writeOf(S ?? Buffer.from(B, "base64").toString());
  // Even IDs are written with an expiry and odd ones without, which reveals a row that mixes two writes.
  const names = id !== undefined && id % 2 === 0 ? "key,ttl,value" : "key,value";
  const found = Object.keys(row).filter((name) => name !== "etag");
  return found.sort().join() === names ? id : undefined;
}

export class Ledger {
  /** @type {Map<string, Set<State>>} */
  #states = new Map();
  /** @type {string[]} */
  problems = [];
  /** The number of keys that were compared with the table. */
  compared = 0;

  /** @param {string} key @returns {Set<State>} */
  possible(key) {
    return this.#states.get(key) ?? new Set([0]);
  }

  /**
   * The result of a write on condition, after `write`. A mismatch is certainly not written.
   *
   * @param {string} key
   * @param {Set<State>} before the possible states before the write
   * @param {string} needs what the write needs: "item", "no item" or "what was read"
   * @param {boolean} isMet
   */
  condition(key, before, needs, isMet) {
    const meets = (/** @type {State} */ state) =>
      needs === "what was read" || (state !== 0) === (needs === "item");
    const states = [...before].filter((state) => meets(state) === isMet);
    if (states.length === 0) {
      this.problems.push(`${key}: ${needs} ${isMet ? "found" : "not found"}: ${[...before]}`);
    } else if (!isMet) {
      this.#states.set(key, new Set(states));
    }
  }

  /** @param {string} key @param {State} state @param {boolean} isKnown whether the write certainly succeeded */
  write(key, state, isKnown) {
    this.#states.set(key, isKnown ? new Set([state]) : new Set([...this.possible(key), state]));
  }

  /** @param {string} base @returns {string[]} */
  #under(base) {
    return [...this.#states.keys()].filter((key) => key.startsWith(base));
  }

  /** @param {string} base @param {boolean} isKnown */
  clear(base, isKnown) {
    for (const key of this.#under(base)) this.write(key, 0, isKnown);
  }

  /** @param {string} key @param {State | undefined} state that was read; undefined: corrupt */
  saw(key, state) {
    if (state === undefined || !this.possible(key).has(state)) {
      const allowed = [...this.possible(key)].join(" or ");
      this.problems.push(`${key}: ${state ?? "torn"}, and only ${allowed} is possible`);
      return;
    }
    // There is no other writer, so a state that was read is certain.
    this.#states.set(key, new Set([state]));
  }

  /** A listing must contain every existing key and no other. @param {string} base @param {string[]} keys */
  listed(base, keys) {
    const found = new Set(keys);
    if (found.size !== keys.length) this.problems.push(`${base}: keys twice in a listing`);
    for (const key of new Set([...this.#under(base), ...keys])) {
      const states = [...this.possible(key)];
      if (!found.has(key) && !states.includes(0)) {
        this.problems.push(`${key}: missing in a listing`);
      }
      if (found.has(key) && states.every((state) => state === 0)) {
        this.problems.push(`${key}: listed, and is not there`);
      }
    }
  }

  /** Compares the ledger with the table. @param {Map<string, Record<string, any>>} rows */
  compare(rows) {
    for (const key of new Set([...this.#states.keys(), ...rows.keys()])) {
      this.compared += 1;
      const row = rows.get(key);
      this.saw(key, row === undefined ? 0 : stateOf(row));
    }
  }
}
