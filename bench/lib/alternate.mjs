// Alternates between the contestants, so that changes of the machine's load affect all of them.
import { summarise } from "./stats.mjs";

/** @typedef {import("./scenarios.mjs").Contestant} Contestant */
/** @typedef {import("./stats.mjs").Summary} Summary */
/** @typedef {Record<string, Summary>} Figures by the name of a metric; times and counts are per operation */
/** @typedef {Partial<Record<Contestant, Figures>>} Outcome */

/** Metrics that are divided by the operations of a round. The others describe the whole process. */
const perOperation = new Set(["wall", "cpu", "main", "requests"]);

/** @param {any[]} samples @returns {Figures} */
export function figuresOf(samples) {
  /** @type {Record<string, number[]>} */
  const values = {};
  for (const { operations, ...metrics } of samples) {
    for (const [metric, value] of Object.entries(metrics)) {
      (values[metric] ??= []).push(perOperation.has(metric) ? value / operations : value);
    }
    if ("idleRss" in metrics) {
      (values["growth"] ??= []).push(Math.max(0, metrics.peakRss - metrics.idleRss));
    }
    (values["throughput"] ??= []).push((operations / metrics.wall) * 1e6);
  }
  return Object.fromEntries(
    Object.entries(values).map(([metric, list]) => [metric, summarise(list)]),
  );
}

/**
 * @param {Contestant[]} contestants
 * @param {number} rounds
 * @param {(text: string) => void} progress
 * @param {(contestant: Contestant) => Promise<any>} measure one round of one contestant
 * @returns {Promise<Outcome>}
 */
export async function alternate(contestants, rounds, progress, measure) {
  /** @type {Partial<Record<Contestant, any[]>>} */
  const samples = {};
  for (let round = 1; round <= rounds; round += 1) {
    for (const contestant of contestants) {
      progress(`round ${round} of ${rounds}: ${contestant}`);
      (samples[contestant] ??= []).push(await measure(contestant));
    }
  }
  return Object.fromEntries(
    contestants.map((contestant) => [contestant, figuresOf(samples[contestant] ?? [])]),
  );
}
