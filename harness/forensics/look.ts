import { messageOf } from "../base/chaos-error.ts";
import type { Clock } from "../base/clock.ts";
import type { WaitEdge, WaitGraph } from "../journal/evidence-data.ts";
import { nameReaders, type Readers } from "./known-readers.ts";
import { type ProcessFacts, readProcess, startTicks } from "./process.ts";
import { type SidecarOptions, takeSidecarSnapshots } from "./sidecar.ts";
import {
  commsOf,
  PRIVILEGE,
  type ProcessSnapshots,
  stableEdges,
  type ThreadHistory,
  takeSnapshots,
  threadHistories,
} from "./snapshots.ts";
import type { LinkState, OpenSocket } from "./sockets.ts";
import { usualWaits, type WaitBaseline } from "./wait-baseline.ts";
import { waitGraph } from "./wait-graph.ts";
import type { ThreadName } from "./wait-graph-text.ts";

export interface LookOptions {
  /** The server's process on this host, or null when it is gone or the engine is elsewhere. */
  pid: number | null;
  /** How to look at it where this machine's /proc does not show it, or shows too little. */
  sidecar?: SidecarOptions | undefined;
  baseline?: WaitBaseline | undefined;
  links: readonly LinkState[];
  /** Who holds its rwlocks as readers right now. Absent: nobody knows. */
  readers?: (() => Promise<Readers>) | undefined;
  clock: Clock;
  signal?: AbortSignal | undefined;
}

/** What was seen of a process. */
export interface Seen {
  threads: ThreadHistory[];
  /** Of the last snapshot, stable or not: what each thread is doing, as opposed to the graph. */
  edges: readonly WaitEdge[];
  fds: ReadonlyMap<number, string>;
  sockets: readonly OpenSocket[];
  facts: ProcessFacts;
  /** null: the locks of this program cannot be read. */
  graph: WaitGraph | null;
  name: ThreadName;
  notes: string[];
}

const UNSEEN = "threads, sockets, wait-for graph";

/**
 * Looks at a process in this machine's /proc, else through a sidecar. Rejects only when aborted.
 * @param missing what could not be seen, each with its reason, is added
 * @param onProof called with the locks alone as soon as they prove a deadlock, before everything else is looked at
 * @returns null: nothing could be seen
 */
export async function lookAtProcess(
  options: LookOptions,
  missing: string[],
  onProof: (graph: WaitGraph, name: ThreadName) => Promise<void>,
): Promise<Seen | null> {
  const { pid, sidecar, signal } = options;
  const failures: string[] = [];
  if (pid !== null) {
    try {
      const readers = async (): Promise<Readers> => (await options.readers?.()) ?? new Map();
      const before = await readers();
      const look = await takeSnapshots(pid, options.links, options.clock, signal, async (locks) => {
        const { graph, name } = graphOf(locks, options, { before, after: await readers() });
        if (graph.class === "proven") await onProof(graph, name);
      });
      const known = { before, after: await readers() };
      if (!sidecar || !isBlind(look)) return understand(look, options, missing, [], known);
      failures.push(`/proc/${pid}/task/*/syscall is not readable: ${PRIVILEGE}`);
    } catch (error) {
      signal?.throwIfAborted();
      failures.push(`/proc/${pid} is not readable (${messageOf(error)})`);
    }
  } else {
    failures.push("the server's process is not known on this host (it is gone, or the engine runs elsewhere)");
  }
  try {
    if (sidecar) {
      const look = await takeSidecarSnapshots(sidecar, options.links, options.clock, signal);
      const note = `seen through a sidecar container (thread ids are those inside the server's container) because ${failures[0]}`;
      return understand(look, options, missing, [note]);
    }
  } catch (error) {
    signal?.throwIfAborted();
    failures.push(messageOf(error));
  }
  missing.push(`${UNSEEN} because ${failures.join(", and ")}`);
  return null;
}

function isBlind({ snapshots }: ProcessSnapshots): boolean {
  return snapshots.every(({ threads }) => threads.every(({ syscall }) => syscall === null));
}

type KnownReaders = Parameters<typeof nameReaders>[1];

const NOBODY: KnownReaders = { before: new Map(), after: new Map() };

function graphOf(look: ProcessSnapshots, { baseline }: LookOptions, readers: KnownReaders) {
  const { pid, proc, snapshots } = look;
  const comm = commsOf(look);
  const name: ThreadName = (tid) => `${comm(tid)} ${tid}`;
  const threads = threadHistories(snapshots);
  const stable = stableEdges(snapshots, threads);
  const usual = usualWaits(baseline, { pid, startTicks: startTicks(pid, proc), threads: threads.length }, stable, comm);
  const graph = waitGraph(nameReaders(stable, readers, threads), threads, usual.edges);
  return { threads, graph, note: usual.note, name };
}

function understand(
  look: ProcessSnapshots,
  options: LookOptions,
  missing: string[],
  notes: string[],
  readers = NOBODY,
): Seen {
  const { pid, proc, snapshots, why } = look;
  const { threads, graph, note, name } = graphOf(look, options, readers);
  const last = snapshots.at(-1);
  const blind = isBlind(look);
  if (blind) missing.push(`system calls because /proc/${pid}/task/*/syscall is not readable: ${PRIVILEGE}`);
  else if (why !== null) missing.push(`locks in the wait-for graph because ${why}`);
  return {
    threads,
    edges: last?.edges ?? [],
    fds: last?.descriptors.fds ?? new Map(),
    sockets: last?.descriptors.sockets ?? [],
    facts: readProcess(pid, proc),
    // Where locks cannot be seen, "no cycle" would be a guess.
    graph: graph.class === "none" && (blind || why !== null) ? null : graph,
    name,
    notes: note === null ? notes : [...notes, note],
  };
}
