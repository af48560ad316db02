// In a file of its own: it waits for the driver's own limits, while other files run beside it.
import { describe, expect, it } from "vitest";
import { failureOf } from "./helpers/failure";
import { useRecorder } from "./helpers/recorder";
import { useTable } from "./helpers/table";

const table = useTable();
const recorder = useRecorder();

describe("an endpoint that takes requests and never answers", () => {
  it("[ERR-2] is a TimeoutError within 30 seconds, never a hanging promise", async () => {
    recorder.hold();
    const driver = table.driver({ endpoint: recorder.endpoint });
    const error = await failureOf(driver.getItem("k"));
    expect(error).toMatchObject({
      name: "TimeoutError",
      code: "ERR_DYNAMODB_TIMEOUT",
      operation: "getItem",
      table: table.name,
      retryable: true,
    });
    expect(error.message).toContain(recorder.endpoint);
  }, 30_000);
});
