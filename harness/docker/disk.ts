import { existsSync } from "node:fs";
import { mkdir, open, readFile, rm, stat, statfs } from "node:fs/promises";
import path from "node:path";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { until } from "../base/deadline.ts";
import { adminPath, missingPrograms } from "../base/programs.ts";
import { runCommand } from "../base/run-command.ts";
import type { Engine } from "./engine.ts";
import type { Labels } from "./engine-types.ts";

/*
 *   /var/tmp/kvchaos-disk-<volume>/
 *     file ─── loop device ─── ext4 ──► disk/
 *     (sparse)                            ├─ data/   ◄── the volume ◄── the server's data directory
 *                                         └─ fillers/    take the space and write nothing: the host's disk does not fill
 *
 * The volume's label says that it has a disk: whoever removes the volume (teardown, reaper, `clean`) removes the disk with it.
 */

const PLACE = "/var/tmp";
const LABEL = "kvchaos.disk";
const TOOLS = ["mkfs.ext4", "mount", "umount", "fallocate"] as const;
const TOOL_MS = 60_000;
/** What must stay free on the host should every disk fill up, bytes. */
const HOST_RESERVE = 1024 ** 3;
const FILL_MS = 10_000;
/** ext4 takes a few blocks for the fillers themselves. */
const SLACK = 1024 ** 2;

/** Why no node can have a disk of its own here; null: it can. */
export function diskRefusal(engineIsLocal: boolean): string | null {
  if (!engineIsLocal) return "the Docker engine is on another machine";
  if (process.getuid?.() !== 0) return "only root may mount a file as a disk, and kvchaos does not run as root";
  if (!existsSync("/dev/loop-control")) return "this kernel has no loop devices (/dev/loop-control)";
  return missingPrograms(TOOLS, "e2fsprogs, mount, util-linux");
}

/** @throws ChaosError infrastructure: `count` disks of `bytes` cannot be made here, or could fill the host's own */
export async function checkDisks(engine: Engine, count: number, bytes: number): Promise<void> {
  const refusal = diskRefusal(engine.info.local);
  const what = "a fault of this experiment needs each node's data on a disk of its own";
  if (refusal !== null) throw new ChaosError("infrastructure", `${what}, which cannot be made here: ${refusal}`);
  const { bavail, bsize } = await statfs(PLACE);
  const wanted = count * bytes + HOST_RESERVE;
  if (bavail * bsize < wanted) {
    const message = `${what}; ${count} of ${mb(bytes)} MB each want ${mb(wanted)} MB free in ${PLACE}, which has ${mb(bavail * bsize)}`;
    throw new ChaosError("infrastructure", message, { hint: "Free some space, or give the fault a smaller `disk`." });
  }
}

/** A mounted file system of a fixed size that holds one node's data and nothing else. */
export class Disk {
  /** Bytes. */
  readonly bytes: number;
  /** Major and minor number, as cgroups name it: "7:3". */
  readonly device: string;
  readonly #folder: string;

  private constructor(folder: string, bytes: number, device: string) {
    this.#folder = folder;
    this.bytes = bytes;
    this.device = device;
  }

  /**
   * Makes a volume whose data lies on a disk of its own. Whatever fails, `removeDisk` removes what there is of it.
   * @param volume its name; must be new
   * @param bytes at least 16 MiB; the host's disk gives them only as they are written
   */
  static async make(
    engine: Engine,
    { volume, bytes, labels, signal }: { volume: string; bytes: number; labels: Labels; signal?: AbortSignal },
  ): Promise<Disk> {
    const folder = folderOf(volume);
    const mount = path.join(folder, "disk");
    const data = path.join(mount, "data");
    // The label first: from now on it is known what must be removed.
    await engine.createVolume(volume, { ...labels, [LABEL]: String(bytes) }, { folder: data, signal });
    await mkdir(folder, { mode: 0o700 });
    await mkdir(mount);
    const file = path.join(folder, "file");
    const handle = await open(file, "wx");
    await handle.truncate(bytes);
    await handle.close();
    // -m 0: a full disk is full for root as well.
    await tool(["mkfs.ext4", "-q", "-F", "-m", "0", file], signal);
    await tool(["mount", "-o", "loop,nodev,nosuid", file, mount], signal);
    await mkdir(data);
    const disk = new Disk(folder, bytes, deviceOf((await stat(mount)).dev));
    await disk.unfill();
    return disk;
  }

  /** Bytes that the server may still write. */
  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#mount);
    return bavail * bsize;
  }

  /**
   * Takes space until no more than `leave` bytes are free, give or take 1 MiB.
   * @throws ChaosError infrastructure: the disk is not mounted, or space stayed free
   */
  async fill(leave: number): Promise<void> {
    if ((await stat(this.#mount)).dev === (await stat(this.#folder)).dev) {
      throw new ChaosError(
        "infrastructure",
        `no disk is mounted at ${this.#mount}: it is not filled, lest the host's is`,
      );
    }
    let refusal = "";
    let files = 0;
    // One call may fall short: the server writes meanwhile, and the file system wants some blocks for itself.
    const done = async (): Promise<boolean> => {
      const surplus = (await this.free()) - leave;
      if (surplus <= (files === 0 ? 0 : SLACK)) return true;
      const file = path.join(this.#fillers, String(++files));
      ({ stderr: refusal } = await tool(["fallocate", "-l", String(surplus), file], undefined, [0, 1]));
      return false;
    };
    await until({ what: "a full disk", within: FILL_MS }, done).catch((error: unknown) => {
      throw new ChaosError("infrastructure", `${messageOf(error)}: ${refusal.trim()}`, { cause: error });
    });
  }

  /** Gives the space back. Idempotent. */
  async unfill(): Promise<void> {
    await rm(this.#fillers, { recursive: true, force: true });
    // There is room for it now.
    await mkdir(this.#fillers);
  }

  get #mount(): string {
    return path.join(this.#folder, "disk");
  }

  get #fillers(): string {
    return path.join(this.#mount, "fillers");
  }
}

/** Does this volume lie on a disk of its own, made by this machine? */
export function hasDisk(labels: Labels): boolean {
  return labels[LABEL] !== undefined;
}

/** Unmounts and deletes a volume's disk; the volume stays. Idempotent. Rejects while a container uses it. */
export async function removeDisk(volume: string): Promise<void> {
  const folder = folderOf(volume);
  const mount = path.join(folder, "disk");
  const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n").map((line) => line.split(" ")[4]);
  if (mounts.includes(mount)) await tool(["umount", mount]);
  await rm(folder, { recursive: true, force: true });
}

function folderOf(volume: string): string {
  // Docker allows no others in names; a path is made of it.
  if (!/^[\w][\w.-]*$/.test(volume)) throw new ChaosError("internal", `not the name of a volume: "${volume}"`);
  return path.join(PLACE, `kvchaos-disk-${volume}`);
}

/** The kernel's number of a device as stat gives it (makedev(3)) → "major:minor". */
export function deviceOf(dev: number): string {
  return `${(dev >>> 8) & 0xfff}:${(dev & 0xff) | ((dev >>> 12) & 0xfff00)}`;
}

function tool(argv: [string, ...string[]], signal?: AbortSignal, accept?: readonly number[]) {
  return runCommand(argv, { within: TOOL_MS, signal, accept, env: { PATH: adminPath(), LC_ALL: "C" } });
}

function mb(bytes: number): number {
  return Math.round(bytes / 1e6);
}
