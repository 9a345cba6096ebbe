import type { JournalEvent } from "../../journal/events.ts";
import type { HangEvidence } from "../../journal/evidence-data.ts";

/** Text that must come alive nowhere. */
export const HOSTILE = `<img src=x onerror=alert(1)>]]>"'&\u001b[31m\u0007 \`\`\`\n# @someone https://evil.example \u202e`;

/** Test support: how r1 hangs and r2 ends with other data. */
export function sampleTrouble(end: number): JournalEvent[] {
  return [
    sampleCondition(37_000, "r1", "healthy", "partial", "5 of 8 connections silent", {
      since: 32_000,
      silent: 5,
      of: 8,
    }),
    sampleCondition(39_000, "r1", "partial", "deadlocked", "8 of 8 connections silent, no CPU time used, same stacks", {
      silent: 8,
      of: 8,
    }),
    {
      type: "evidence",
      t: 39_600,
      node: "r1",
      reason: "deadlocked",
      ms: 310,
      stoppedProcessMs: 0,
      files: [
        "evidence/r1-1/threads.txt",
        "evidence/r1-1/wait-for.json",
        "evidence/r1-1/stacks-gdb.txt",
        "evidence/r1-1/sockets.txt",
        `evidence/r1-1/${encodeURIComponent("<odd>")} #1.txt`,
      ],
      summary: `59 threads, 12 blocked. ${HOSTILE}`,
      proof:
        "Thread 31648 (worker-2) joins thread 31902 (master-repl); thread 31902 waits for the rwlock at 0x7f2a80 as a writer, and its writer is thread 31648: a cycle.",
      data: sampleEvidenceData(),
    },
    {
      type: "log",
      t: 31_800,
      node: "r1",
      rule: "full-resync",
      line: `31:S * Full resync from master ${HOSTILE}`,
      fields: {},
    },
    {
      type: "log",
      t: 32_010,
      node: "r1",
      rule: "loading",
      line: "Waiting workers for finishing executing commands...",
      fields: {},
    },
    {
      type: "recovery",
      t: 70_000,
      recovered: false,
      ms: 20_000,
      within: 20_000,
      waiting: [{ node: "r1", what: "no answer" }],
    },
    sampleComparison(true),
    { type: "note", t: end - 2000, about: "teardown", text: HOSTILE },
  ];
}

/** What the capture of r1 found: worker 31648 and master-repl 31902 wait for each other, seven workers behind them. */
function sampleEvidenceData(): HangEvidence {
  const thread = (tid: number, comm: string) => ({ tid, nsTid: tid - 31_000, comm });
  const lock = { kind: "rwlock-read", address: "0x7f2a80", timed: false, call: "futex" } as const;
  const workers = [1, 2, 3, 4, 5, 6, 7].map((i) => 31_648 + i);
  return {
    found: "",
    threads: [
      thread(31_648, "worker"),
      thread(31_902, "master-repl"),
      thread(31_700, HOSTILE),
      ...workers.map((tid) => thread(tid, "worker")),
    ],
    graph: {
      class: "proven",
      edges: [
        {
          from: 31_648,
          kind: "join",
          address: "0x7f1",
          to: { kind: "thread", tid: 31_902 },
          timed: false,
          call: "futex",
        },
        { ...lock, from: 31_902, kind: "rwlock-write", to: { kind: "thread", tid: 31_648 } },
        ...workers.map((tid) => ({ ...lock, from: tid, to: { kind: "thread" as const, tid: 31_648 } })),
        { ...lock, from: 31_700, kind: "join", to: { kind: "thread", tid: 31_649 } },
      ],
      subtracted: [],
      cycles: [[31_648, 31_902]],
      queue: [...workers, 31_700],
      readerLocks: [],
      linkWaits: [],
      threadWaits: [],
    },
    groups: [
      {
        count: 7,
        comms: ["worker ×7"],
        tids: workers,
        state: "S",
        waitsFor: "rwlock 0x7f2a80 as reader, held by worker 31648 as writer",
        asleep: true,
        frames: ["pthread_rwlock_rdlock", `kvrocks::Server::${HOSTILE}`],
      },
      {
        count: 1,
        comms: ["worker"],
        tids: [31_648],
        state: "S",
        waitsFor: "the end of master-repl 31902 (join)",
        asleep: true,
        frames: ["pthread_join", "ReplicationThread::Stop"],
      },
    ],
  };
}

