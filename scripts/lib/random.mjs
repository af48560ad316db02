// Reproducible randomness. Users print the seed.

/**
 * Returns a generator of numbers in [0, 1), determined by the seed (mulberry32).
 *
 * @param {number} seed
 * @returns {() => number}
 */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The seed of this run: `TEST_SEED` or a random one. */
export const testSeed = () => Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
