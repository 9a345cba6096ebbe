import type { KeptStack } from "../graph.ts";

/*
 * A core file (System V ABI, chapters 4 and 5, as Linux writes it) of one thread, of which nothing is known but the registers that a
 * debugger needs to unwind, and a piece of its stack:
 *
 *   header │ program headers: note, stack │ note: NT_PRSTATUS │ stack
 */

const HEADER = 64;
const PROGRAM_HEADER = 56;
const NOTE_HEADER = 12;
/** Bytes of elf_prstatus on x86-64, and where in it the registers begin. */
const STATUS = 336;
const REGISTERS = 112;
/** struct user_regs_struct of x86-64. */
const ORDER = [
  ..."r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax".split(" "),
  ..."pc cs flags sp ss fs_base gs_base ds es fs gs".split(" "),
];

/** The file's bytes, for `core-file` of gdb. x86-64 only, as what the library keeps. */
export function coreFile({ registers, bytes }: KeptStack): Buffer {
  const owner = Buffer.from("CORE\0\0\0\0");
  const note = Buffer.alloc(NOTE_HEADER + owner.length + STATUS);
  note.writeUInt32LE("CORE\0".length, 0);
  note.writeUInt32LE(STATUS, 4);
  note.writeUInt32LE(1, 8); // NT_PRSTATUS
  owner.copy(note, NOTE_HEADER);
  const status = note.subarray(NOTE_HEADER + owner.length);
  status.writeUInt32LE(1, 32); // a process id, which gdb wants
  const known = new Map<string, number>(Object.entries(registers));
  for (const [i, name] of ORDER.entries()) status.writeBigUInt64LE(BigInt(known.get(name) ?? 0), REGISTERS + i * 8);

  const head = Buffer.alloc(HEADER + 2 * PROGRAM_HEADER);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // 64 bits, little-endian
  head.writeUInt16LE(4, 16); // ET_CORE
  head.writeUInt16LE(62, 18); // x86-64
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(BigInt(HEADER), 32);
  head.writeUInt16LE(HEADER, 52);
  head.writeUInt16LE(PROGRAM_HEADER, 54);
  head.writeUInt16LE(2, 56);
  programHeader(head, HEADER, { type: 4, flags: 0, offset: head.length, address: 0, size: note.length });
  const stack = { type: 1, flags: 6, offset: head.length + note.length, address: registers.sp, size: bytes.length };
  programHeader(head, HEADER + PROGRAM_HEADER, stack);
  return Buffer.concat([head, note, bytes]);
}

function programHeader(
  into: Buffer,
  at: number,
  { type, flags, offset, address, size }: Record<"type" | "flags" | "offset" | "address" | "size", number>,
): void {
  into.writeUInt32LE(type, at);
  into.writeUInt32LE(flags, at + 4);
  into.writeBigUInt64LE(BigInt(offset), at + 8);
  into.writeBigUInt64LE(BigInt(address), at + 16);
  into.writeBigUInt64LE(BigInt(size), at + 32);
  into.writeBigUInt64LE(BigInt(size), at + 40);
  into.writeBigUInt64LE(1n, at + 48);
}
