/** The escapes of a text that stands for bytes; all else is UTF-8. */
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|([rnt0\\"'])|.|$)/gs;
const BYTES: Readonly<Record<string, number>> = { r: 13, n: 10, t: 9, "0": 0, "\\": 0x5c, '"': 0x22, "'": 0x27 };
const NAMES = new Map([
  [13, "\\r"],
  [10, "\\n"],
  [9, "\\t"],
  [0x5c, "\\\\"],
]);

/** The bytes that a text with escapes stands for (`\r\n`, `\x00`); null: it has an escape that means nothing. */
export function parseBytes(text: string): Buffer | null {
  const parts: Buffer[] = [];
  let end = 0;
  for (const match of text.matchAll(ESCAPE)) {
    const [whole, digits, name] = match;
    const byte = digits === undefined ? BYTES[name ?? ""] : Number.parseInt(digits, 16);
    if (byte === undefined) return null;
    parts.push(Buffer.from(text.slice(end, match.index)), Buffer.from([byte]));
    end = match.index + whole.length;
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(end))]);
}

/** Bytes as one line of ASCII that `parseBytes` reads; what is longer than `most` ends with "…(n bytes)", which it does not. */
export function bytesText(bytes: Buffer, most = Number.POSITIVE_INFINITY): string {
  const text = [...bytes.subarray(0, most)].map((byte) => {
    if (byte >= 0x20 && byte < 0x7f && byte !== 0x5c) return String.fromCharCode(byte);
    return NAMES.get(byte) ?? `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return bytes.length > most ? `${text.join("")}…(${bytes.length} bytes)` : text.join("");
}