export function sampleComparison(different: boolean): JournalEvent {
  const differences = different
    ? [
        {
          key: `user:<b>1</b>\\x1b[31m`,
          kind: "missing-on-replica" as const,
          master: `string "${HOSTILE}"`,
          replica: null,
        },
        { key: "zset:17", kind: "value" as const, master: 'member "a" score 1', replica: 'no member "a"' },
        { key: "extra", kind: "extra-on-replica" as const, master: null, replica: "hash" },
      ]
    : [];
  return {
    type: "comparison",
    t: 71_500,
    master: "m1",
    replica: "r2",
    complete: true,
    why: null,
    masterKeys: 20_113,
    replicaKeys: 20_101,
    different: different ? 412 : 0,
    differences,
    ms: 900,
  };
}

export function sampleChecks(failing: boolean, end: number): JournalEvent[] {
  const t = end - 2600;
  const ok = (name: string): JournalEvent => ({ type: "check", t, name, valid: true, why: null, findings: [] });
  if (!failing)
    return [
      ok("no-hang"),
      ok("no-crash"),
      ok("converges"),
      ok("recovers-within"),
      {
        type: "check",
        t,
        name: "one-master",
        valid: "unknown",
        why: "r1 did not tell its role after recovery",
        findings: [],
      },
    ];
  return [
    {
      type: "check",
      t,
      name: "no-hang",
      valid: false,
      why: null,
      findings: [
        {
          type: "hang",
          class: "deadlocked",
          node: "r1",
          from: 32_000,
          to: null,
          summary: "r1 did not answer (8 of 8 connections silent) for 40.6s, also after every fault was healed.",
          proof:
            "Thread 31648 (worker-2) joins thread 31902 (master-repl); thread 31902 waits for the rwlock at 0x7f2a80 as a writer, and its writer is thread 31648: a cycle.",
          evidence: [
            "evidence/r1-1/threads.txt",
            "evidence/r1-1/wait-for.json",
            "../../etc/passwd",
            "javascript:alert(1)",
          ],
          detail: {
            why: "8 of 8 connections silent, no CPU time used, same stacks",
            silent: 8,
            of: 8,
            outlivedRecovery: true,
            captures: [],
          },
        },
      ],
    },
    ok("no-crash"),
    {
      type: "check",
      t,
      name: "converges",
      valid: false,
      why: null,
      findings: [
        {
          type: "divergence",
          class: "missing-keys",
          node: "r2",
          from: 71_500,
          to: null,
          summary: "r2 differs from its master m1 in 412 keys (20113 keys against 20101) after load had stopped.",
          proof: `Key user:1: m1 has ${HOSTILE}, r2 has no such key.`,
          evidence: [],
          detail: {
            master: "m1",
            different: 412,
            masterKeys: 20_113,
            replicaKeys: 20_101,
            differences: (sampleComparison(true) as Extract<JournalEvent, { type: "comparison" }>).differences,
          },
        },
      ],
    },
    {
      type: "check",
      t,
      name: "recovers-within",
      valid: false,
      why: "not recovered, as other findings explain: r1: hang/deadlocked of r1",
      findings: [],
    },
  ];
}

export function sampleCondition(
  t: number,
  node: string,
  was: Extract<JournalEvent, { type: "condition" }>["was"],
  now: Extract<JournalEvent, { type: "condition" }>["now"],
  why: string,
  more: { since?: number; silent?: number; of?: number } = {},
): JournalEvent {
  return { type: "condition", t, node, was, now, since: t, why, ...more };
}
