import { mkdtempSync, rmSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { emptyOperation, RECORD_BYTES } from "../harness/history/format.ts";
import { readOperations } from "../harness/history/read-operations.ts";
import { HistoryWriter } from "../harness/history/writer.ts";
import { type BenchRow, inTurns, rowOf } from "./table.ts";

/*
 * What does it cost to record an operation, and to read a history key by key? Beside it, to write and to read as many bytes.
 * `npm run bench -- history [operations, default 1 million]`
 */

export const title = "Recorded histories";

const ROUNDS = 5;
const CELLS = 10_000;
const CHUNK = RECORD_BYTES * 8192;
/** Operations in flight: so far are those that end from those that begin. */
const CLIENTS = 32;

export async function rows([asked = "1000000"]: readonly string[]): Promise<BenchRow[]> {
  const operations = Number(asked);
  const directory = mkdtempSync(path.join(tmpdir(), "kvchaos-bench-"));
  const [history, bytes] = [path.join(directory, "l.ops"), path.join(directory, "bytes")];
  const timed = (file: string | null, work: () => Promise<void>) => async (): Promise<number> => {
    if (file !== null) await rm(file, { force: true });
    const begun = performance.now();
    await work();
    return operations / (performance.now() - begun);
  };
  try {
    const record = timed(history, () => recordInto(history, operations));
    const write = timed(bytes, () => writeInto(bytes, operations * RECORD_BYTES));
    const written = await inTurns(ROUNDS, [record, write]);
    const read = await inTurns(ROUNDS, [
      timed(null, () => readFrom(directory, operations)),
      timed(null, () => readBytes(bytes)),
    ]);
    const told = [
      (figure: number) => `${figure.toFixed(0)} k/s`,
      (figure: number) => `${figure.toFixed(0)} k/s their bytes`,
    ] as const;
    return [
      rowOf({ what: `${asked} operations recorded`, figures: written, told, goal: null }),
      rowOf({ what: `${asked} operations read, in order`, figures: read, told, goal: null }),
    ];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function recordInto(file: string, operations: number): Promise<void> {
  const writer = HistoryWriter.open(file);
  const operation = emptyOperation(0);
  for (let i = 0; i < operations; i++) {
    operation.cell = (i * 7919) % CELLS;
    operation.client = i % CLIENTS;
    operation.invoked = i - ((i * 31) % CLIENTS);
    operation.completed = i;
    operation.value = i + 1;
    writer.add(operation);
    if (i % 100_000 === 0) await writer.written();
  }
  const { failure } = await writer.close();
  if (failure !== null) throw new Error(failure);
}

async function writeInto(file: string, bytes: number): Promise<void> {
  const handle = await open(file, "w");
  const chunk = Buffer.alloc(CHUNK);
  for (let left = bytes; left > 0; left -= CHUNK) await handle.write(chunk, 0, Math.min(CHUNK, left));
  await handle.close();
}

async function readFrom(directory: string, operations: number): Promise<void> {
  const shape = { type: "string", prefix: "k:", keys: CELLS, elements: 1 } as const;
  const files = [{ file: "l.ops", operations }];
  const { length } = await readOperations({ directory, files, shape, nodes: ["m1"], foreign: [], problems: [] });
  if (length !== operations) throw new Error(`${length} of ${operations} operations were read`);
}

async function readBytes(file: string): Promise<void> {
  const handle = await open(file, "r");
  const chunk = Buffer.alloc(CHUNK);
  while ((await handle.read(chunk, 0, CHUNK, null)).bytesRead > 0);
  await handle.close();
}
