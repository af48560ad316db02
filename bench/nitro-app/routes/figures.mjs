// The resources that the server has used since the last request of this route.
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { defineEventHandler } from "h3";

const resolution = 10;
const delay = monitorEventLoopDelay({ resolution });
delay.enable();
let cpu = process.cpuUsage();
let loop = performance.eventLoopUtilization();

export default defineEventHandler(() => {
  const { user, system } = process.cpuUsage(cpu);
  const { active } = performance.eventLoopUtilization(loop);
  const figures = {
    cpu: user + system,
    main: active * 1000,
    delayP99: Math.max(0, delay.percentile(99) / 1000 - resolution * 1000),
    rss: process.memoryUsage.rss(),
  };
  delay.reset();
  cpu = process.cpuUsage();
  loop = performance.eventLoopUtilization();
  return figures;
});
