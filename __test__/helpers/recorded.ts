import { type Recorder, useRecorder } from "./recorder";
import { type TestTable, useTable } from "./table";

export interface RecordedTable {
  table: TestTable;
  recorder: Recorder;
  /** A driver whose requests go through the recorder; `any`, as tests pass it what its types forbid. */
  recorded: (options?: object) => any;
}

/** Call in a file's or a `describe`'s body: a table of its own, and a recorder in front of the engine. */
export function useRecordedTable(): RecordedTable {
  const table = useTable();
  const recorder = useRecorder();
  const recorded = (options = {}) => table.driver({ endpoint: recorder.endpoint, ...options });
  return { table, recorder, recorded };
}
