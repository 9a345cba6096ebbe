import { type FileHandle, open } from "node:fs/promises";

/** Part of a file that is loaded: where it is in the file, and which addresses it gets. */
interface Segment {
  offset: number;
  address: number;
  size: number;
  executable: boolean;
}

/** A function that the file names. Its address is the file's own, before the loader moves it. */
export interface FunctionSymbol {
  /** As in the file: mangled. */
  name: string;
  address: number;
  size: number;
}

/** Bytes: no table of a server comes near. */
const TABLE_MAX = 512 * 1024 * 1024;
const NAME_MAX = 16 * 1024;
const SYMBOL = 24;
const SYMTAB = 2;
const DYNSYM = 11;

interface Section {
  type: number;
  offset: number;
  size: number;
  link: number;
}

/**
 * What kvchaos must know of a program or a library to name its functions: 64 bits, little-endian, as on both architectures that the
 * lock library knows. A file that lies about itself has fewer symbols.
 */
export class ProgramFile {
  readonly #segments: readonly Segment[];
  /** By address; of those at one address the one that a person would name first. */
  readonly functions: readonly FunctionSymbol[];

  constructor(segments: readonly Segment[], functions: readonly FunctionSymbol[]) {
    this.#segments = segments;
    this.functions = functions;
  }

  /** null: no code of this file. */
  addressOf(offset: number): number | null {
    const inside = (one: Segment): boolean => one.executable && offset >= one.offset && offset < one.offset + one.size;
    const segment = this.#segments.find(inside);
    return segment ? offset - segment.offset + segment.address : null;
  }

  offsetOf(address: number): number | null {
    const inside = (one: Segment): boolean =>
      one.executable && address >= one.address && address < one.address + one.size;
    const segment = this.#segments.find(inside);
    return segment ? address - segment.address + segment.offset : null;
  }

  /** The first code of the file between two offsets, and its address. */
  codeIn(from: number, to: number): { offset: number; address: number } | null {
    const code = this.#segments.find((one) => one.executable && one.offset < to && one.offset + one.size > from);
    if (!code) return null;
    const offset = Math.max(code.offset, from);
    return { offset, address: offset - code.offset + code.address };
  }

  /** The function that has this address in it; null: the file has no name for it, and one near by would be a guess. */
  functionAt(address: number): FunctionSymbol | null {
    let [low, high] = [0, this.functions.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.functions[middle]?.address ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    const found = this.functions[low - 1];
    return found && address < found.address + found.size ? found : null;
  }
}

/** null: not such a file. Rejects only when it cannot be read. */
export async function readProgramFile(path: string): Promise<ProgramFile | null> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const head = await read(file, 0, 64, size);
    if (head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2 || head[5] !== 1) return null;
    const segments = entries(
      head,
      await read(file, word(head, 32), head.readUInt16LE(54) * head.readUInt16LE(56), size),
      54,
    )
      .filter((one) => one.length >= 56 && one.readUInt32LE(0) === 1)
      .map((one) => ({
        offset: word(one, 8),
        address: word(one, 16),
        size: word(one, 32),
        executable: (one.readUInt32LE(4) & 1) !== 0,
      }));
    const sections = entries(
      head,
      await read(file, word(head, 40), head.readUInt16LE(58) * head.readUInt16LE(60), size),
      58,
    )
      .filter((one) => one.length >= 64)
      .map((one) => ({
        type: one.readUInt32LE(4),
        offset: word(one, 24),
        size: word(one, 32),
        link: one.readUInt32LE(40),
      }));
    const tables = [SYMTAB, DYNSYM].flatMap((type) => sections.find((section) => section.type === type) ?? []);
    const symbols = await Promise.all(tables.map((table) => readSymbols(file, table, sections[table.link], size)));
    return new ProgramFile(segments, inOrder(symbols.flat()));
  } finally {
    await file.close();
  }
}

interface Symbol extends FunctionSymbol {
  /** 0 global, 1 weak, 2 local. */
  rank: number;
}

async function readSymbols(
  file: FileHandle,
  table: Section,
  texts: Section | undefined,
  size: number,
): Promise<Symbol[]> {
  if (!texts) return [];
  const [entries, names] = [
    await read(file, table.offset, table.size, size),
    await read(file, texts.offset, texts.size, size),
  ];
  const symbols: Symbol[] = [];
  for (let at = 0; at + SYMBOL <= entries.length; at += SYMBOL) {
    const info = entries.readUInt8(at + 4);
    const type = info & 15;
    const [section, address, length] = [entries.readUInt16LE(at + 6), word(entries, at + 8), word(entries, at + 16)];
    // Functions, also those chosen when loaded (STT_GNU_IFUNC), that are in this file.
    if ((type !== 2 && type !== 10) || section === 0 || length === 0) continue;
    const name = textAt(names, entries.readUInt32LE(at));
    if (name !== "") symbols.push({ name, address, size: length, rank: [2, 0, 1][info >> 4] ?? 0 });
  }
  return symbols;
}

function inOrder(symbols: Symbol[]): FunctionSymbol[] {
  const byName = (a: Symbol, b: Symbol): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
  const sorted = symbols.sort(
    (a, b) => a.address - b.address || a.rank - b.rank || a.name.length - b.name.length || byName(a, b),
  );
  return sorted.filter(({ address }, i) => address !== sorted[i - 1]?.address);
}

function textAt(names: Buffer, at: number): string {
  const end = names.indexOf(0, at);
  if (at >= names.length || end < 0 || end - at > NAME_MAX) return "";
  return names.toString("utf8", at, end);
}

/** Of 8 bytes; exact up to 2^53. */
function word(from: Buffer, at: number): number {
  return Number(from.readBigUInt64LE(at));
}

/** @param size where in the head the size of one stands */
function entries(head: Buffer, table: Buffer, size: number): Buffer[] {
  const each = head.readUInt16LE(size);
  if (each === 0) return [];
  return Array.from({ length: Math.floor(table.length / each) }, (_, i) => table.subarray(i * each, (i + 1) * each));
}

async function read(file: FileHandle, at: number, length: number, size: number): Promise<Buffer> {
  if (at >= size || length > TABLE_MAX) return Buffer.alloc(0);
  const buffer = Buffer.alloc(Math.min(length, size - at));
  const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
  return buffer.subarray(0, bytesRead);
}
