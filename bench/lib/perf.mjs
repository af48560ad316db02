// Parses the output of Linux's `perf`.

/** Binaries and their names in the tables. */
const kinds = /** @type {const} */ ([
  [/\.node$/, "addon"],
  [/^bench-floor$/, "floor"],
  [/^\[kernel/, "kernel"],
  [/^(libc|libm|ld-linux|libpthread)\b|^\[vdso\]$/, "C library"],
  [/^node$|libstdc|libgcc|^\[JIT\]|^perf-\d+\.map$/, "Node"],
]);

/** Threads by their system names, and their names in the tables. @type {Record<string, string>} */
const roles = { dynamodb: "worker", "bench-floor": "floor" };

/**
 * Returns the shares of a process's time by thread and binary.
 *
 * @param {string} report of `perf report --sort comm,dso --field-separator ;`
 * @returns {[name: string, share: number][]} `worker: addon` and 0.25 for a quarter, largest first
 */
export function sharesOf(report) {
  /** @type {Map<string, number>} */
  const shares = new Map();
  for (const line of report.split("\n").filter((text) => !text.startsWith("#"))) {
    const [percent, thread, binary] = line.split(";").map((field) => field.trim());
    if (percent && thread && binary) {
      const kind = kinds.find(([pattern]) => pattern.test(binary))?.[1] ?? "others";
      const name = `${roles[thread] ?? "Node's threads"}: ${kind}`;
      shares.set(name, (shares.get(name) ?? 0) + Number.parseFloat(percent) / 100);
    }
  }
  return [...shares].sort(([, a], [, b]) => b - a);
}

/** @param {string} output of `perf stat -x , -e context-switches` */
export function switchesOf(output) {
  const count = /^(\d+),.*context-switches/m.exec(output)?.[1];
  if (count === undefined) {
    throw new Error(`perf counted no context switches: ${output}`);
  }
  return Number(count);
}
