import assert from "node:assert/strict";
import type { WaitEdge, WaitGraph } from "../journal/evidence-data.ts";
import type { ExaminedProcess, ExaminedThread } from "../journal/examination.ts";
import { judge, type Observed } from "./judge.ts";

const GRAPH: WaitGraph = {
  ...{
    class: "none",
    edges: [],
    subtracted: [],
    cycles: [],
    queue: [],
    readerLocks: [],
    linkWaits: [],
    threadWaits: [],
  },
};

const edge = (from: number, tid: number, more: Partial<WaitEdge> = {}): WaitEdge => {
  return { from, kind: "mutex", address: "0x1", to: { kind: "thread", tid }, timed: false, call: "futex", ...more };
};

const thread = (tid: number, more: Partial<ExaminedThread> = {}): ExaminedThread => {
  const still = {
    state: "S",
    wchan: null,
    call: "futex",
    cpu: 0,
    cpuMs: 0,
    asleep: true,
    restedFor: 1000,
    stack: null,
  };
  return { tid, nsTid: tid, pid: 1, comm: "worker", ...still, ...more };
};

const server = (more: Partial<ExaminedProcess> = {}): ExaminedProcess => {
  const plain = {
    parent: 0,
    exe: null,
    cmdline: [],
    age: 1,
    threads: 2,
    memory: {},
    limits: {},
    io: null,
    pending: [],
    tracer: 0,
  };
  return { pid: 1, title: "server", state: "S", frozen: false, still: true, ...plain, ...more };
};

const observed = (more: Partial<Observed> = {}): Observed => ({
  ...{ pid: 1, name: "server 1", graph: GRAPH, threadName: (tid) => `worker ${tid}`, processes: [server()], hints: [] },
  ...{ threads: [thread(1), thread(2)], sockets: [], answers: [], unseen: null, window: 1000, ...more },
});

const silent = { to: "127.0.0.1:1", asked: "INFO", text: null, why: "it said nothing", silent: true, ms: 400 };

describe("the verdict of an examination", () => {
  it("a cycle of which every holder is known is a proof, and hints do not mix with it", () => {
    const graph: WaitGraph = { ...GRAPH, class: "proven", edges: [edge(1, 2), edge(2, 1)], cycles: [[1, 2]] };
    const verdict = judge(observed({ graph, answers: [silent] }));
    assert.deepEqual([verdict.class, verdict.proved], ["deadlock", true]);
    assert.match(verdict.sentence, /^deadlock proven: worker 1 waits for a lock that worker 2 holds/);
    assert.deepEqual(verdict.proofs.length, 1);
    assert.deepEqual(verdict.hints, ["127.0.0.1:1 does not answer INFO: it said nothing"]);
  });

  for (const [why, more] of [
    [
      "readers that nobody knows",
      { class: "held-by-readers", readerLocks: [{ address: "0x1", readers: 1, waiting: [1], mayHold: [2] }] },
    ],
    [
      "a thread that others wait for",
      { class: "waits-on-thread", threadWaits: [{ tid: 2, call: "fsync", asleep: true, chain: [1, 2] }] },
    ],
  ] as const satisfies readonly (readonly [string, Partial<WaitGraph>])[]) {
    it(`${why}: a hint, never a proof`, () => {
      const graph: WaitGraph = { ...GRAPH, edges: [edge(1, 2)], ...(more as Partial<WaitGraph>) };
      const { class: found, proved, proofs, hints } = judge(observed({ graph }));
      assert.deepEqual([found, proved, proofs, hints.length], ["suspicious", false, [], 1]);
      assert.match(hints[0] ?? "", /no proof/);
    });
  }

  it("a server that says nothing is suspicious, and that alone proves nothing", () => {
    const { class: found, proved, sentence } = judge(observed({ answers: [silent] }));
    assert.deepEqual([found, proved], ["suspicious", false]);
    assert.match(sentence, /^nothing is proved; /);
  });

  it("a stopped, a frozen and a dead process are proved by the kernel", () => {
    const of = (more: Partial<ExaminedProcess>) => judge(observed({ processes: [server(more)] }));
    assert.deepEqual([of({ state: "T" }).class, of({ state: "T" }).proved], ["stopped", true]);
    assert.match(of({ frozen: true }).sentence, /frozen with its cgroup/);
    assert.match(of({ state: "t", tracer: 77 }).sentence, /process 77 traces it/);
    assert.equal(of({ state: "Z", still: false }).class, "dead");
  });

  it("a process whose calls are traced goes on, and a child that has just ended is no dead server", () => {
    assert.equal(judge(observed({ processes: [server({ state: "t", tracer: 77, still: false })] })).class, "nothing");
    const child = server({ pid: 2, state: "Z" });
    assert.equal(judge(observed({ processes: [server(), child] })).class, "nothing");
  });

  it("where too little could be seen nobody says that nothing hangs", () => {
    const { class: found, sentence } = judge(observed({ graph: null, unseen: "its system calls could not be read" }));
    assert.equal(found, "unknown");
    assert.match(sentence, /cannot be told whether server 1 hangs/);
  });

  it("what a program says of itself comes with the waits behind it", () => {
    const graph: WaitGraph = {
      ...{ ...GRAPH, edges: [edge(1, 2, { kind: "child" })] },
      threadWaits: [{ tid: 2, call: null, asleep: true, chain: [1, 2] }],
    };
    const { sentence } = judge(observed({ graph, hints: ["it has been shutting down"] }));
    assert.match(sentence, /it has been shutting down; worker 1 waits for worker 2 to end/);
    assert.equal(judge(observed({ graph })).class, "nothing", "a shell waits for its child");
  });
});
