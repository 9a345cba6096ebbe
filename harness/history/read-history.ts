import path from "node:path";
import type { EventOf } from "../journal/events.ts";
import { type History, KIND, type LoadHistory, modelOf, type Operations } from "../journal/history.ts";
import { readRecord } from "../journal/reader.ts";
import { type RunRecord, recordOf } from "../journal/record.ts";
import { type OperationsFile, readOperations, unwritten } from "./read-operations.ts";

/*
 *   journal: history begin ─► which files, shape, nodes ─┐
 *            history end ───► how many operations each ──┼─► one LoadHistory per load
 *   history/*.ops ───────────────────────────────────────┘   what is missing or torn: `incomplete`
 */

type HistoryEvent = EventOf<"history">;

/**
 * A run's journal and the history of its recorded loads: what checks judge. Who needs the journal alone calls `readRecord`.
 * @throws ChaosError as readRecord
 */
export async function readRun(directory: string): Promise<RunRecord> {
  const record = await readRecord(path.join(directory, "journal.jsonl"));
  return recordOf(record.events, { tornLine: record.tornLine, history: await readHistory(directory, record) });
}

/**
 * What every recorded load did, in the order in which they began. A million operations take half a second and 45 MB.
 * Never rejects: a file that is missing, torn or damaged makes its load's history `incomplete`.
 * @param directory the run's folder
 */
export async function readHistory(directory: string, record: RunRecord): Promise<History> {
  const events = record.of("history");
  const history: LoadHistory[] = [];
  // One after the other: each needs as much memory again while it is read.
  for (const name of new Set(events.map(({ load }) => load))) {
    const own = events.filter(({ load }) => load === name);
    history.push(await readLoad(directory, name, own));
  }
  return history;
}

async function readLoad(directory: string, load: string, events: readonly HistoryEvent[]): Promise<LoadHistory> {
  const { shape, nodes } = events.at(-1) as HistoryEvent;
  const foreign: string[] = [];
  const problems: string[] = [];
  const of = (final: boolean) => ({ directory, files: filesOf(events, final), shape, nodes, foreign, problems });
  const operations = await readOperations(of(false));
  const allRead = problems.length === 0;
  const final = await readOperations(of(true));
  if (of(true).files.length === 0) problems.push("the run ended before the final reads");
  // A number whose write is in a part that was lost is still a write's.
  if (allRead && modelOf(shape.type) !== "count") nameUnwritten(operations, final, foreign);
  const clocks = events.flatMap(({ wallClock }) => wallClock ?? []);
  const clockMoved = clocks.length === 0 ? 0 : Math.max(...clocks) - Math.min(...clocks);
  return { load, shape, nodes, operations, final, foreign, incomplete: problems.join("; ") || null, clockMoved };
}

/** Each file once, with what its last event says. */
function filesOf(events: readonly HistoryEvent[], final: boolean): OperationsFile[] {
  const files = new Map<string, OperationsFile>();
  for (const event of events) for (const one of event.files) if (one.final === final) files.set(one.file, one);
  return [...files.values()];
}

/** A number that was read and that no recorded write wrote is a foreign value, whoever made it look like one of ours. */
function nameUnwritten(operations: Operations, final: Operations, foreign: string[]): void {
  let most = 0;
  const { kind: kinds, value: values } = operations;
  for (let i = 0; i < operations.length; i++) if (kinds[i] === KIND.write) most = Math.max(most, values[i] as number);
  const written = new Uint8Array(most + 1);
  for (let i = 0; i < operations.length; i++) if (kinds[i] === KIND.write) written[values[i] as number] = 1;
  const names = new Map<number, number>();
  for (const { length, kind, value } of [operations, final]) {
    for (let i = 0; i < length; i++) {
      const number = value[i] as number;
      if (kind[i] !== KIND.read || number <= 0 || written[number]) continue;
      const name = names.get(number) ?? -foreign.push(unwritten(number));
      names.set(number, name);
      value[i] = name;
    }
  }
}
