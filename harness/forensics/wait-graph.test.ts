import assert from "node:assert/strict";
import type { WaitEdge, WaitGraph } from "../journal/evidence-data.ts";
import { type RecordedMode, recording } from "../testing/recording.support.ts";
import { type Snapshot, stableEdges, threadHistories } from "./snapshots.ts";
import { groupThreads } from "./thread-groups.ts";
import { type Descriptors, waitEdges } from "./wait-edges.ts";
import { waitGraph } from "./wait-graph.ts";
import { graphSummary, graphText, proofSentence, threadNames } from "./wait-graph-text.ts";

const NOTHING_OPEN: Descriptors = { fds: new Map(), sockets: [], epollTargets: () => [] };

function snapshot(mode: RecordedMode): Snapshot {
  const { threads, memory } = recording(mode);
  return { at: 0, threads, edges: waitEdges(threads, memory, NOTHING_OPEN), descriptors: NOTHING_OPEN };
}

function analyse(snapshots: readonly Snapshot[], baseline: readonly WaitEdge[] = []) {
  const threads = threadHistories(snapshots);
  const graph = waitGraph(stableEdges(snapshots, threads), threads, baseline);
  return { threads, graph, name: threadNames(threads) };
}

const thrice = (mode: RecordedMode) => [snapshot(mode), snapshot(mode), snapshot(mode)];

/** A graph of threads 1, 2, 3, … of which each waits for the given one. */
function graphOf(waits: Record<number, Partial<WaitEdge>>, baseline: readonly WaitEdge[] = []): WaitGraph {
  const edges = Object.entries(waits).map(([from, edge]): WaitEdge => {
    const to = { kind: "thread", tid: 0 } as const;
    return { from: Number(from), kind: "mutex", address: `0x${from}`, to, timed: false, call: "futex", ...edge };
  });
  const [model] = threadHistories(thrice("idle"));
  assert.ok(model);
  const threads = edges.map(({ from }) => ({ ...model, tid: from, comm: `t${from}`, asleep: true }));
  return waitGraph(edges, threads, baseline);
}
const waitsFor = (tid: number): Partial<WaitEdge> => ({ to: { kind: "thread", tid } });

