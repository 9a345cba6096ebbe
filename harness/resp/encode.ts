import { ChaosError } from "../base/chaos-error.ts";

const CRLF = "\r\n";

/**
 * One command as a RESP2 array of bulk strings. Strings are UTF-8, numbers decimal, Buffers go as they are.
 * @throws ChaosError internal for an empty command
 */
export function encodeCommand(argv: readonly (string | Buffer | number)[]): Buffer {
  if (argv.length === 0) throw new ChaosError("internal", "a command needs at least its name");
  const head = `*${argv.length}${CRLF}`;
  let size = head.length;
  const heads: string[] = [];
  const args: (string | Buffer)[] = [];
  for (const argument of argv) {
    const arg = typeof argument === "number" ? String(argument) : argument;
    const bytes = typeof arg === "string" ? Buffer.byteLength(arg) : arg.length;
    const bulk = `$${bytes}${CRLF}`;
    size += bulk.length + bytes + 2;
    heads.push(bulk);
    args.push(arg);
  }
  const out = Buffer.allocUnsafe(size);
  let at = out.write(head, 0, "latin1");
  for (let i = 0; i < args.length; i++) {
    at += out.write(heads[i] as string, at, "latin1");
    const arg = args[i] as string | Buffer;
    at += typeof arg === "string" ? out.write(arg, at, "utf8") : arg.copy(out, at);
    out[at++] = 13;
    out[at++] = 10;
  }
  return out;
}

const BULK_HEADS = Array.from({ length: 1024 }, (_, bytes) => `$${bytes}${CRLF}`);

/**
 * The same for arguments whose every character is one byte (U+0000..U+00FF), as a string of such characters: write it
 * as "latin1". Joining strings is several times cheaper than filling Buffers when commands are small and many.
 */
export function encodeByteStrings(argv: readonly string[]): string {
  let out = `*${argv.length}${CRLF}`;
  for (const arg of argv) out += (BULK_HEADS[arg.length] ?? `$${arg.length}${CRLF}`) + arg + CRLF;
  return out;
}
