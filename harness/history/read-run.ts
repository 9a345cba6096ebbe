import path from "node:path";
import { readRecord } from "../journal/reader.ts";
import { type RunRecord, recordOf } from "../journal/record.ts";
import { readHistory } from "./read-history.ts";

/**
 * A run's journal and the history of its recorded loads: what checks judge. Who needs the journal alone calls `readRecord`.
 * @throws ChaosError as readRecord
 */
export async function readRun(directory: string): Promise<RunRecord> {
  const record = await readRecord(path.join(directory, "journal.jsonl"));
  return recordOf(record.events, { tornLine: record.tornLine, history: await readHistory(directory, record) });
}
