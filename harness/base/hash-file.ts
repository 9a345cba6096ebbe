import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

const CHUNK = 256 * 1024;

/**
 * SHA-256 of a file, in hexadecimal digits, and its length. Through one buffer: a stream's chunks of a journal of hundreds of
 * megabytes stay in memory until somebody collects them. Rejects as `open` and `read` do.
 */
export async function hashFile(file: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(CHUNK);
  const handle = await open(file, "r");
  try {
    for (let bytes = 0; ; ) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK, null);
      if (bytesRead === 0) return { sha256: hash.digest("hex"), bytes };
      hash.update(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
