// What several writers of the same keys may have stored. A value may be read if no write that resolved lies entirely
// between the write of the value and the read.

/** The ID of a write, or 0 for no row. @typedef {number} State */
/** `to` is Infinity until the write resolves, because it may be executed later. @typedef {{ state: State, from: number, to: number }} Write */
/** @typedef {{ key: string, state: State | undefined, from: number, to: number }} Read */

export class History {
  /** @type {Map<string, Write[]>} */
  #writes;
  /** @type {Read[]} */
  #reads = [];
  /** @type {string[]} */
  problems = [];
  /** Reads and rows that were checked. */
  compared = 0;
  torn = 0;

  /** @param {string[]} keys of rows that do not exist yet */
  constructor(keys) {
    this.#writes = new Map(keys.map((key) => [key, [{ state: 0, from: 0, to: 0 }]]));
  }

  /** @param {string} key @returns {Write[]} */
  #of(key) {
    return this.#writes.get(key) ?? [];
  }

  /** Records a write that has begun. @param {string} key @param {State} state @param {number} from */
  begin(key, state, from) {
    const write = { state, from, to: Infinity };
    this.#of(key).push(write);
    return write;
  }

  /** Forgets a write that was certainly not executed. @param {string} key @param {Write} write */
  undo(key, write) {
    this.#of(key).splice(this.#of(key).indexOf(write), 1);
  }

  /** Records a read. It is checked later, because the reports of other processes may arrive after it. @param {Read} read */
  saw(read) {
    this.#reads.push(read);
  }

  /** @param {Read} read */
  #check({ key, state, from, to }) {
    this.compared += 1;
    if (state === undefined) {
      this.torn += 1;
      this.problems.push(`${key}: torn`);
      return;
    }
    const writes = this.#of(key);
    const isReplaced = (/** @type {Write} */ one) =>
      writes.some((other) => other.from > one.to && other.to < from);
    const isPossible = (/** @type {Write} */ one) =>
      one.state === state && one.from <= to && !isReplaced(one);
    if (!writes.some(isPossible)) this.problems.push(`${key}: ${state} is not possible`);
  }

  /**
   * Checks the reads so far and the contents of the table, which is not written at that time.
   *
   * @param {Map<string, State | undefined>} states
   * @param {number} at
   */
  compare(states, at) {
    this.#reads.splice(0).forEach((read) => this.#check(read));
    for (const key of this.#writes.keys()) {
      const state = states.has(key) ? states.get(key) : 0;
      this.#check({ key, state, from: at, to: at });
      this.#writes.set(key, [{ state: state ?? 0, from: at, to: at }]);
    }
  }
}
