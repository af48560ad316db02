// The process warnings of the driver.
import { once } from "node:events";

/** Returns the texts of the warnings that were emitted during `work`. */
export async function warningsOf(work: () => Promise<unknown>): Promise<string[]> {
  const list: string[] = [];
  const listen = ({ name, message }: Error) => name === "DynamoDbWarning" && list.push(message);
  process.on("warning", listen);
  await work();
  // Warnings are emitted in the next tick. This one comes after all of them.
  const last = once(process, "warning");
  process.emitWarning("the end of the test", "TestWarning");
  await last;
  process.off("warning", listen);
  return list;
}
