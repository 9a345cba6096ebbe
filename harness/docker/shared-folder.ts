import { createHash } from "node:crypto";
import { accessSync, constants } from "node:fs";
import { chmod, mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/*
 *   /dev/shm/kvchaos-<run>/<name>/ ◄── this machine reads and writes
 *                  └──────────────── mounted into a container, whose processes do the same
 *
 * In memory: what a server writes there never waits for a disk. It goes with the run: teardown, reaper and `clean` remove it.
 */

const MEMORY = "/dev/shm";

/** Makes an empty folder of a run that any user of a container may write into. Rejects as the file system does. */
export async function makeSharedFolder(runId: string, name: string): Promise<string> {
  const folder = path.join(sharedFolders(runId), name);
  await mkdir(folder, { recursive: true });
  // Not by mkdir's mode, of which the umask takes away.
  await chmod(folder, 0o777);
  return folder;
}

/** All that a run has; does nothing where it has none. */
export async function removeSharedFolders(runId: string): Promise<void> {
  await rm(sharedFolders(runId), { recursive: true, force: true });
}

function sharedFolders(runId: string): string {
  return path.join(place(), `kvchaos-${createHash("sha256").update(runId).digest("hex").slice(0, 16)}`);
}

function place(): string {
  try {
    accessSync(MEMORY, constants.W_OK);
    return MEMORY;
  } catch {
    return tmpdir();
  }
}
