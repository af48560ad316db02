// The process warnings of the driver.
import { once } from "node:events";

/** What Node was told to warn of, from now on. */
export function warnings(): { list: Error[]; stop: () => Promise<Error[]> } {
  const list: Error[] = [];
  const listen = (warning: Error) => warning.name === "DynamoDbWarning" && list.push(warning);
  process.on("warning", listen);
  const stop = async (): Promise<Error[]> => {
    // Warnings are emitted on the next tick; one of the test's own comes after all of them.
    const last = once(process, "warning");
    process.emitWarning("the end of the test", "TestWarning");
    await last;
    process.off("warning", listen);
    return list;
  };
  return { list, stop };
}
