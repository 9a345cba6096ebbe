import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { ChaosError } from "../../base/chaos-error.ts";
import type { Memory } from "../../forensics/process.ts";

/*
 * A core file (elf(5)): what lay in memory, and notes. Of each thread a note (NT_PRSTATUS) holds the registers:
 *
 *   ELF header ─► program headers ─┬─► PT_NOTE  prstatus, prstatus, … prpsinfo, file
 *                                  └─► PT_LOAD  address, size, place in the file
 */

export interface CoreThread {
  tid: number;
  /** The number of the signal that ended the process, of the thread that took it; 0. */
  signal: number;
  /** By their order in user_regs_struct (sys/user.h). */
  registers: readonly bigint[];
}

export interface CoreFileMapping {
  from: number;
  to: number;
  /** In the file. */
  offset: number;
  path: string;
}

export interface CoreImage {
  /** Its program's name and arguments, as the kernel cuts them. */
  comm: string;
  args: string;
  /** Its first thread's id, 0 where no note tells. */
  pid: number;
  /** The one that died first. */
  threads: CoreThread[];
  files: CoreFileMapping[];
  memory: Memory;
}

const EM_X86_64 = 62;
const [PT_LOAD, PT_NOTE] = [1, 4];
const [NT_PRSTATUS, NT_PRPSINFO, NT_FILE] = [1, 3, 0x46494c45];
const REGISTERS = 27;
/** More notes than this no process has. */
const MOST_NOTES = 256 * 1024 * 1024;

/** @throws ChaosError usage: it is no core of an x86-64 program, or it is cut off. Its memory must be closed. */
export function openCore(path: string): CoreImage {
  const file = openSync(path, "r");
  try {
    return readImage(file, path);
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function readImage(file: number, path: string): CoreImage {
  const bad = (why: string) => new ChaosError("usage", `${path} cannot be examined: ${why}`);
  const read = (at: number, length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    if (readSync(file, bytes, 0, length, at) !== length) throw bad("it is cut off (a limit of its size?)");
    return bytes;
  };
  const head = read(0, 64);
  if (head[4] !== 2 || head.readUInt16LE(18) !== EM_X86_64) throw bad("it is not the core of an x86-64 program");
  const [table, size, count] = [Number(head.readBigUInt64LE(32)), head.readUInt16LE(54), head.readUInt16LE(56)];
  const segments = Array.from({ length: count }, (_, i) => {
    const bytes = read(table + i * size, 56);
    const word = (at: number) => Number(bytes.readBigUInt64LE(at));
    return { type: bytes.readUInt32LE(0), offset: word(8), address: word(16), length: word(32) };
  });
  const image: CoreImage = { comm: "", args: "", pid: 0, threads: [], files: [], memory: memoryOf(file, segments) };
  for (const { offset, length } of segments.filter(({ type }) => type === PT_NOTE)) {
    if (length > MOST_NOTES || offset + length > fstatSync(file).size) throw bad("its notes are cut off");
    readNotes(read(offset, length), image);
  }
  if (image.threads.length === 0) throw bad("it names no thread");
  return image;
}

function readNotes(bytes: Buffer, image: CoreImage): void {
  const padded = (length: number): number => (length + 3) & ~3;
  for (let at = 0; at + 12 <= bytes.length; ) {
    const [nameSize, size, type] = [0, 4, 8].map((by) => bytes.readUInt32LE(at + by)) as [number, number, number];
    const start = at + 12 + padded(nameSize);
    const note = bytes.subarray(start, start + size);
    if (type === NT_PRSTATUS && note.length >= 112 + REGISTERS * 8) {
      const registers = Array.from({ length: REGISTERS }, (_, i) => note.readBigUInt64LE(112 + i * 8));
      image.threads.push({ tid: note.readUInt32LE(32), signal: note.readUInt16LE(12), registers });
    } else if (type === NT_PRPSINFO && note.length >= 136) {
      image.comm = textOf(note.subarray(40, 56));
      image.pid = note.readUInt32LE(24);
      image.args = textOf(note.subarray(56, 136));
    } else if (type === NT_FILE) image.files.push(...mappings(note));
    at = start + padded(size);
  }
}

/** count, page size, then from, to and page of each, then their names. */
function mappings(note: Buffer): CoreFileMapping[] {
  const word = (i: number) => Number(note.readBigUInt64LE(i * 8));
  if (note.length < 16) return [];
  const [count, page] = [word(0), word(1)];
  if (note.length < 16 + count * 24) return [];
  const names = note.toString("utf8", 16 + count * 24).split("\0");
  return Array.from({ length: count }, (_, i) => {
    const [from, to, offset] = [0, 1, 2].map((by) => word(2 + i * 3 + by)) as [number, number, number];
    return { from, to, offset: offset * page, path: names[i] ?? "" };
  });
}

function textOf(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return text.slice(0, text.indexOf("\0") >= 0 ? text.indexOf("\0") : undefined).trim();
}

function memoryOf(
  file: number,
  all: readonly { type: number; offset: number; address: number; length: number }[],
): Memory {
  const segments = all.filter(({ type, length }) => type === PT_LOAD && length > 0);
  return {
    words(address, count) {
      const bytes = Buffer.alloc(count * 4);
      // What lies in two segments may still be one piece of memory.
      for (let done = 0; done < bytes.length; ) {
        const at = address + done;
        const segment = segments.find((one) => one.address <= at && at < one.address + one.length);
        if (!segment) return null;
        const length = Math.min(bytes.length - done, segment.address + segment.length - at);
        if (readSync(file, bytes, done, length, segment.offset + at - segment.address) !== length) return null;
        done += length;
      }
      return Array.from({ length: count }, (_, i) => bytes.readUInt32LE(i * 4));
    },
    close: () => closeSync(file),
  };
}
