import { type FileHandle, open, readFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import type { CellShape, Operations } from "../journal/history.ts";
import { emptyColumns, inCellOrder } from "./columns.ts";
import { cellAt, decodeOperation, foreignFile, isSound, MAGIC, MOST_VALUE, RECORD_BYTES, valueAt } from "./format.ts";

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

/** The operations of several files as columns, those of a cell in order of invocation; of one connection in theirs. Never rejects. */
export async function readOperations(options: ReadOptions): Promise<Operations> {
  return inCellOrder(await readRecords(options));
}

/** The same in the order of the files: as they ended. */
export async function readRecords(options: ReadOptions): Promise<Operations> {
  const opened = await openFiles(options);
  const known = new Map(options.foreign.map((text, i) => [text, i]));
  const all = emptyColumns(opened.reduce((sum, one) => sum + one.records, 0));
  let row = 0;
  for (const one of opened) {
    const numbers = await readForeign(path.join(options.directory, one.file), options.foreign, known);
    const nameOf = (value: number): number => {
      if (value >= 0 && value <= MOST_VALUE) return value;
      // An operation may name a foreign value that its file of values has not.
      const text = value < 0 ? "(a value that was not kept)" : unwritten(value);
      return -1 - ((value < 0 ? numbers[-value - 1] : undefined) ?? numberOf(text, options.foreign, known));
    };
    await eachRecord(options, one, (view, at) => {
      decodeOperation(view, at, all, row);
      all.value[row++] = nameOf(valueAt(view, at));
    });
  }
  return { ...all, length: row };
}

/** Numbers of the cells that operations in these files read or wrote, each once, in order. Files that cannot be read add none. */
export async function touchedCells(
  directory: string,
  files: readonly string[],
  shape: CellShape,
  nodes: readonly string[],
): Promise<Uint32Array> {
  // What is wrong with a file is told by who reads the history; here it only means fewer cells.
  const named = files.map((file) => ({ file, operations: null }));
  const options = { directory, files: named, shape, nodes, foreign: [], problems: [] };
  const touched = new Uint8Array(shape.keys * shape.elements);
  let count = 0;
  for (const one of await openFiles(options)) {
    await eachRecord(options, one, (view, at) => {
      const cell = cellAt(view, at);
      count += 1 - (touched[cell] as number);
      touched[cell] = 1;
    });
  }
  const cells = new Uint32Array(count);
  for (let cell = touched.indexOf(1), i = 0; cell !== -1; cell = touched.indexOf(1, cell + 1)) cells[i++] = cell;
  return cells;
}

/** The text of a number that was read and that no write has. */
export function unwritten(number: number): string {
  return `${number} (no write of this load has this number)`;
}

interface OpenedFile extends OperationsFile {
  handle: FileHandle;
  records: number;
}

async function openFiles(options: ReadOptions): Promise<OpenedFile[]> {
  const opened = await Promise.all(options.files.map((file) => openFile(options, file)));
  return opened.filter((one) => one !== undefined);
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

/** Visits the records of a file up to the first that is damaged, and closes it. */
async function eachRecord(
  { shape, nodes, problems }: ReadOptions,
  { file, handle, records }: OpenedFile,
  visit: (view: DataView, at: number) => void,
): Promise<void> {
  const cells = shape.keys * shape.elements;
  const chunk = Buffer.alloc(CHUNK_BYTES);
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  try {
    for (let record = 0; record < records; ) {
      const wanted = Math.min(CHUNK_BYTES, (records - record) * RECORD_BYTES);
      const { bytesRead } = await handle.read(chunk, 0, wanted, MAGIC.length + record * RECORD_BYTES);
      if (bytesRead < RECORD_BYTES) throw new ChaosError("infrastructure", "it became shorter");
      for (let at = 0; at + RECORD_BYTES <= bytesRead; at += RECORD_BYTES, record++) {
        if (!isSound(view, at, cells, nodes.length))
          throw new ChaosError("infrastructure", `record ${record} is damaged`);
        visit(view, at);
      }
    }
  } catch (error) {
    problems.push(`${file} could not be read to its end: ${messageOf(error)}`);
  } finally {
    await handle.close();
  }
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
