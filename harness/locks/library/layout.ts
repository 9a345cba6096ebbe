import { z } from "zod";
import { ChaosError } from "../../base/chaos-error.ts";

const structure = z.object({ size: z.int(), fields: z.record(z.string(), z.tuple([z.int(), z.int()])) });
const layoutSchema = z.object({ version: z.int(), types: z.record(z.string(), structure) });

/** How the library's tables lie in memory: printed by the library's own source (locks.c, PRINT_LAYOUT). */
export type Layout = z.infer<typeof layoutSchema>;

export function parseLayout(text: string): Layout {
  return layoutSchema.parse(JSON.parse(text));
}

/** Reads and writes the fields of one kind of table by name. An unknown name is a mistake of ours and throws. */
export class Table {
  readonly size: number;
  readonly #fields: Layout["types"][string]["fields"];
  readonly #name: string;

  constructor(layout: Layout, name: string) {
    const { size, fields } = layout.types[name] ?? { size: 0, fields: {} };
    this.size = size;
    this.#fields = fields;
    this.#name = name;
  }

  /** Where a field begins. @param at where the table begins */
  offset(field: string, at = 0): number {
    return at + this.#field(field)[0];
  }

  /** Bytes of a field. */
  width(field: string): number {
    return this.#field(field)[1];
  }

  /** A whole number of 1, 2, 4 or 8 bytes; of 8 exact up to 2^53, which holds addresses of user space. */
  number(bytes: Buffer, at: number, field: string): number {
    const [offset, size] = this.#field(field);
    if (size === 8) return Number(bytes.readBigUInt64LE(at + offset));
    return bytes.readUIntLE(at + offset, size);
  }

  /** One of 8 bytes that is a hash. */
  wide(bytes: Buffer, at: number, field: string): bigint {
    return bytes.readBigUInt64LE(at + this.#field(field)[0]);
  }

  /** Up to its first zero. */
  text(bytes: Buffer, at: number, field: string): string {
    const [offset, size] = this.#field(field);
    const part = bytes.subarray(at + offset, at + offset + size);
    const end = part.indexOf(0);
    return part.toString("utf8", 0, end < 0 ? size : end);
  }

  set(bytes: Buffer, at: number, field: string, value: number): void {
    const [offset, size] = this.#field(field);
    if (size === 8) bytes.writeBigUInt64LE(BigInt(value), at + offset);
    else bytes.writeUIntLE(value, at + offset, size);
  }

  /** Cut to what fits, with a zero behind. */
  setText(bytes: Buffer, at: number, field: string, value: string): void {
    const [offset, size] = this.#field(field);
    bytes.fill(0, at + offset, at + offset + size);
    bytes.write(value, at + offset, size - 1, "utf8");
  }

  #field(name: string): [number, number] {
    const field = this.#fields[name];
    if (!field) throw new ChaosError("internal", `the library has no field "${name}" in "${this.#name}"`);
    return field;
  }
}
