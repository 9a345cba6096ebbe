import { closeSync, openSync, readSync } from "node:fs";

/** Files of /proc are made when read and small; one buffer saves most of the cost of reading hundreds of them. */
const buffer = Buffer.allocUnsafe(16 * 1024);

/** Up to 16 KiB of a file; null: gone (ENOENT, ESRCH) or not permitted (EACCES, EPERM). Nothing else can be done about either. */
export function readSmallFile(path: string): string | null {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    return buffer.toString("latin1", 0, readSync(file, buffer, 0, buffer.length, 0));
  } catch {
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
