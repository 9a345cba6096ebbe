import type { Examination } from "../../journal/examination.ts";
import { HOSTILE } from "./run.support.ts";

/** Two threads that wait for each other, and a server whose every text is hostile. */
export function sampleExamination(): Examination {
  const wait = { kind: "mutex", address: "0x1000", timed: false, call: "futex" } as const;
  const edges = [
    { from: 1, to: { kind: "thread" as const, tid: 2 }, ...wait },
    { from: 2, to: { kind: "thread" as const, tid: 1 }, ...wait },
  ];
  const still = { state: "S", wchan: "futex_wait", call: "futex", cpu: 0, cpuMs: 10, asleep: true, restedFor: 5000 };
  const threads = [1, 2].map((tid) => ({ tid, nsTid: tid, pid: 1, comm: HOSTILE, stack: [HOSTILE], ...still }));
  return {
    ...{
      examination: 1,
      kvchaos: "0.0.0",
      at: "2025-01-01T12:00:00.000Z",
      asked: HOSTILE,
      name: HOSTILE,
      program: HOSTILE,
      kind: "process",
    },
    ...{
      container: { id: "0".repeat(64), by: "docker" },
      host: { kernel: "6.1.0", cores: 2 },
      window: 1000,
      took: 1200,
    },
    verdict: {
      class: "deadlock",
      proved: true,
      sentence: `deadlock proven: ${HOSTILE}`,
      proofs: [HOSTILE],
      hints: [HOSTILE],
    },
    graph: {
      ...{ class: "proven", edges, subtracted: [], cycles: [[1, 2]], queue: [] },
      ...{ readerLocks: [], linkWaits: [], threadWaits: [] },
    },
    groups: [
      {
        ...{ count: 2, comms: [HOSTILE], tids: [1, 2], state: "S", waitsFor: HOSTILE, asleep: true, cpu: 0 },
        ...{ frames: [HOSTILE, "main"], restedFor: { least: 5000, most: 6000 } },
      },
    ],
    processes: [
      {
        ...{
          pid: 1,
          parent: 0,
          title: HOSTILE,
          exe: HOSTILE,
          cmdline: [HOSTILE],
          state: "S",
          age: 9000,
          threads: 2,
          memory: {},
        },
        ...{
          limits: { "Max open files": "1 / 2" },
          io: null,
          pending: ["SIGTERM"],
          tracer: 0,
          frozen: false,
          still: true,
        },
      },
    ],
    threads,
    moreProcesses: 1,
    sockets: [
      {
        pid: 1,
        fd: 3,
        state: "ESTABLISHED",
        local: "127.0.0.1:1",
        peer: "127.0.0.1:2",
        unread: 9,
        unsent: 0,
        stuck: true,
      },
    ],
    files: [{ pid: 1, fd: 4, path: `/var/${"long".repeat(80)}` }],
    log: { from: `/var/${"long".repeat(80)}.log`, lines: [HOSTILE] },
    answers: [{ to: "127.0.0.1:1", asked: "INFO", text: HOSTILE, why: null, silent: false, ms: 3 }],
    facts: [HOSTILE],
    missing: [{ what: HOSTILE, why: HOSTILE, how: "sudo" }],
    gdb: { stoppedMs: 12, why: null, text: HOSTILE },
  };
}
