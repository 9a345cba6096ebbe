import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { readSmallFile } from "../base/small-file.ts";
import { hostProc, type ProcFiles } from "../forensics/proc-files.ts";
import { innerId } from "../forensics/proc-text.ts";

/*
 * A container is a cgroup. Its id, or its name where an engine has none but names, stands in the cgroup's path:
 *
 *   docker      /docker/<id>            /system.slice/docker-<id>.scope
 *   podman      /libpod_parent/libpod-<id>                      …/libpod-<id>.scope
 *   containerd  /<namespace>/<name>     /kubepods/…/cri-containerd-<id>.scope
 *
 * No engine is asked: a name is looked up in the files that engines keep.
 */

export interface Container {
  id: string;
  /** Whose it is: "docker", "podman", "containerd". */
  by: string;
}

const ID = /([0-9a-f]{64})(?:\.scope)?$/;

/** The container that a process runs in, null for none. */
export function containerOf(pid: number, proc: ProcFiles = hostProc): Container | null {
  for (const path of cgroupPaths(pid, proc)) {
    for (const part of path.split("/").reverse()) {
      const id = ID.exec(part)?.[1];
      if (id !== undefined) return { id, by: engineOf(path) };
    }
  }
  return null;
}

function engineOf(path: string): string {
  if (/libpod/.test(path)) return "podman";
  if (/docker/.test(path)) return "docker";
  return /crio/.test(path) ? "cri-o" : "containerd";
}

function cgroupPaths(pid: number, proc: ProcFiles): string[] {
  return (proc.text(`/proc/${pid}/cgroup`) ?? "")
    .split("\n")
    .flatMap((line) => /^\d+:[^:]*:(\/.+)$/.exec(line)?.[1] ?? []);
}

/** Ids are told by their beginning, as engines do; this many digits are enough to mean one. */
const SHORTEST_ID = 4;

export type FoundContainer = Container & { pid: number };

/** The first process of each container that is meant by an id's beginning or by a name; none, or more than one, is for the caller to tell. */
export function findContainers(asked: string, proc: ProcFiles = hostProc, read = readSmallFile): FoundContainer[] {
  const ids = new Set(idsOfName(asked, read));
  const isMeant = (id: string) =>
    ids.has(id) || (asked.length >= SHORTEST_ID && /^[0-9a-f]+$/.test(asked) && id.startsWith(asked));
  const members = new Map<string, { container: Container; pids: number[] }>();
  for (const name of proc.list("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const pid = Number(name);
    const container = containerOf(pid, proc);
    // ctr and LXC have names for ids.
    const named = container ?? namedBy(asked, pid, proc);
    if (!named || (container && !isMeant(container.id))) continue;
    const known = members.get(named.id) ?? { container: named, pids: [] };
    known.pids.push(pid);
    members.set(named.id, known);
  }
  return [...members.values()].flatMap(({ container, pids }) => {
    const first = pids.find((pid) => innerId(proc.text(`/proc/${pid}/status`) ?? "") === 1) ?? Math.min(...pids);
    return Number.isFinite(first) ? [{ ...container, pid: first }] : [];
  });
}

function namedBy(asked: string, pid: number, proc: ProcFiles): Container | null {
  for (const path of cgroupPaths(pid, proc)) {
    const parts = path.split("/").slice(1);
    // A unit of systemd is no container: its name ends in what it is.
    const at = parts.findIndex((part) => part === asked || part === `lxc.payload.${asked}`);
    if (at > 0 || parts[0] === `lxc.payload.${asked}`)
      return { id: asked, by: parts[0]?.startsWith("lxc") ? "lxc" : "containerd" };
  }
  return null;
}

const DOCKER = "/var/lib/docker/containers";
const KUBERNETES = "/var/log/containers";
const PODMAN = "storage/overlay-containers/containers.json";

/** Ids of the containers that an engine's own files call so. Files of others may need root. */
function idsOfName(asked: string, read: (path: string) => string | null): string[] {
  const docker = listed(DOCKER).filter((id) => {
    const name = /"Name":"\/?([^"]+)"/.exec(read(join(DOCKER, id, "config.v2.json")) ?? "")?.[1];
    return name === asked;
  });
  const podman = ["/var/lib/containers", join(homedir(), ".local/share/containers")].flatMap((folder) =>
    podmanIds(read(join(folder, PODMAN)), asked),
  );
  // <pod>_<namespace>_<container>-<id>.log
  const kubernetes = listed(KUBERNETES).flatMap((file) => {
    const [, pod, container, id] = /^(.+?)_[^_]+_(.+)-([0-9a-f]{64})\.log$/.exec(file) ?? [];
    return id !== undefined && (asked === container || asked === `${pod}/${container}`) ? [id] : [];
  });
  return [...docker, ...podman, ...kubernetes];
}

function podmanIds(text: string | null, asked: string): string[] {
  try {
    const all = JSON.parse(text ?? "[]") as { id: string; names?: string[] }[];
    return all.filter(({ names }) => names?.includes(asked)).map(({ id }) => id);
  } catch {
    return []; // Somebody is writing it.
  }
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
