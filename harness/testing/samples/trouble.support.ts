import type { EventOf, JournalEvent } from "../../journal/events.ts";
import type { HangEvidence } from "../../journal/evidence-data.ts";
import type { Finding } from "../../journal/finding.ts";
import { NO_WAITS } from "../evidence.support.ts";
import { condition, event, type Free } from "../record-fixture.support.ts";

/** Text that must come alive nowhere. */
export const HOSTILE = `<img src=x onerror=alert(1)>]]>"'&\u001b[31m\u0007 \`\`\`\n# @someone https://evil.example \u202e`;

const WHY = "8 of 8 connections silent, no CPU time used, same stacks";
const PROOF =
  "Thread 31648 (worker-2) joins thread 31902 (master-repl); thread 31902 waits for the rwlock at 0x7f2a80 as a writer, and its writer is thread 31648: a cycle.";

/** Test support: how r1 hangs and r2 ends with other data. */
export function sampleTrouble(end: number): JournalEvent[] {
  return [
    condition(37_000, "r1", "partial", {
      was: "healthy",
      why: "5 of 8 connections silent",
      since: 32_000,
      silent: 5,
      of: 8,
    }),
    condition(39_000, "r1", "deadlocked", { was: "partial", why: WHY, silent: 8, of: 8 }),
    event("evidence", 39_600, {
      ms: 310,
      files: [
        "evidence/r1-1/threads.txt",
        "evidence/r1-1/wait-for.json",
        "evidence/r1-1/stacks-gdb.txt",
        "evidence/r1-1/sockets.txt",
        `evidence/r1-1/${encodeURIComponent("<odd>")} #1.txt`,
      ],
      summary: `59 threads, 12 blocked. ${HOSTILE}`,
      proof: PROOF,
      data: sampleEvidenceData(),
    }),
    event("log", 31_800, { rule: "full-resync", line: `31:S * Full resync from master ${HOSTILE}` }),
    event("log", 32_010, { rule: "loading", line: "Waiting workers for finishing executing commands..." }),
    event("recovery", 70_000, {
      recovered: false,
      ms: 20_000,
      within: 20_000,
      waiting: [{ node: "r1", what: "no answer" }],
    }),
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
      ...NO_WAITS,
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
      cycles: [[31_648, 31_902]],
      queue: [...workers, 31_700],
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

const DIFFERENCES: EventOf<"comparison">["differences"] = [
  { key: `user:<b>1</b>\\x1b[31m`, kind: "missing-on-replica", master: `string "${HOSTILE}"`, replica: null },
  { key: "zset:17", kind: "value", master: 'member "a" score 1', replica: 'no member "a"' },
  { key: "extra", kind: "extra-on-replica", master: null, replica: "hash" },
];

export function sampleComparison(different: boolean): JournalEvent {
  const found = different ? { different: 412, differences: DIFFERENCES } : {};
  return event("comparison", 71_500, { replica: "r2", masterKeys: 20_113, replicaKeys: 20_101, ...found, ms: 900 });
}

export function sampleChecks(failing: boolean, end: number): JournalEvent[] {
  const check = (name: string, more: Free<"check"> = {}): JournalEvent => event("check", end - 2600, { name, ...more });
  if (!failing) {
    const healthy = ["no-hang", "no-crash", "converges", "recovers-within"].map((name) => check(name));
    return [...healthy, check("one-master", { valid: "unknown", why: "r1 did not tell its role after recovery" })];
  }
  return [
    check("no-hang", { valid: false, findings: [HANG] }),
    check("no-crash"),
    check("converges", { valid: false, findings: [DIVERGENCE] }),
    check("recovers-within", {
      valid: false,
      why: "not recovered, as other findings explain: r1: hang/deadlocked of r1",
    }),
  ];
}

const HANG: Finding = {
  type: "hang",
  class: "deadlocked",
  node: "r1",
  from: 32_000,
  to: null,
  summary: "r1 did not answer (8 of 8 connections silent) for 40.6s, also after every fault was healed.",
  proof: PROOF,
  evidence: ["evidence/r1-1/threads.txt", "evidence/r1-1/wait-for.json", "../../etc/passwd", "javascript:alert(1)"],
  detail: { why: WHY, silent: 8, of: 8, outlivedRecovery: true, captures: [] },
};

const DIVERGENCE: Finding = {
  type: "divergence",
  class: "missing-keys",
  node: "r2",
  from: 71_500,
  to: null,
  summary: "r2 differs from its master m1 in 412 keys (20113 keys against 20101) after load had stopped.",
  proof: `Key user:1: m1 has ${HOSTILE}, r2 has no such key.`,
  evidence: [],
  detail: { master: "m1", different: 412, masterKeys: 20_113, replicaKeys: 20_101, differences: DIFFERENCES },
};