describe("the wait-for graph of recorded hangs", () => {
  it("proves the master-switch deadlock in one sentence, with the ids of the host, and who queues behind", () => {
    const { graph, name } = analyse(thrice("switch"));
    assert.equal(graph.class, "proven");
    const [repl, worker] = [18947, 18948];
    assert.equal(
      proofSentence(graph, name),
      `worker ${worker} waits for master-repl ${repl} to end; master-repl ${repl} waits for a lock that worker ${worker} holds: a cycle`,
    );
    assert.match(graphSummary(graph, name), /; 4 threads \(dl, worker ×3\) wait behind$/);
  });

  it("proves a self-deadlock, and the readers that queue for the lock its thread holds as writer", () => {
    const { graph, name } = analyse(thrice("flush"));
    assert.equal(
      proofSentence(graph, name),
      "ReplBgWorker 18995 waits for a mutex that it holds itself: a self-deadlock",
    );
    assert.match(graphSummary(graph, name), /3 threads \(client ×3\) wait behind/);
  });

  it("calls a rwlock that readers hold no proof, and says who may be among them", () => {
    const { graph, name } = analyse(thrice("readers"));
    assert.equal(graph.class, "held-by-readers");
    assert.equal(proofSentence(graph, name), null);
    assert.match(graphSummary(graph, name), /held by 1 reader .*no proof.*may be among the readers: info 19044$/);
  });

  it("finds nothing in an idle pool", () => {
    const { graph } = analyse(thrice("idle"));
    assert.deepEqual([graph.class, graph.cycles, graph.queue], ["none", [], []]);
  });

  it("shows ids inside the container beside those of the host", () => {
    const { graph, threads } = analyse(thrice("switch"));
    assert.match(
      graphText(graph, threads, []),
      /worker 18948 \(3 in its container\) -> the end of master-repl 18947 \(2 in/,
    );
  });

  it("puts threads in the same wait into one group", () => {
    const { threads, graph, name } = analyse(thrice("switch"));
    const [group] = groupThreads({ threads, edges: graph.edges, fds: new Map(), name });
    assert.deepEqual([group?.count, group?.comms, group?.asleep], [3, ["worker ×3"], true]);
    assert.match(group?.waitsFor ?? "", /^rwlock 0x[0-9a-f]+ as reader, held by worker 18948 as writer$/);
  });
});

describe("the wait-for graph of real Pika servers", () => {
  it("proves FLUSHALL's deadlock on a replica of 3.5.2, and the commands that queue behind it", () => {
    const { graph, name } = analyse(thrice("pika-flush"));
    assert.equal(graph.class, "proven");
    const [cycle] = graph.cycles;
    assert.deepEqual([graph.cycles.length, cycle?.length], [1, 1]);
    assert.match(
      proofSentence(graph, name) ?? "",
      /^ReplBgWorker \d+ waits for a mutex that it holds itself: a self-deadlock$/,
    );
    assert.match(graphSummary(graph, name), /; \d+ threads \(ReplBgWorker, CliProcessorPoo ×\d+\) wait behind$/);
    // It holds the dataset's lock as writer meanwhile.
    const queue = graph.edges.filter(({ from }) => graph.queue.includes(from));
    assert.ok(queue.every(({ kind, to }) => kind === "rwlock-read" && to.kind === "thread" && to.tid === cycle?.[0]));
  });

  it("calls the deadlock of FLUSHDB and INFO on 3.5.4 held by readers, and counts who may be among them", () => {
    const { graph, name } = analyse(thrice("pika-readers"));
    assert.equal(graph.class, "held-by-readers");
    assert.equal(proofSentence(graph, name), null);
    assert.match(
      graphSummary(graph, name),
      /^rwlock 0x[0-9a-f]+ is held by \d readers? \(which threads is not recorded, so no proof\), 1 thread \(CliProcessorPoo\) waits for it; may be among the readers: \d+ threads \(pika, .*CliProcessorPoo ×\d/,
    );
  });

  it("finds nothing on a healthy master, whose main thread waits with a time limit for a mutex that it holds itself", () => {
    const { graph } = analyse(thrice("pika-idle"));
    assert.deepEqual([graph.class, graph.edges], ["none", []]);
  });
});

describe("only what lasts is an edge", () => {
  it("a thread that ran between the snapshots waits for nobody, even if it waits for the same again", () => {
    const snapshots = thrice("switch");
    const last = snapshots[2];
    assert.ok(last);
    snapshots[2] = {
      ...last,
      threads: last.threads.map((t) => (t.comm === "master-repl" ? { ...t, voluntary: t.voluntary + 1 } : t)),
    };
    const { graph, name } = analyse(snapshots);
    assert.deepEqual([graph.class, graph.cycles], ["waits-on-thread", []]);
    assert.match(graphSummary(graph, name), /master-repl \d+ is again and again in futex \(no cycle, so no proof\)/);
  });

  it("a lock that changed hands in between is no edge", () => {
    const snapshots = thrice("flush");
    const middle = snapshots[1];
    assert.ok(middle);
    snapshots[1] = {
      ...middle,
      edges: middle.edges.map((e) => (e.kind === "mutex" ? { ...e, to: { kind: "thread", tid: 18996 } as const } : e)),
    };
    const { graph } = analyse(snapshots);
    assert.deepEqual([graph.class, graph.cycles], ["waits-on-thread", []]);
  });

  it("the number of readers may change while a writer waits", () => {
    const snapshots = thrice("readers");
    const middle = snapshots[1];
    assert.ok(middle);
    snapshots[1] = {
      ...middle,
      edges: middle.edges.map((e) =>
        e.to.kind === "readers" ? { ...e, to: { kind: "readers", count: 5 } as const } : e,
      ),
    };
    assert.equal(analyse(snapshots).graph.class, "held-by-readers");
  });
});

describe("cycles and chains", () => {
  it("a longer cycle is found once, with those behind those behind it", () => {
    const graph = graphOf({
      5: waitsFor(3),
      3: waitsFor(9),
      9: waitsFor(5),
      1: waitsFor(2),
      2: waitsFor(9),
      7: waitsFor(8),
    });
    assert.deepEqual(graph.cycles, [[3, 9, 5]]);
    assert.deepEqual(graph.queue, [1, 2]);
  });

  it("two cycles are two", () => {
    assert.deepEqual(graphOf({ 1: waitsFor(2), 2: waitsFor(1), 3: waitsFor(3) }).cycles, [[1, 2], [3]]);
  });

  it("a wait with a time limit closes no cycle", () => {
    const graph = graphOf({ 1: waitsFor(2), 2: { ...waitsFor(1), timed: true } });
    assert.deepEqual([graph.class, graph.cycles], ["none", []]);
  });

  it("a chain can end in a thread that sleeps, which proves nothing and explains everything", () => {
    const graph = graphOf({ 1: waitsFor(2), 2: { ...waitsFor(3), kind: "join" }, 4: waitsFor(2), 6: waitsFor(7) });
    assert.deepEqual([graph.class, graph.queue], ["waits-on-thread", [1, 2, 4]]);
    assert.deepEqual(
      graph.threadWaits.map(({ tid, chain }) => [tid, chain]),
      [[3, [1, 2, 3]]],
      "not the main thread 6, which joins 7",
    );
    const sleeping = {
      ...graph,
      threadWaits: graph.threadWaits.map((wait) => ({ ...wait, call: "clock_nanosleep", asleep: true })),
    };
    assert.equal(
      graphSummary(sleeping, (tid) => `t ${tid}`),
      "t 1 waits for a lock that t 2 holds; t 2 waits for t 3 to end; t 3 sleeps (clock_nanosleep) (no cycle, so no proof); 3 threads (t ×3) wait behind",
    );
  });

  it("a wait that the healthy process had is left out; the same thread at another lock is not", () => {
    const own = graphOf({ 4: waitsFor(4) });
    const again = graphOf({ 4: waitsFor(4), 5: waitsFor(4) }, own.edges);
    assert.deepEqual([again.class, again.subtracted.length], ["none", 1]);
    assert.equal(graphOf({ 4: { ...waitsFor(4), address: "0x99" } }, own.edges).class, "proven");
  });

  const link = (cutBy: string | null) => ({ kind: "link", name: "r1 -> m1", cutBy, peer: "10.0.0.9:6666" }) as const;

  it("a chain can end in a link that a fault cuts", () => {
    const graph = graphOf({
      1: { ...waitsFor(2), kind: "join" },
      2: { kind: "socket", address: "fd 9", to: link("partition-1"), call: "recvfrom" },
      3: waitsFor(1),
    });
    assert.equal(graph.class, "waits-on-link");
    const name = (tid: number) => `t${tid} ${tid}`;
    assert.equal(
      graphSummary(graph, name),
      "t3 3 waits for a lock that t1 1 holds; t1 1 waits for t2 2 to end; t2 2 waits in recvfrom on link r1 -> m1, cut by fault partition-1; 2 threads (t1, t3) wait behind",
    );
  });

  it("a cut link is news even if the healthy process read from it, too", () => {
    const reads = { kind: "socket", address: "fd 9", call: "recvfrom" } as const;
    const healthy = graphOf({ 2: { ...reads, to: link(null) } });
    assert.equal(graphOf({ 2: { ...reads, to: link(null) } }, healthy.edges).class, "none");
    assert.equal(graphOf({ 2: { ...reads, to: link("cut") } }, healthy.edges).class, "waits-on-link");
  });

  it("an event loop that watches a link is only reported when somebody waits for its thread", () => {
    const loop = { kind: "event-loop", address: "fd 9", to: link(null), call: "epoll_wait" } as const;
    assert.equal(graphOf({ 2: loop }).class, "none");
    assert.equal(graphOf({ 1: waitsFor(2), 2: loop }).class, "waits-on-link");
  });
});
