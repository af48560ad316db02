// The statistics of the benchmark. Tested in bench/__test__/.

/**
 * @typedef {{ median: number, min: number, max: number, samples: number[] }} Summary samples in the order of
 * measurement
 */

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
 * The range of the rounds relative to their median: 0.1 if the highest exceeds the lowest by 10 % of the median.
 *
 * @param {Pick<Summary, "median" | "min" | "max">} summary
 */
export const spread = ({ median: middle, min, max }) => (middle === 0 ? 0 : (max - min) / middle);

/**
 * The ratio of two medians: 12 for "12 times less".
 *
 * @param {Summary | undefined} more
 * @param {Summary | undefined} less
 * @returns {number | undefined} undefined if one of them is missing or zero
 */
export const ratio = (more, less) =>
  more && less && less.median > 0 ? more.median / less.median : undefined;

/**
 * How many times better the driver is than another contestant. For a throughput, more is better, otherwise less.
 *
 * @param {import("./alternate.mjs").Outcome | undefined} outcome
 * @param {string} metric
 * @param {import("./scenarios.mjs").Contestant} [against]
 */
export function advantage(outcome, metric, against = "reference") {
  const [ours, theirs] = [outcome?.driver?.[metric], outcome?.[against]?.[metric]];
  return metric === "throughput" ? ratio(ours, theirs) : ratio(theirs, ours);
}
