import { ChaosError } from "../base/chaos-error.ts";

const CRLF = "\r\n";

/**
 * One command as a RESP2 array of bulk strings. Strings are UTF-8, numbers decimal, Buffers go as they are.
 * @throws ChaosError internal for an empty command
 */
export function encodeCommand(argv: readonly (string | Buffer | number)[]): Buffer {
  if (argv.length === 0) throw new ChaosError("internal", "a command needs at least its name");
  // Joining strings of one byte a character is several times cheaper than filling Buffers when arguments are small.
  let out = `*${argv.length}${CRLF}`;
  for (const arg of argv.map(byteString)) out += `$${arg.length}${CRLF}${arg}${CRLF}`;
  return Buffer.from(out, "latin1");
}

/** One character for each byte. */
function byteString(argument: string | Buffer | number): string {
  if (Buffer.isBuffer(argument)) return argument.toString("latin1");
  const text = String(argument);
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString("latin1");
}
