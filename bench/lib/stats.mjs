// The arithmetic of the bench. Its tests are in bench/__test__/.

/**
 * @typedef {object} Summary one figure over all rounds
 * @property {number} median
 * @property {number} min
 * @property {number} max
 * @property {number[]} samples in the order in which they were taken
 */

/** @param {readonly number[]} samples */
export function median(samples) {
  if (samples.length === 0) {
    throw new RangeError("no samples, no median");
  }
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = /** @type {number} */ (sorted[middle]);
  return sorted.length % 2 === 1 ? upper : (/** @type {number} */ (sorted[middle - 1]) + upper) / 2;
}

/**
 * @param {readonly number[]} samples
 * @returns {Summary}
 */
export function summarise(samples) {
  return {
    median: median(samples),
    min: Math.min(...samples),
    max: Math.max(...samples),
    samples: [...samples],
  };
}

/**
 * How far the rounds lie apart, as a part of their median: 0.1 when the highest is 10 % of it above the lowest.
 *
 * @param {Pick<Summary, "median" | "min" | "max">} summary
 */
export const spread = ({ median: middle, min, max }) => (middle === 0 ? 0 : (max - min) / middle);

/**
 * How many times as much the one needs as the other, of the medians: 12 where 12 is what "12 times less" says.
 *
 * @param {Summary | undefined} more
 * @param {Summary | undefined} less
 * @returns {number | undefined} nothing where one of them was not taken, or is nothing at all
 */
export function ratio(more, less) {
  return more && less && less.median > 0 ? more.median / less.median : undefined;
}
