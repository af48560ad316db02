import { type Recorder, useRecorder } from "./recorder";
import { type TestTable, useTable } from "./table";

export interface RecordedTable {
  table: TestTable;
  recorder: Recorder;
  /** Returns a driver that uses the recorder. Typed as `any`, because tests also pass invalid arguments. */
  recorded: (options?: object) => any;
}

/** Call in the body of a file or a `describe`. Creates a table, and a recorder in front of the engine. */
export function useRecordedTable(): RecordedTable {
  const table = useTable();
  const recorder = useRecorder();
  const recorded = (options = {}) => table.driver({ endpoint: recorder.endpoint, ...options });
  return { table, recorder, recorded };
}
