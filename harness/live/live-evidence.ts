import path from "node:path";
import { messageOf } from "../base/chaos-error.ts";
import { withDeadline } from "../base/deadline.ts";
import { captureEvidence } from "../forensics/capture.ts";
import { takeBaseline, type WaitBaseline } from "../forensics/wait-baseline.ts";
import { HANGS, type NodeCondition } from "../journal/events.ts";
import type { LiveContext } from "./live-context.ts";

/** Conditions that are worth a look at the process; whoever is gone or out of reach has none. */
const SUSPECT: readonly NodeCondition[] = [...HANGS, "paused", "stalled"];
/** Captures per server, so that one that comes and goes all night does not fill a disk. */
const PER_NODE = 20;
const CAPTURE_MS = 30_000;

/** Looks at the process of a server in trouble, where it is on this machine. Nothing is stopped, and nothing is asked of the server. */
export class LiveEvidence {
  readonly #context: LiveContext;
  readonly #pidOf: (node: string) => number | null;
  readonly #baselines = new Map<string, { pid: number; waits: WaitBaseline }>();
  readonly #count = new Map<string, number>();
  readonly #pending = new Set<Promise<void>>();

  constructor(context: LiveContext, pidOf: (node: string) => number | null) {
    this.#context = context;
    this.#pidOf = pidOf;
  }

  /** How a healthy server waits, so that a wait by design is no evidence later. */
  healthy(node: string): void {
    const pid = this.#pidOf(node);
    if (pid === null || this.#baselines.get(node)?.pid === pid) return;
    this.#track(node, async () => {
      const waits = await takeBaseline(pid, this.#context.signal);
      this.#baselines.set(node, { pid, waits });
    });
  }

  consider(node: string, condition: NodeCondition): void {
    if (!SUSPECT.includes(condition)) return;
    const pid = this.#pidOf(node);
    const n = (this.#count.get(node) ?? 0) + 1;
    if (pid === null || n > PER_NODE) return;
    this.#count.set(node, n);
    this.#track(node, () => this.#capture(node, pid, condition, n));
  }

  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #capture(node: string, pid: number, condition: NodeCondition, n: number): Promise<void> {
    const { directory, clock, emit, hide, signal } = this.#context;
    const folder = path.join("evidence", `${node.replace(/[^\w.-]/g, "_")}-${n}`);
    const known = this.#baselines.get(node);
    const evidence = await withDeadline(
      { what: `capturing evidence of ${node}`, within: CAPTURE_MS, signal },
      (inner) =>
        captureEvidence({
          ...{ node, pid, reason: condition, directory: path.join(directory, folder), clock, hide, signal: inner },
          baseline: known?.pid === pid ? known.waits : undefined,
          links: [],
        }),
    );
    const { files, summary, proof, ms, data } = evidence;
    const below = files.map((file) => path.join(folder, path.basename(file)));
    emit({ type: "evidence", node, reason: condition, files: below, summary, proof, ms, data, stoppedProcessMs: 0 });
  }

  #track(node: string, work: () => Promise<void>): void {
    const tracked = work().catch((error: unknown) => {
      this.#context.emit({ type: "note", about: node, text: `evidence could not be captured: ${messageOf(error)}` });
    });
    this.#pending.add(tracked);
    void tracked.finally(() => this.#pending.delete(tracked));
  }
}
