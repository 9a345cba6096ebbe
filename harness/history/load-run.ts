import path from "node:path";
import { loadRecord } from "../journal/reader.ts";
import type { RunRecord } from "../journal/record.ts";
import { readHistory } from "./read-history.ts";

/**
 * A run's journal and the history of its recorded loads: what checks judge. Who needs the journal alone calls `loadRecord`.
 * @throws ChaosError as loadRecord
 */
export async function loadRun(directory: string): Promise<RunRecord> {
  const record = await loadRecord(path.join(directory, "journal.jsonl"));
  return { ...record, history: await readHistory(directory, record) };
}
