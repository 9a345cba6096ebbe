import { type FileHandle, open, readFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import type { CellShape, Operations } from "../journal/history.ts";
import { emptyColumns } from "./columns.ts";
import { decodeOperation, foreignFile, MAGIC, RECORD_BYTES } from "./format.ts";

const CHUNK_BYTES = RECORD_BYTES * 32_768;

/** A file of operations as the journal names it. */
export interface OperationsFile {
  /** Path below the run's folder. */
  file: string;
  /** How many operations it should hold; null: nobody said so. */
  operations: number | null;
}

export interface ReadOptions {
  /** The run's folder. */
  directory: string;
  files: readonly OperationsFile[];
  shape: CellShape;
  nodes: readonly string[];
  /** Gets the foreign values of the files, each once; those that are there already stay. */
  foreign: string[];
  /** Gets what is wrong with the files, for a reader. */
  problems: string[];
}

/** The operations of several files as columns, in order of invocation; those of one connection stay in theirs. Never rejects. */
export async function readOperations(options: ReadOptions): Promise<Operations> {
  const opened = await Promise.all(options.files.map((file) => openFile(options, file)));
  const known = new Map(options.foreign.map((text, i) => [text, i]));
  const all = emptyColumns(opened.reduce((sum, one) => sum + (one?.records ?? 0), 0));
  let length = 0;
  for (const one of opened) if (one) length = await readFileInto(all, length, one, options, known);
  return inOrder(all, length);
}

interface OpenedFile extends OperationsFile {
  handle: FileHandle;
  records: number;
}

async function openFile(
  { directory, problems }: ReadOptions,
  { file, operations }: OperationsFile,
): Promise<OpenedFile | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path.join(directory, file), "r");
    const { size } = await handle.stat();
    const { buffer } = await handle.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
    if (size > 0 && !buffer.equals(MAGIC))
      throw new ChaosError("infrastructure", "it is no history of this version of kvchaos");
    const records = Math.max(0, Math.floor((size - MAGIC.length) / RECORD_BYTES));
    if (operations === null)
      problems.push(`nothing says how ${file} ended: the harness was killed, or its thread died`);
    else if (records < operations) problems.push(`${file} holds ${records} of ${operations} operations`);
    return { file, operations, handle, records };
  } catch (error) {
    await handle?.close();
    problems.push(`${file} cannot be read: ${messageOf(error)}`);
    return undefined;
  }
}

/** Fills rows from `start` on; returns the first row behind them. */
async function readFileInto(
  all: Operations,
  start: number,
  { file, handle, records }: OpenedFile,
  { directory, shape, nodes, foreign, problems }: ReadOptions,
  known: Map<string, number>,
): Promise<number> {
  const cells = shape.keys * shape.elements;
  const chunk = Buffer.alloc(CHUNK_BYTES);
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  let row = start;
  try {
    const numbers = await readForeign(path.join(directory, file), foreign, known);
    for (let left = records; left > 0; ) {
      const wanted = Math.min(CHUNK_BYTES, left * RECORD_BYTES);
      const position = MAGIC.length + (row - start) * RECORD_BYTES;
      const { bytesRead } = await handle.read(chunk, 0, wanted, position);
      if (bytesRead < RECORD_BYTES) throw new ChaosError("infrastructure", "it became shorter");
      const got = Math.floor(bytesRead / RECORD_BYTES);
      for (let i = 0; i < got; i++, row++) {
        decodeOperation(view, i * RECORD_BYTES, all, row);
        const [cell = 0, outcome = 0, node = 0, value = 0] = [
          all.cell[row],
          all.outcome[row],
          all.node[row],
          all.value[row],
        ];
        if (cell >= cells || outcome > 2 || node >= nodes.length || !Number.isSafeInteger(value)) {
          throw new ChaosError("infrastructure", `record ${row - start} is damaged`);
        }
        // An operation may name a foreign value that its file of values has not.
        if (value < 0) {
          const number = numbers[-value - 1] ?? numberOf("(a value that was not kept)", foreign, known);
          all.value[row] = -(number + 1);
        }
      }
      left -= got;
    }
  } catch (error) {
    problems.push(`${file} could not be read to its end: ${messageOf(error)}`);
  } finally {
    await handle.close();
  }
  return row;
}

/** The foreign values that operations of `file` name: their numbers among all. */
async function readForeign(file: string, foreign: string[], known: Map<string, number>): Promise<number[]> {
  const text = await readFile(foreignFile(file), "utf8").catch(() => "");
  return text.split("\n").flatMap((line, i, lines) => {
    // The last line is empty, or torn.
    if (i === lines.length - 1) return [];
    return [numberOf(String(JSON.parse(line)), foreign, known)];
  });
}

function numberOf(text: string, foreign: string[], known: Map<string, number>): number {
  let number = known.get(text);
  if (number === undefined) {
    number = foreign.push(text) - 1;
    known.set(text, number);
  }
  return number;
}

/** The first `length` rows, sorted by `invoked`; equal ones stay as they are. */
function inOrder(all: Operations, length: number): Operations {
  const { invoked } = all;
  const order = new Uint32Array(length);
  for (let i = 0; i < length; i++) order[i] = i;
  order.sort((a, b) => (invoked[a] as number) - (invoked[b] as number) || a - b);
  const sorted = emptyColumns(length);
  const names = Object.keys(sorted).filter((name) => name !== "length") as (keyof Omit<Operations, "length">)[];
  for (const name of names) {
    const [from, to] = [all[name], sorted[name]];
    for (let i = 0; i < length; i++) to[i] = from[order[i] as number] as number;
  }
  return sorted;
}
