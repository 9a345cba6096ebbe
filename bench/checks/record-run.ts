import { writeFileSync } from "node:fs";
import path from "node:path";
import { emptyOperation, finalFile, operationsFile } from "../../harness/history/format.ts";
import { HistoryWriter } from "../../harness/history/writer.ts";
import type { JournalEvent } from "../../harness/journal/events.ts";
import { KIND } from "../../harness/journal/history.ts";
import { fixture } from "../../harness/testing/record-fixture.support.ts";
import { runClients, type Size } from "./run-clients.ts";

/*
 * A run's folder with a history of as many operations as are wanted, recorded as a run records it:
 *   runClients ─► HistoryWriter ─► history/*.ops    the fixture's events ─► journal.jsonl
 */

const NODES = ["m1", "r1"];
const LOAD = "load";
export const CHECKS = ["no-lost-writes", "per-key-order", "linearizable"];
const UNANSWERED = 0.002;
const DELETES = 0.02;
const FINAL_READS = 53_000;
/** Records that are added before they are waited for. */
const AT_ONCE = 50_000;

export async function recordRun(directory: string, shape: Size): Promise<void> {
  const files = [operationsFile(LOAD, 0), operationsFile(LOAD, 1)];
  const writers = files.map((file) => HistoryWriter.open(path.join(directory, file)));
  const state = await runClients(
    { ...shape, unanswered: UNANSWERED, deletes: DELETES },
    (operation) => writers[operation.client % writers.length]?.add(operation),
    async () => void (await Promise.all(writers.map((writer) => writer.written()))),
  );
  const ends = await Promise.all(writers.map((writer) => writer.close()));
  const last = await writeFinals(path.join(directory, finalFile(LOAD)), state);
  writeJournal(directory, shape, [
    ...files.map((file, i) => ({ file, final: false, operations: ends[i]?.operations ?? null })),
    { file: finalFile(LOAD), final: true, operations: last },
  ]);
}

async function writeFinals(file: string, state: Int32Array): Promise<number> {
  const writer = HistoryWriter.open(file);
  for (const [node] of NODES.entries()) {
    const operation = { ...emptyOperation(node), kind: KIND.read, client: node, invoked: FINAL_READS };
    for (let cell = 0; cell < state.length; cell++) {
      operation.cell = cell;
      operation.value = state[cell] as number;
      operation.completed = FINAL_READS + 1;
      writer.add(operation);
      if (cell % AT_ONCE === 0) await writer.written();
    }
  }
  return (await writer.close()).operations;
}

type HistoryFile = Extract<JournalEvent, { type: "history" }>["files"][number];

function writeJournal(directory: string, { keys }: Size, files: HistoryFile[]): void {
  const shape = { type: "string", prefix: "key:", keys, elements: 1 } as const;
  const end: JournalEvent = { type: "history", t: 54_000, step: "end", load: LOAD, files, shape, nodes: NODES };
  const { events } = fixture([end], { checks: CHECKS });
  writeFileSync(path.join(directory, "journal.jsonl"), events.map((event) => `${JSON.stringify(event)}\n`).join(""));
}
