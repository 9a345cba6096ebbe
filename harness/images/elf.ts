import { type FileHandle, open } from "node:fs/promises";

/** What the harness must know of a program file before it can be put into an image. */
export interface ElfFile {
  /** e_machine, see `machineName`. */
  machine: number;
  /** The dynamic loader it asks for (PT_INTERP); null for static programs and for shared libraries. */
  interpreter: string | null;
  /** Has a dynamic section: a shared library, or a program that needs the loader. */
  dynamic: boolean;
}

const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const MACHINES: Record<number, string> = {
  3: "386",
  40: "arm",
  62: "amd64",
  183: "arm64",
  243: "riscv64",
  22: "s390x",
};
const NODE_ARCH: Record<string, number> = { ia32: 3, arm: 40, x64: 62, arm64: 183, riscv64: 243, s390x: 22 };

export function machineName(machine: number): string {
  return MACHINES[machine] ?? `machine ${machine}`;
}

/** e_machine of this host; undefined on an architecture we do not know. */
export const HOST_MACHINE: number | undefined = NODE_ARCH[process.arch];

/**
 * Reads the headers of an ELF file (System V ABI, chapter 4 and 5). Returns undefined when it is not one (a script, an
 * archive); rejects only when the file cannot be read.
 */
export async function readElf(path: string): Promise<ElfFile | undefined> {
  const file = await open(path, "r");
  try {
    const head = await read(file, 0, 64);
    if (head.length < 52 || head.readUInt32BE(0) !== 0x7f454c46) return undefined;
    const wide = head[4] === 2;
    const big = head[5] === 2;
    if (wide && head.length < 64) return undefined;
    const u16 = (at: number, from = head): number => (big ? from.readUInt16BE(at) : from.readUInt16LE(at));
    const u32 = (at: number, from = head): number => (big ? from.readUInt32BE(at) : from.readUInt32LE(at));
    const word = (at: number, from = head): number => {
      if (!wide) return u32(at, from);
      return Number(big ? from.readBigUInt64BE(at) : from.readBigUInt64LE(at));
    };
    const elf: ElfFile = { machine: u16(18), interpreter: null, dynamic: false };
    const tableAt = word(wide ? 32 : 28);
    const size = u16(wide ? 54 : 42);
    const count = u16(wide ? 56 : 44);
    const table = await read(file, tableAt, size * count);
    for (let at = 0; at + size <= table.length && size > 0; at += size) {
      const type = u32(at, table);
      if (type === PT_DYNAMIC) elf.dynamic = true;
      if (type !== PT_INTERP) continue;
      const offset = word(at + (wide ? 8 : 4), table);
      const length = word(at + (wide ? 32 : 16), table);
      elf.interpreter = (await read(file, offset, Math.min(length, 4096))).toString("utf8").replace(/\0.*$/s, "");
    }
    return elf;
  } finally {
    await file.close();
  }
}

async function read(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, at);
  return buffer.subarray(0, bytesRead);
}
