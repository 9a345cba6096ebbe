import { lstat, open, readdir, readlink, truncate } from "node:fs/promises";
import path from "node:path";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import type { SyncedFiles } from "../../interpose/interpose-folder.ts";

/** What a power cut took away. */
export interface Lost {
  /** Files that are shorter than they were. */
  files: number;
  /** Of these: files of which nothing had ever been synced. */
  emptied: number;
  bytes: bigint;
  /** Files that were kept whole because they were mapped for writing. */
  mapped: number;
}

/** A folder that stays reachable when the container that has it mounted is gone. */
export interface HeldFolder {
  path: string;
  close(): Promise<void>;
}

/** Holds the folder as a process sees it. Rejects where this process may not look. @param directory inside of its container */
export async function holdFolder(pid: number, directory: string): Promise<HeldFolder> {
  const handle = await open(`/proc/${pid}/root${directory}`, "r").catch((error: unknown) => {
    throw new ChaosError("infrastructure", `the data directory cannot be opened from here: ${messageOf(error)}`, {
      hint: "It needs root, and the Docker engine on this machine.",
    });
  });
  return { path: `/proc/self/fd/${handle.fd}`, close: () => handle.close() };
}

/** Does a process have a queue through which it can write without the C library? */
export async function hasUring(pid: number): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const files = await readdir(folder).catch(() => []);
  const targets = await Promise.all(files.map((file) => readlink(path.join(folder, file)).catch(() => "")));
  return targets.some((target) => target.includes("[io_uring]"));
}

/** Cuts every file of a folder back to what was synced of it. Rejects as the file system does. */
export async function loseUnsynced(folder: string, { byInode, began }: SyncedFiles): Promise<Lost> {
  const lost: Lost = { files: 0, emptied: 0, bytes: 0n, mapped: 0 };
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const { ino, size, birthtimeNs } = await lstat(file, { bigint: true });
    const known = byInode.get(ino);
    const own = known?.born === birthtimeNs ? known : undefined;
    if (own?.mapped) lost.mapped += 1;
    if (own?.mapped || (!own && birthtimeNs < began)) continue;
    const safe = own?.size ?? 0n;
    if (size <= safe) continue;
    await truncate(file, Number(safe));
    lost.files += 1;
    lost.bytes += size - safe;
    if (safe === 0n) lost.emptied += 1;
  }
  return lost;
}
