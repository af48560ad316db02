// The arithmetic of the bench. Its tests are in bench/__test__/.

/** @typedef {{ median: number, min: number, max: number, samples: number[] }} Summary samples in the order in which they were taken */

/** @param {readonly number[]} samples */
export function median(samples) {
  if (samples.length === 0) {
    throw new RangeError("no samples, no median");
  }
  const sorted = samples.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  const [lower = 0, upper = 0] = [sorted[Math.floor(half)], sorted[Math.ceil(half)]];
  return (lower + upper) / 2;
}

/** @param {readonly number[]} samples @returns {Summary} */
export const summarise = (samples) => ({
  median: median(samples),
  min: Math.min(...samples),
  max: Math.max(...samples),
  samples: [...samples],
});

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
export const ratio = (more, less) =>
  more && less && less.median > 0 ? more.median / less.median : undefined;

/**
 * How many times better the driver is than another contestant: of a throughput more is better, of all else less.
 *
 * @param {import("./alternate.mjs").Outcome | undefined} outcome
 * @param {string} metric
 * @param {import("./scenarios.mjs").Contestant} [against]
 */
export function advantage(outcome, metric, against = "reference") {
  const [ours, theirs] = [outcome?.driver?.[metric], outcome?.[against]?.[metric]];
  return metric === "throughput" ? ratio(ours, theirs) : ratio(theirs, ours);
}
