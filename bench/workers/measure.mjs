// Measures one round: the resources that a process uses, in microseconds and bytes.
import { readFileSync } from "node:fs";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";

/** The period of Node's delay histogram, which is included in its values and subtracted. */
const resolution = 10;

/**
 * The peak memory of this process in bytes. Not `resourceUsage().maxRSS`, which on Linux is inherited from the parent
 * process.
 */
export function peakRss() {
  if (process.platform !== "linux") {
    return process.resourceUsage().maxRSS * 1024;
  }
  const status = readFileSync("/proc/self/status", "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

/** @param {() => Promise<unknown>} work */
export async function measure(work) {
  const delay = monitorEventLoopDelay({ resolution });
  const idleRss = process.memoryUsage.rss();
  delay.enable();
  const loop = performance.eventLoopUtilization();
  const before = process.cpuUsage();
  const start = performance.now();
  await work();
  const wall = (performance.now() - start) * 1000;
  const { user, system } = process.cpuUsage(before);
  const { active } = performance.eventLoopUtilization(loop);
  delay.disable();
  return {
    wall,
    cpu: user + system,
    main: active * 1000,
    delayP99: delay.count > 0 ? Math.max(0, delay.percentile(99) / 1000 - resolution * 1000) : 0,
    idleRss,
    rss: process.memoryUsage.rss(),
    peakRss: peakRss(),
  };
}
