import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError, messageOf } from "../base/chaos-error.ts";

/*
 * The engine sets a limit of bytes per second only when it creates a container; the kernel takes one at any time, in a file of
 * the container's control group:
 *   cgroup v1   <blkio>/docker/<id>/blkio.throttle.write_bps_device   "7:3 1000000", 0: no limit    (…read_bps_device)
 *   cgroup v2   <unified>/docker/<id>/io.max                          "7:3 rbps=1000000 wbps=1000000", max: no limit
 * With v1 only what a process writes itself is slow (fsync, sync_file_range, direct writes), not what the kernel writes back later.
 */

/** Where a process's control group for disks is, and of which kind. */
export interface DiskGroup {
  version: 1 | 2;
  folder: string;
}

/**
 * @param cgroup text of /proc/<pid>/cgroup
 * @param mounts text of /proc/self/mountinfo
 * @returns null: no control group for disks is mounted here
 */
export function diskGroup(cgroup: string, mounts: string): DiskGroup | null {
  const groups = cgroup.split("\n").map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line));
  const pathOf = (controller: string): string | undefined =>
    groups.find((group) => group?.[1]?.split(",").includes(controller))?.[2];
  const own = pathOf("blkio");
  const version = own === undefined ? 2 : 1;
  const place = own ?? pathOf("");
  for (const line of mounts.split("\n")) {
    // id parent dev root MOUNT-POINT options … - TYPE source SUPER-OPTIONS
    const [before = "", after = ""] = line.split(" - ");
    const [type, , superOptions = ""] = after.split(" ");
    const [, , , root = "/", point] = before.split(" ");
    const right = version === 2 ? type === "cgroup2" : type === "cgroup" && superOptions.split(",").includes("blkio");
    if (!right || place === undefined || point === undefined) continue;
    return { version, folder: path.join(point, path.relative(root, place)) };
  }
  return null;
}

/**
 * Caps what a process's container reads from and writes to one disk. Gone when the container ends.
 * @param device "7:3"
 * @param rate bytes per second in each direction; null: no cap
 * @throws ChaosError infrastructure: this machine cannot do it, and why
 */
export async function throttleDisk(pid: number, device: string, rate: number | null): Promise<void> {
  const text = (file: string): Promise<string> => readFile(file, "utf8");
  const group = diskGroup(await text(`/proc/${pid}/cgroup`), await text("/proc/self/mountinfo"));
  if (group === null) throw refusal("no control group for disks is mounted here");
  for (const [name, value] of settings(group.version, device, rate)) {
    const file = path.join(group.folder, name);
    // Writing would say "permission denied": these are no files that can be made.
    if (!existsSync(file)) throw refusal(`there is no ${file} (CONFIG_BLK_DEV_THROTTLING; v2: the io controller)`);
    await writeFile(file, value).catch((error: unknown) => {
      throw refusal(messageOf(error));
    });
  }
}

function settings(version: 1 | 2, device: string, rate: number | null): [name: string, value: string][] {
  if (version === 2) return [["io.max", `${device} rbps=${rate ?? "max"} wbps=${rate ?? "max"}`]];
  const value = `${device} ${rate ?? 0}`;
  return [
    ["blkio.throttle.write_bps_device", value],
    ["blkio.throttle.read_bps_device", value],
  ];
}

function refusal(why: string): ChaosError {
  return new ChaosError("infrastructure", `a container's disk cannot be slowed down here: ${why}`);
}
