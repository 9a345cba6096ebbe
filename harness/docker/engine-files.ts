import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { callUnless, type Daemon, GONE, withSignal } from "./engine-call.ts";
import { shortId } from "./engine-containers.ts";
import type { CallOptions } from "./engine-types.ts";

export function fileCalls(daemon: Daemon) {
  return {
    /**
     * Copies one file out of a container, running or not, to a path of this machine (mode 0600, folders are made).
     * @returns its size and when it was changed, ms since 1970; null: there is no such file, or it is none (a folder, a link)
     */
    async copyOut(
      id: string,
      path: string,
      to: string,
      options: CallOptions = {},
    ): Promise<{ bytes: number; modified: number } | null> {
      const what = `copy ${path} out of container ${shortId(id)}`;
      const copied = await callUnless(daemon, GONE, what, { default: 60_000, ...options }, async (signal) => {
        const archive = await daemon.docker.getContainer(id).getArchive(withSignal({ path }, signal));
        return firstFile(archive, to, signal);
      });
      return copied ?? null;
    },
  };
}

async function firstFile(archive: NodeJS.ReadableStream, to: string, signal: AbortSignal) {
  const files = extract();
  // An error of the source ends the reading of the entries too.
  const fed = pipeline(archive, files as unknown as Writable, { signal });
  fed.catch(() => {});
  for await (const entry of files) {
    const { type, size = 0, mtime } = entry.header;
    if (type !== "file") {
      entry.resume();
      continue;
    }
    await mkdir(dirname(to), { recursive: true });
    await pipeline(entry as unknown as Readable, createWriteStream(to, { mode: 0o600 }), { signal });
    return { bytes: size, modified: mtime?.getTime() ?? 0 };
  }
  await fed;
  return null;
}
