import type { JournalEvent } from "../../journal/events.ts";
import type { LockSite, LongWait, NamedLockUse, PredictedSide, Prediction } from "../../journal/prediction.ts";
import { type RunRecord, recordOf } from "../../journal/record.ts";
import { inOrder } from "../record-fixture.support.ts";
import { type SampleOptions, sampleRun } from "./run.support.ts";
import { HOSTILE } from "./trouble.support.ts";

/*
 * Test support: what the locks of the sample run's servers have shown. On m1 and r1 the worker joins the replication thread while it
 * holds what that one wants; on m1 two readers exclude each other behind a writer, and a thread takes its own mutex twice.
 */

/** Of the deadlock between worker and master-repl. */
export const JOIN_SIGNATURE = "0a1b2c3d4e5f";
export const WRITER_SIGNATURE = "112233445566";
const ITSELF_SIGNATURE = "fedcba987654";

export function lockSite(name: string | null, source: string | null = null, offset = 0x1f20): LockSite {
  return { module: "/usr/bin/kvrocks", offset, function: name, source };
}

function use(lock: string, mode: NamedLockUse["mode"], site: LockSite, caller: LockSite | null = null): NamedLockUse {
  const kind = lock.startsWith("rwlock") ? "rwlock" : lock.startsWith("mutex") ? "mutex" : "thread";
  return { lock, kind, mode, site, caller };
}

function side(thread: string, holds: NamedLockUse[], wants: NamedLockUse, more: Partial<PredictedSide> = {}) {
  return { thread, holds, wants, stack: [], at: [12_300, 14_500], count: 2, ...more };
}

const EXCLUSIVITY = use("rwlock A", "exclusive", lockSite("kvrocks::Server::WorkExclusivityGuard", "server.cc:1801"));

export const JOIN: Prediction = {
  signature: JOIN_SIGNATURE,
  kind: "cycle",
  sides: [
    side("worker", [EXCLUSIVITY], use("the end of master-repl", "exclusive", lockSite("ReplicationThread::Stop")), {
      stack: ["pthread_join", "std::thread::join", "ReplicationThread::Stop", "Server::RemoveMaster"],
    }),
    side(
      "master-repl",
      [],
      use(
        "rwlock A",
        "exclusive",
        lockSite("std::__shared_mutex_pthread::lock", null),
        lockSite("Server::PrepareRestoreDB"),
      ),
    ),
  ],
  needsWriter: false,
  writers: [],
  gap: 340,
  instances: 1,
};

const reads = (lock: string, name: string) => use(lock, "shared", lockSite(name, "pika_rm.cc:77"));

const BEHIND_A_WRITER: Prediction = {
  signature: WRITER_SIGNATURE,
  kind: "cycle",
  sides: [
    side("pool-#", [reads("rwlock A", "PikaServer::Info")], reads("rwlock B", "DB::KeyScanInfo"), { count: 41 }),
    side("flush-#", [reads("rwlock B", "DB::FlushDB")], reads("rwlock A", "PikaServer::DBNames")),
  ],
  needsWriter: true,
  writers: [side("main", [], use("rwlock A", "exclusive", lockSite("PikaServer::AddDB", null)))],
  gap: null,
  instances: 3,
};

const ITSELF: Prediction = {
  signature: ITSELF_SIGNATURE,
  kind: "itself",
  sides: [
    side(
      "cron",
      [use("mutex A", "exclusive", lockSite("Config::Rewrite", "config.cc:9"))],
      use("mutex A", "exclusive", lockSite("Config::Get", "config.cc:31")),
    ),
  ],
  needsWriter: false,
  writers: [],
  gap: 0,
  instances: 1,
};

const LONG_WAIT: LongWait = {
  thread: "worker",
  for: "join",
  longest: 9100,
  count: 3,
  at: 20_400,
  holds: [EXCLUSIVITY],
  site: lockSite("ReplicationThread::Stop", "replication.cc:520"),
  caller: null,
  stack: ["pthread_join", "ReplicationThread::Stop"],
};

/** Every name that a server has chosen is this one. */
function named(text: string): Prediction {
  const own = { module: `/usr/${text}`, offset: 1, function: text, source: text };
  const again = (one: PredictedSide): PredictedSide => ({
    ...one,
    thread: text,
    stack: [text, text],
    holds: one.holds.map((held) => ({ ...held, lock: text, site: own, caller: own })),
    wants: { ...one.wants, lock: text, site: own, caller: own },
  });
  return {
    ...BEHIND_A_WRITER,
    signature: text,
    sides: BEHIND_A_WRITER.sides.map(again),
    writers: [again(side("", [], EXCLUSIVITY))],
  };
}

export function lockGraphEvent(t: number, node: string, lost: string[] = []): JournalEvent {
  const counts = { pid: 7, executable: "/usr/bin/kvrocks", threads: 41, dependencies: 1203 };
  return { type: "lock-graph", t, node, ...counts, lost, file: `evidence/locks/${node}-1.json` };
}

/** What is told of the locks, at the end of chaos and again at the end. */
export function foreseenEvents(predictions: readonly Prediction[] = [BEHIND_A_WRITER, JOIN, ITSELF]): JournalEvent[] {
  const lost = ["ways to want a lock: 3 found no room"];
  const at = (t: number): JournalEvent[] => [
    ...["m1", "r1", "r2"].map((node) => lockGraphEvent(t, node, node === "r2" ? lost : [])),
    ...predictions.map((prediction): JournalEvent => ({ type: "prediction", t, node: "m1", prediction })),
  ];
  const far = { ...JOIN, gap: 2300 };
  return [
    ...at(40_000),
    ...at(60_000),
    ...(predictions.includes(JOIN) ? [{ type: "prediction", t: 60_000, node: "r1", prediction: far } as const] : []),
    { type: "long-wait", t: 60_000, node: "r1", wait: LONG_WAIT },
  ];
}

/** The sample run with what its servers' locks have shown. @param known what its experiment knows */
export function foreseenRun(options: SampleOptions = {}, events = foreseenEvents()): RunRecord {
  return recordOf(inOrder([...sampleRun(options).events, ...events]));
}

/** With names of a server that come alive nowhere. */
export const hostileForeseen = (): JournalEvent[] => [
  ...foreseenEvents([named(HOSTILE), JOIN]),
  {
    type: "long-wait",
    t: 60_000,
    node: "m1",
    wait: { ...LONG_WAIT, thread: HOSTILE, site: lockSite(HOSTILE, HOSTILE), stack: [HOSTILE] },
  },
  lockGraphEvent(60_000, "m1", [HOSTILE]),
];
