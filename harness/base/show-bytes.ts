/** Bytes as one line of ASCII: what does not print becomes \xNN, and a long tail "…(n bytes)". */
export function showBytes(bytes: Buffer, most = 60): string {
  const cut = bytes.length > most ? bytes.subarray(0, most) : bytes;
  let out = "";
  for (const byte of cut) {
    if (byte === 0x5c) out += "\\\\";
    else if (byte >= 0x20 && byte < 0x7f) out += String.fromCharCode(byte);
    else out += `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return cut === bytes ? out : `${out}…(${bytes.length} bytes)`;
}

/** A value in quotes, shortened. */
export function quoteBytes(bytes: Buffer): string {
  return `"${showBytes(bytes).replaceAll('"', '\\"')}"`;
}
