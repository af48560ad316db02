// What a process uses while something runs: all figures of one round, in microseconds and bytes.
import { readFileSync } from "node:fs";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";

/** The timer by which Node finds delays; it counts its own period, which is taken off. */
const resolution = 10;

/**
 * The most memory of this very program, in bytes. Not `resourceUsage().maxRSS`, which Linux passes on from the process
 * that started this one.
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
