import { mkdir, open, writeFile } from "node:fs/promises";
import path from "node:path";
import { messageOf } from "../base/chaos-error.ts";
import { withDeadline } from "../base/deadline.ts";
import type { ClusterNode } from "../cluster/cluster.ts";
import type { RunningCluster } from "../cluster/running-cluster.ts";
import type { CaptureReason } from "../faults/fault.ts";
import { captureEvidence, type Evidence } from "../forensics/capture.ts";
import type { SidecarOptions } from "../forensics/sidecar.ts";
import type { LinkState } from "../forensics/sockets.ts";
import { takeBaseline, type WaitBaseline } from "../forensics/wait-baseline.ts";
import { HANGS, type NodeCondition } from "../journal/events.ts";
import { replyText } from "../resp/reply-text.ts";
import type { NodeVerdict } from "../watchdog/watchdog.ts";
import type { CoreCollector } from "./core-evidence.ts";
import type { RunContext } from "./run-context.ts";

/** Conditions of which a maintainer will want proof; the others explain themselves or are our own doing. */
const SUSPECT: readonly NodeCondition[] = [...HANGS, "dead", "stalled", "slow"];
/** Captures per node: the first ones tell, more would only disturb it. */
const PER_NODE = 4;
const CAPTURE_MS = 30_000;
const ASK_MS = 500;
/** How much of a server's log goes into one bundle. */
const LOG_TAIL = 64 * 1024;
/** Lines of a dead server's log that a finding shows, and how much of each. */
const LAST_LINES = 20;
const LINE_MAX = 500;

/** What of a cluster a capture needs. */
type Scene = Pick<RunningCluster, "links"> & {
  nodes: readonly Pick<ClusterNode, "name" | "container" | "server" | "pid" | "admin" | "locks">[];
  sentinels?: Scene["nodes"];
  logs: Pick<RunningCluster["logs"], "file">;
};

export interface EvidenceOptions extends Pick<RunContext, "directory" | "clock" | "hide" | "emit" | "signal"> {
  cluster: Scene;
  /** A hang has been proved. */
  onProof(): void;
  /** Our debugger has stopped this node's process; what it returns is called when the process goes on. */
  onStopped(node: string): () => void;
  /** The fault that holds this link cut right now. */
  cutBy(link: string): string | null;
  /** Reads the cores of servers that died; null: they leave none. */
  cores: CoreCollector | null;
  /** How to look at a container whose processes this machine's /proc does not show, or shows too little of; undefined: not at all. */
  sidecar(node: Pick<ClusterNode, "container" | "server">): SidecarOptions | undefined;
}

/** Captures what can be known about a node in trouble, at the moment it is confirmed and before anything is healed. */
export class EvidenceCollector {
  readonly #options: EvidenceOptions;
  readonly #count = new Map<string, number>();
  /** By node; `pid` is that of the process on this host then, null when it is not known here. */
  readonly #baselines = new Map<string, { pid: number | null; waits: WaitBaseline }>();
  /** What the watchdog said of each node last. */
  readonly #condition = new Map<string, NodeCondition>();
  /** Nodes that were stopped since their waits were noted. */
  readonly #stopped = new Set<string>();
  readonly #pending = new Set<Promise<void>>();
  /** Nodes of which a proof has been captured. */
  readonly #proved = new Set<string>();

  constructor(options: EvidenceOptions) {
    this.#options = options;
  }

