// What Linux's `perf` says of a process, read.

/** Binaries by what they are, as the tables name them. */
const kinds = /** @type {const} */ ([
  [/\.node$/, "addon"],
  [/^bench-floor$/, "floor"],
  [/^\[kernel/, "kernel"],
  [/^(libc|libm|ld-linux|libpthread)\b|^\[vdso\]$/, "C library"],
  [/^node$|libstdc|libgcc|^\[JIT\]|^perf-\d+\.map$/, "Node"],
]);

/** @param {string} binary */
const kindOf = (binary) => kinds.find(([pattern]) => pattern.test(binary))?.[1] ?? "others";

/** @param {string} thread as the system names it */
const roleOf = (thread) =>
  thread === "dynamodb" ? "worker" : thread === "bench-floor" ? "floor" : "Node's threads";

/**
 * The shares of a process's time, by thread and binary.
 *
 * @param {string} report of `perf report --sort comm,dso --field-separator ;`
 * @returns {Record<string, Record<string, number>>} 0.25 for a quarter, largest first within a thread
 */
export function sharesOf(report) {
  /** @type {Record<string, Record<string, number>>} */
  const shares = {};
  for (const line of report.split("\n")) {
    const [percent, thread, binary] = line.split(";").map((field) => field.trim());
    if (!percent || !thread || !binary || line.startsWith("#")) {
      continue;
    }
    const kind = kindOf(binary);
    const ofThread = (shares[roleOf(thread)] ??= {});
    ofThread[kind] = (ofThread[kind] ?? 0) + Number.parseFloat(percent) / 100;
  }
  return Object.fromEntries(
    Object.entries(shares).map(([thread, kindsOfThread]) => [
      thread,
      Object.fromEntries(Object.entries(kindsOfThread).sort(([, a], [, b]) => b - a)),
    ]),
  );
}

/**
 * @param {string} output of `perf stat -x , -e context-switches`
 * @returns {number}
 */
export function switchesOf(output) {
  const line = output.split("\n").find((text) => text.includes("context-switches"));
  const count = Number(line?.split(",")[0]);
  if (!line || !Number.isFinite(count)) {
    throw new Error(`perf counted no context switches: ${output}`);
  }
  return count;
}
