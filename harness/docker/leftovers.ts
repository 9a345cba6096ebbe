import { readFile, readlink } from "node:fs/promises";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { until } from "../base/deadline.ts";
import { parseStat } from "../base/proc-stat.ts";
import { hasDisk, removeDisk } from "./disk.ts";
import type { Engine } from "./engine.ts";
import type { CallOptions, Labels } from "./engine-types.ts";
import { removeAttached } from "./removal.ts";
import { removeSharedFolders } from "./shared-folder.ts";

/*
 *   run ──ownerLabels──► every container, network, volume:   kvchaos.run=<run id>   kvchaos.owner=<who made it>
 *                                     │
 *             kvchaos clean ◄── findLeftovers ──► owner alive or unknown: hands off · gone: removeRun
 *                  reaper  ───────────────────────────────────────────────► removeRun
 */

const RUN = "kvchaos.run";
const OWNER = "kvchaos.owner";
const NOBODY = "nobody";

/** Is the process that made it still there? `unknown`: it belongs to another machine or another PID namespace. */
type OwnerState = "alive" | "gone" | "unknown";

/** The labels of everything a run creates. A PID alone would not do: PIDs are used again. */
export async function ownerLabels(runId: string): Promise<Labels> {
  return { [RUN]: runId, [OWNER]: await ownerOf(process.pid) };
}

/** For what is meant to be removed from another terminal while its process lives (`up`): nobody owns it. */
export function keptLabels(runId: string): Labels {
  return { [RUN]: runId, [OWNER]: NOBODY };
}

/**
 * Who a process is, for ever: `<pid>:<start time in ticks since boot>:<boot id>:<PID namespace>`.
 * "unknown" on a system without /proc.
 */
export async function ownerOf(pid: number): Promise<string> {
  try {
    const [stat, boot, namespace] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
      readlink("/proc/self/ns/pid"),
    ]);
    return [pid, startTimeOf(stat), boot.trim(), namespace.replace(/\D/g, "")].join(":");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "unknown";
    throw error;
  }
}

/** When a process began, in ticks since boot. */
export function startTimeOf(stat: string): string {
  const { startTicks } = parseStat(stat) ?? {};
  if (startTicks === undefined) throw new ChaosError("internal", "the text is not that of /proc/<pid>/stat");
  return String(startTicks);
}

/**
 * @param owner the label's value
 * @param local whether the engine is this machine's own: then another boot id means "before the last reboot"
 */
export async function ownerState(owner: string | undefined, local: boolean): Promise<OwnerState> {
  const [, pid, , boot, namespace] = /^(\d+):(\d+):([0-9a-f-]+):(\d+)$/.exec(owner ?? "") ?? [];
  if (owner === NOBODY) return "gone";
  if (pid === undefined) return "unknown";
  const [, , ourBoot, ourNamespace] = (await ownerOf(process.pid)).split(":");
  if (boot !== ourBoot) return local ? "gone" : "unknown";
  if (namespace !== ourNamespace) return "unknown";
  return (await ownerOf(Number(pid))) === owner ? "alive" : "gone";
}

/** The names of everything labelled `kvchaos.run`, by run: what it left on the engine, or still uses. */
export async function findLeftovers(engine: Engine, options: CallOptions = {}) {
  const { containers, networks, volumes } = await engine.listByLabel(RUN, options);
  const all = [...containers, ...networks, ...volumes];
  const runs = new Map<string, string | undefined>();
  for (const { labels } of all) {
    const runId = labels[RUN] ?? "";
    runs.set(runId, runs.get(runId) ?? labels[OWNER]);
  }
  const names = (things: readonly { name: string; labels: Labels }[], runId: string): string[] =>
    things.filter(({ labels }) => labels[RUN] === runId).map(({ name }) => name);
  return Promise.all(
    [...runs].map(async ([runId, owner]) => ({
      runId,
      /** gone: may be removed. alive, unknown: hands off, unless a person says so. */
      owner: await ownerState(owner, engine.info.local),
      containers: names(containers, runId),
      networks: names(networks, runId),
      volumes: names(volumes, runId),
    })),
  );
}

/**
 * Removes everything of a run, again and again until nothing is left (a request of a dying harness may still create something).
 * @param options.within milliseconds, default 60 000
 * @param options.looks how often in a row nothing may be found before it counts as done, default 1
 * @returns how many things were removed
 */
export async function removeRun(
  engine: Engine,
  runId: string,
  options: CallOptions & { looks?: number } = {},
): Promise<number> {
  if (runId === "") throw new ChaosError("internal", "removeRun needs a run id");
  const { within = 60_000, looks = 1, signal } = options;
  const removed = new Set<string>();
  const what = `removal of all that run ${runId} made`;
  let quiet = 0;
  let resists = "";
  try {
    await until({ what, within, signal, every: 250 }, async (inner) => {
      const found = await engine.listByLabel(`${RUN}=${runId}`, { signal: inner });
      if (found.containers.length + found.networks.length + found.volumes.length === 0) return ++quiet >= looks;
      quiet = 0;
      const failures = await removeAll(engine, found, inner, removed);
      if (!inner.aborted) resists = failures.join("; ");
      return looks === 1 && failures.length === 0;
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw new ChaosError("infrastructure", `${messageOf(error)}${resists ? `: ${resists}` : ""}`, {
      hint: `See what is left with \`docker ps -a --filter label=${RUN}=${runId}\`, then type \`kvchaos clean\`.`,
      cause: error,
    });
  }
  if (engine.info.local) await removeSharedFolders(runId);
  return removed.size;
}

/** Containers and networks first: they hold the volumes. One that resists does not keep the others from going. */
async function removeAll(
  engine: Engine,
  found: Awaited<ReturnType<Engine["listByLabel"]>>,
  signal: AbortSignal,
  removed: Set<string>,
): Promise<string[]> {
  const ids = (things: readonly { id: string }[]): string[] => things.map(({ id }) => id);
  const attached = { containers: ids(found.containers), networks: ids(found.networks) };
  const { removed: gone, failures } = await removeAttached(engine, attached, { signal });
  for (const id of gone) removed.add(id);
  const onDisks = new Set(found.volumes.filter(({ labels }) => hasDisk(labels)).map(({ name }) => name));
  const volume = async (name: string): Promise<void> => {
    try {
      if (engine.info.local && onDisks.has(name)) await removeDisk(name);
      await engine.removeVolume(name, { signal });
      removed.add(name);
    } catch (error) {
      failures.push(messageOf(error));
    }
  };
  await Promise.all(found.volumes.map(({ name }) => volume(name)));
  return failures;
}