  /** Notes how the healthy servers wait, so that a by-design wait is no evidence later. */
  async baseline(): Promise<void> {
    await Promise.all(this.#nodes().map((node) => this.#noteWaits(node)));
  }

  /** Starts a capture when the verdict calls for one. Returns whether the condition may become a finding. */
  consider({ node, condition }: NodeVerdict): boolean {
    this.#condition.set(node, condition);
    if (condition === "down" || condition === "dead") this.#stopped.add(node);
    if (condition === "healthy") this.#renewBaseline(node);
    if (!SUSPECT.includes(condition)) return false;
    const n = this.#countUp(node);
    // One that turns without burning CPU may only hold its clients back for a while: nobody stops it for that.
    if (n <= PER_NODE) this.#track(node, this.#capture(node, condition, n, condition !== "unresponsive"));
    return true;
  }

  /**
   * Looks once more, without stopping anything, at a node that hangs although everything is healed, unless a proof is
   * there already: what waited for a link that we had cut may by now wait for itself. One that was not stopped before, because
   * it seemed only to hold its clients back, is now.
   */
  outlived({ node, condition }: NodeVerdict): void {
    const spared = condition === "unresponsive";
    if (!HANGS.includes(condition) || (this.#proved.has(node) && !spared)) return;
    this.#track(node, this.#capture(node, condition, this.#countUp(node), spared));
  }

  /** Does a cycle of waits prove that it hangs for ever? */
  hasProof(node: string): boolean {
    return this.#proved.has(node);
  }

  /** Captures a node in trouble that a fault, not the watchdog, has noticed. Never rejects. */
  async capture(node: string, reason: CaptureReason): Promise<void> {
    if (reason === "core") this.#track(node, this.#core(node, true), "its core could not be read");
    else this.#track(node, this.#capture(node, reason, this.#countUp(node)));
    await this.settled();
  }

  /** Writes a file; returns its path below the run's folder. Rejects as the file system does. */
  async keep(file: string, content: Buffer): Promise<string> {
    const place = path.join("evidence", file);
    await mkdir(path.join(this.#options.directory, "evidence"), { recursive: true });
    await writeFile(path.join(this.#options.directory, place), content);
    return place;
  }

  /** Resolves when no capture and no noting of healthy waits is under way. Bounded by the captures' own deadline. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  /** The number of a node's next capture. */
  #countUp(node: string): number {
    const n = (this.#count.get(node) ?? 0) + 1;
    this.#count.set(node, n);
    return n;
  }

  async #capture(name: string, condition: NodeCondition | "shutdown-hang", n: number, mayStop = true): Promise<void> {
    const { cluster, directory, clock, hide, emit, signal, cutBy } = this.#options;
    const node = this.#node(name);
    if (!node) return;
    const folder = path.join("evidence", `${name}-${n}`);
    const what = `capturing evidence of ${name}`;
    const within = (files: readonly string[]) => files.map((file) => path.join(folder, path.basename(file)));
    const lastLines = condition === "dead" ? await lastLinesOf(cluster.logs.file(name)) : null;
    let harmless: readonly string[] = [];
    const onHarmless = ({ files, summary, proof, ms, data }: Evidence): void => {
      harmless = files;
      if (proof !== null) {
        this.#proved.add(name);
        this.#options.onProof();
      }
      const told = { files: within(files), summary, proof, ms, data: { ...data, ...(lastLines && { lastLines }) } };
      emit({ type: "evidence", node: name, reason: condition, ...told, stoppedProcessMs: 0 });
    };
    // Stopping a process is for hangs that will not end by themselves.
    const asked = mayStop && ["deadlocked", "livelocked", "unresponsive", "shutdown-hang"].includes(condition);
    // One that answers again by now is left alone.
    const gdb = (): boolean => {
      const now = this.#condition.get(name);
      return now === undefined || condition === "shutdown-hang" || HANGS.includes(now);
    };
    const evidence = await withDeadline({ what, within: CAPTURE_MS, signal }, (inner) =>
      captureEvidence({
        node: name,
        pid: node.pid(),
        directory: path.join(directory, folder),
        reason: condition,
        // Nothing can join the namespace of a container that ended.
        sidecar: condition === "dead" ? undefined : this.#options.sidecar(node),
        baseline: this.#baselines.get(name)?.waits,
        links: linkStates(cluster, node, cutBy),
        info: node.server.system.commands.info(),
        readers: node.locks ? async () => (await node.locks?.readers()) ?? new Map() : undefined,
        ask: async (argv) => replyText(await node.admin(argv, { within: ASK_MS, signal: inner })),
        logSince: () => tailOf(cluster.logs.file(name)),
        hide,
        clock,
        signal: inner,
        ...(asked ? { gdb, onStopped: () => this.#options.onStopped(name) } : {}),
        onHarmless,
      }),
    );
    if (condition === "dead") await this.#core(name, false, folder);
    if (evidence.gdbMs === 0) return;
    const { files, gdbMs, stoppedProcessMs, data } = evidence;
    const stacks = files.filter((file) => !harmless.includes(file));
    emit({
      type: "evidence",
      node: name,
      reason: `${condition}: function names`,
      ms: gdbMs,
      stoppedProcessMs,
      files: within(stacks),
      summary:
        stacks.length > 0
          ? `function names of ${data.threads.length} threads by gdb, which stopped the process for ${stoppedProcessMs} ms`
          : `no function names${stoppedProcessMs > 0 ? `, although gdb stopped the process for ${stoppedProcessMs} ms` : ""}: ${evidence.missing.at(-1) ?? "gdb failed"}`,
      proof: null,
      data: { groups: data.groups },
    });
  }

  async #core(name: string, quiet: boolean, folder = path.join("evidence", `${name}-core`)): Promise<void> {
    const node = this.#options.cluster.nodes.find((one) => one.name === name);
    if (node) await this.#options.cores?.take(node, folder, quiet);
  }

  /** A server that was restarted has other threads and locks than the one whose waits were noted. */
  #renewBaseline(name: string): void {
    const known = this.#baselines.get(name);
    const node = this.#node(name);
    // Before the first baseline the warm-up is not over: `baseline` will come.
    if (!known || !node) return;
    const restarted = known.pid === null ? this.#stopped.has(name) : known.pid !== node.pid();
    if (restarted) this.#track(name, this.#noteWaits(node), "its healthy waits could not be noted");
  }

  #nodes(): Scene["nodes"] {
    const { nodes, sentinels = [] } = this.#options.cluster;
    return [...nodes, ...sentinels];
  }

  #node(name: string): Scene["nodes"][number] | undefined {
    return this.#nodes().find((one) => one.name === name);
  }

  #track(node: string, work: Promise<void>, failure = "evidence could not be captured"): void {
    const tracked = work.catch((error: unknown) =>
      this.#options.emit({ type: "note", about: node, text: `${failure}: ${messageOf(error)}` }),
    );
    this.#pending.add(tracked);
    void tracked.finally(() => this.#pending.delete(tracked));
  }

  async #noteWaits(node: Scene["nodes"][number]): Promise<void> {
    const { name } = node;
    const pid = node.pid();
    const { signal, sidecar } = this.#options;
    this.#stopped.delete(name);
    this.#options.cores?.note(node);
    const here = pid === null ? null : await takeBaseline(pid, signal);
    const beside = here?.missing === null ? undefined : sidecar(node);
    const there = beside ? await takeBaseline(beside, signal) : null;
    const waits = here && there?.missing !== null ? here : there;
    if (waits) this.#baselines.set(name, { pid, waits });
  }
}

/**
 * The links of one node, an entry per port that a replica dials: the kernel's socket tables know only addresses, and all who
 * dial a server know it by the same one.
 */
function linkStates(
  { links }: Scene,
  { name: node, server }: Scene["nodes"][number],
  cutBy: EvidenceOptions["cutBy"],
): LinkState[] {
  const own = links.filter(({ from }) => from === node);
  return own.flatMap(({ name, address }) =>
    server.system.portOffsets.map((offset) => ({
      name,
      address: `${address.host}:${address.port + offset}`,
      cutBy: cutBy(name),
    })),
  );
}

/** Its last words. A log that cannot be read has none: the capture says why. */
async function lastLinesOf(file: string): Promise<string[]> {
  const lines = (await tailOf(file).catch(() => "")).split("\n").filter((line) => line.trim() !== "");
  return lines.slice(-LAST_LINES).map((line) => line.slice(0, LINE_MAX));
}

/** The end of a log that may be long by now. */
async function tailOf(file: string): Promise<string> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, LOG_TAIL);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await handle.close();
  }
}
