import { ChaosError } from "../base/chaos-error.ts";

const CRLF = "\r\n";

/**
 * One command as a RESP2 array of bulk strings. Strings are UTF-8, numbers decimal, Buffers go as they are.
 * @throws ChaosError internal for an empty command
 */
export function encodeCommand(argv: readonly (string | Buffer | number)[]): Buffer {
  if (argv.length === 0) throw new ChaosError("internal", "a command needs at least its name");
  return Buffer.from(encodeByteStrings(argv.map(byteString)), "latin1");
}

/** One character for each byte. */
function byteString(argument: string | Buffer | number): string {
  if (Buffer.isBuffer(argument)) return argument.toString("latin1");
  const text = String(argument);
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString("latin1");
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
