import assert from "node:assert/strict";
import type { JournalEvent } from "../../journal/events.ts";
import type { Plan, PlannedFault } from "../../journal/plan.ts";
import { recordOf } from "../../journal/record.ts";
import { planOf } from "../../testing/plan-fixture.support.ts";
import { JOIN } from "../../testing/samples/foreseen.support.ts";
import { confirmingPlans } from "./confirming-plan.ts";

const command = (id: string, at: number, ...argv: string[]): PlannedFault => ({
  id,
  fault: "command",
  trigger: { kind: "at", at },
  duration: null,
  params: { node: "r1", argv, wait: true, within: 10_000, refusable: false, undo: null },
});

/** Chaos begins at 10 s. The sides came closest with SLAVEOF NO ONE at 12.3 s and the end of a full sync after SLAVEOF. */
const FAULTS = [
  command("leave", 2_300, "SLAVEOF", "NO", "ONE"),
  command("join", 2_500, "SLAVEOF", "m1", "6666"),
  command("late", 29_000, "INFO"),
];
const AT = [[12_300, 31_000], [12_900]];

function record(faults: PlannedFault[] = FAULTS) {
  const plan: Plan = { ...planOf({ checks: ["no-hang", "lock-order"], locks: false }), faults };
  const done = faults.flatMap(({ id, fault, trigger }): JournalEvent[] => {
    const t = 10_000 + (trigger.kind === "at" ? trigger.at : 0);
    const step = { type: "fault" as const, id, fault, targets: ["r1"] };
    return [
      { ...step, t, step: "inject" },
      { ...step, t: t + 20, step: "injected" },
    ];
  });
  const run = { type: "run", t: 0, runId: "run-1", plan } as unknown as JournalEvent;
  return recordOf([
    run,
    { type: "phase", t: 10_000, phase: "chaos", step: "begin" },
    ...done.sort((a, b) => a.t - b.t),
    { type: "phase", t: 40_000, phase: "chaos", step: "end" },
  ]);
}

const PREDICTION = { ...JOIN, gap: 600, sides: JOIN.sides.map((side, i) => ({ ...side, at: AT[i] ?? [] })) };
const [FIRST] = confirmingPlans(record(), "r1", PREDICTION, 6);

describe("a plan that tries to make a prediction real", () => {
  it("pauses the side that came last, where it wants its lock and with the locks that it had", () => {
    const [pause, ...others] = FIRST?.plan.faults.filter(({ fault }) => fault === "pause-thread") ?? [];
    assert.equal(others.length, 0);
    assert.deepEqual(FIRST?.sides, [1]);
    assert.equal(FIRST?.length, 1_220);
    const { node, thread, before, holding, mode, kind, length } = pause?.params ?? {};
    assert.deepEqual(
      { node, thread, before, holding, mode, kind, length },
      {
        ...{ node: "r1", thread: "master-repl", before: ["kvrocks+0x1f20"], holding: null },
        ...{ mode: "exclusive", kind: "rwlock", length: 1_220 },
      },
    );
  });

  it("gives the commands of the other side again and again while that pauses", () => {
    const again = FIRST?.plan.faults.filter(({ id }) => id.startsWith("meet-")) ?? [];
    assert.deepEqual(
      again.slice(0, 2).map(({ params, trigger }) => ({ argv: params.argv, trigger })),
      [50, 400].map((delay) => ({
        argv: ["SLAVEOF", "NO", "ONE"],
        trigger: { kind: "when", when: { kind: "pause", fault: "hold-2", nth: 1 }, delay },
      })),
    );
    assert.equal(new Set(again.map(({ id }) => id)).size, again.length);
  });

  it("goes as far as the sides were seen, and what it says may be refused", () => {
    const { experiment, faults } = FIRST?.plan ?? planOf({});
    assert.equal(experiment.duration, 2_900 + 3 * 1_220 + 4_000);
    const tour = faults.filter(({ fault, id }) => fault === "command" && !id.startsWith("meet-"));
    assert.deepEqual(
      tour.map(({ id, params }) => [id, params.refusable]),
      [
        ["leave", true],
        ["join", true],
      ],
    );
    assert.deepEqual(experiment.checks, ["no-hang", "no-crash"]);
    assert.equal(experiment.locks, true);
    assert.equal(experiment.stopOn, "first-finding");
    assert.equal(experiment.recovery.within, 10_000);
    assert.deepEqual(experiment.confirms, {
      ...{ run: "run-1", signature: JOIN.signature, node: "r1" },
      sides: [
        { thread: "worker", waits: "join", place: "ReplicationThread::Stop" },
        { thread: "master-repl", waits: "rwlock", place: "Server::PrepareRestoreDB" },
      ],
      pause: "a pause of 1.2 s before Server::PrepareRestoreDB in thread master-repl",
    });
  });

  it("comes with pauses of the other side, of both, and of other lengths; as many as are asked for", () => {
    const all = confirmingPlans(record(), "r1", PREDICTION, 5);
    assert.deepEqual(
      all.map(({ sides, length }) => [sides, length]),
      [
        [[1], 1_220],
        [[0], 1_220],
        [[0, 1], 1_220],
        [[1], 3_500],
        [[0], 3_500],
      ],
    );
  });

  it("keeps what starts otherwise than by the time, and the whole of a plan whose sides were seen at no known moment", () => {
    const log = { kind: "when", when: { kind: "log", node: "r1", pattern: "x", nth: 1 }, delay: 0 } as const;
    const waits: PlannedFault = { ...command("on-log", 0, "INFO"), trigger: log };
    const [some] = confirmingPlans(record([...FAULTS, waits]), "r1", PREDICTION, 1);
    assert.ok(some?.plan.faults.some(({ id }) => id === "on-log"));
    const nowhere = { ...PREDICTION, sides: PREDICTION.sides.map((side) => ({ ...side, at: [] })) };
    const [whole] = confirmingPlans(record(), "r1", nowhere, 1);
    assert.equal(whole?.plan.experiment.duration, 30_000);
  });
});
