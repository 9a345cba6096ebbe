import { closeSync, openSync, readSync } from "node:fs";

/** Files of /proc are made when read and small; one buffer saves most of the cost of reading hundreds of them. */
const buffer = Buffer.allocUnsafe(64 * 1024);

/** A file's text; null: gone (ENOENT, ESRCH) or not permitted (EACCES, EPERM). Nothing else can be done about either. */
export function readSmallFile(path: string): string | null {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    // The kernel hands out longer ones page by page.
    let length = readSync(file, buffer, 0, buffer.length, null);
    const more: Buffer[] = [];
    for (let at = length; at > 0; ) {
      at = readSync(file, buffer, length, buffer.length - length, null);
      length += at;
      if (length < buffer.length) continue;
      more.push(Buffer.from(buffer));
      length = 0;
    }
    if (more.length === 0) return buffer.toString("utf8", 0, length);
    return Buffer.concat([...more, buffer.subarray(0, length)]).toString("utf8");
  } catch {
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
