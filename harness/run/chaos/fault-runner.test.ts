import assert from "node:assert/strict";
import { monotonicClock } from "../../base/clock.ts";
import { until } from "../../base/deadline.ts";
import type { Fault, FaultContext } from "../../faults/fault.ts";
import { parameters } from "../../faults/parameters.ts";
import type { PlannedFault } from "../../journal/plan.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { Examinations } from "../examinations.ts";
import { Claims } from "./claims.ts";
import { FaultRunner } from "./fault-runner.ts";
import { TriggerSource } from "./triggers.ts";

interface Seen {
  id: string;
  step: string;
  detail: string | undefined;
}

function fake(kind: string, lasting: boolean, inject: (context: FaultContext) => Promise<void>): Fault {
  return {
    kind,
    summary: kind,
    lasting,
    parameters: parameters({}),
    inject: async (context) => {
      await inject(context);
      return { targets: ["r1 -> m1"], effect: async () => ({ measured: true, summary: "seen" }) };
    },
  };
}

function planned(
  id: string,
  fault: string,
  trigger: PlannedFault["trigger"],
  duration: number | null = null,
): PlannedFault {
  return { id, fault, trigger, duration, params: {} };
}

function setUp(list: PlannedFault[], kinds: Fault[], beforeHeal: () => Promise<void> = async () => {}) {
  const cluster = new FakeCluster(["m1"], { r1: "m1" });
  const clock = monotonicClock();
  const seen: Seen[] = [];
  const claims = new Claims();
  const examinations = new Examinations(clock);
  const triggers = new TriggerSource(cluster, () => {});
  const runner = new FaultRunner({
    planned: list,
    registry: new Map(kinds.map((fault) => [fault.kind, fault])),
    cluster,
    claims,
    examinations,
    triggers,
    clock,
    emit: (event) => {
      if (event.type === "fault") seen.push({ id: event.id, step: event.step, detail: event.detail });
    },
    beforeHeal,
    keep: async (file: string) => file,
    capture: async () => {},
  });
  const steps = (id: string): string[] => seen.filter((one) => one.id === id).map((one) => one.step);
  return { cluster, clock, seen, claims, examinations, triggers, runner, steps };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const at = (ms: number) => ({ kind: "at", at: ms }) as const;
const never = new AbortController().signal;

describe("the fault runner", () => {
  it("heals a lasting fault after its duration, and what it was claims no more", async () => {
    const healed: string[] = [];
    const hold = fake("hold", true, async (context) => {
      context.claim("r1", "paused");
      context.onHeal("let go", async () => void healed.push("let go"));
    });
    const { runner, clock, steps, claims } = setUp([planned("hold", "hold", at(0), 30)], [hold]);
    const running = runner.run(clock.now(), never);
    assert.equal(claims.of("r1"), null);
    await running;
    assert.deepEqual(steps("hold"), ["inject", "injected", "effect", "heal", "healed"]);
    assert.deepEqual(healed, ["let go"]);
    assert.equal(claims.of("r1"), null);
  });

  it("undoes what a fault had registered when injecting throws, and goes on with the others", async () => {
    const healed: string[] = [];
    const broken = fake("broken", true, async (context) => {
      context.onHeal("first", async () => void healed.push("first"));
      context.onHeal("second", async () => void healed.push("second"));
      throw new Error("half-way");
    });
    const fine = fake("fine", false, async () => {});
    const { runner, clock, steps } = setUp(
      [planned("b", "broken", at(0)), planned("f", "fine", at(5))],
      [broken, fine],
    );
    await runner.run(clock.now(), never);
    assert.deepEqual(steps("b"), ["inject", "inject-failed", "heal", "healed"]);
    assert.deepEqual(healed, ["second", "first"]);
    assert.deepEqual(steps("f"), ["inject", "injected", "effect", "healed"]);
  });

  it("starts `after` when the other fault has been injected", async () => {
    const order: string[] = [];
    const kind = fake("kind", false, async (context) => void order.push(context.id));
    const list = [
      planned("late", "kind", { kind: "after", after: "early", delay: 1 }),
      planned("early", "kind", at(20)),
    ];
    const { runner, clock } = setUp(list, [kind]);
    await runner.run(clock.now(), never);
    assert.deepEqual(order, ["early", "late"]);
  });

  it("reports a trigger that never came true as not fired", async () => {
    const kind = fake("kind", false, async () => {});
    const when = { kind: "when", when: { kind: "log", node: "r1", pattern: "never", nth: 1 }, delay: 0 } as const;
    const { runner, clock, steps } = setUp([planned("w", "kind", when)], [kind]);
    const over = new AbortController();
    const running = runner.run(clock.now(), over.signal);
    over.abort();
    await running;
    assert.deepEqual(steps("w"), ["not-fired"]);
  });

  it("fires on the n-th log line of the node that is meant", async () => {
    const kind = fake("kind", false, async () => {});
    const when = { kind: "when", when: { kind: "log", node: "r1", pattern: "sync \\d+", nth: 2 }, delay: 0 } as const;
    const { runner, clock, steps, cluster } = setUp([planned("w", "kind", when)], [kind]);
    const running = runner.run(clock.now(), never);
    await new Promise((resolve) => setImmediate(resolve));
    cluster.logLine("m1", "sync 1");
    assert.deepEqual(steps("w"), []);
    cluster.logLine("r1", "sync 1");
    cluster.logLine("r1", "no such line");
    cluster.logLine("m1", "sync 2");
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(steps("w"), []);
    cluster.logLine("r1", "sync 2");
    await running;
    assert.equal(steps("w").at(-1), "healed");
  });

  it("fires when a thread begins to pause by a fault, each occurrence by the one that it names", async () => {
    const kind = fake("kind", false, async () => {});
    let pause: (() => () => void) | undefined;
    const hold = fake("hold", true, async (context) => {
      pause = () => context.pausing("r1");
    });
    const when = (fault: string, nth: number) =>
      ({ kind: "when", when: { kind: "pause", fault, nth }, delay: 0 }) as const;
    const list = [
      planned("hold#1", "hold", at(0)),
      planned("first#1", "kind", when("hold", 1)),
      planned("first#2", "kind", when("hold", 2)),
      planned("first#3", "kind", when("hold", 2)),
      planned("third", "kind", when("hold", 3)),
      planned("other", "kind", when("another", 1)),
    ];
    const { runner, clock, steps, examinations } = setUp(list, [kind, hold]);
    const over = new AbortController();
    const running = runner.run(clock.now(), over.signal);
    await until({ what: "the fault", within: 60_000, every: 1 }, () => pause);
    const end = pause?.();
    await until({ what: "the first", within: 60_000, every: 1 }, () => steps("first#1").includes("healed"));
    assert.deepEqual(steps("first#2"), []);
    assert.equal(examinations.of("r1").length, 1);
    end?.();
    for (const ids of [["first#2", "first#3"], ["third"]]) {
      await turn();
      pause?.()();
      const done = () => ids.every((id) => steps(id).includes("healed"));
      await until({ what: ids.join(), within: 60_000, every: 1 }, done);
    }
    over.abort();
    await running;
    assert.deepEqual(steps("other"), ["not-fired"]);
  });

  it("measures an effect that comes while the fault lasts when it is about to be healed", async () => {
    const order: string[] = [];
    const hold: Fault = {
      ...fake("hold", true, async () => {}),
      inject: async (context) => {
        context.onHeal("let go", async () => void order.push("let go"));
        const effect = async () => {
          order.push("effect");
          return { measured: order.length === 1, summary: "seen" };
        };
        return { targets: ["r1"], effectAt: "heal", effect };
      },
    };
    const { runner, clock, steps } = setUp([planned("a", "hold", at(0), 20), planned("b", "hold", at(0))], [hold]);
    await runner.run(clock.now(), never);
    assert.deepEqual(steps("a"), ["inject", "injected", "effect", "heal", "healed"]);
    assert.deepEqual(steps("b"), ["inject", "injected"]);
    await runner.healAll();
    assert.deepEqual(steps("b"), ["inject", "injected", "effect", "heal", "healed"]);
    assert.deepEqual(order, ["effect", "let go", "effect", "let go"]);
  });

  it("fires on a state of the node that has the role now", async () => {
    const kind = fake("kind", false, async () => {});
    const when = {
      kind: "when",
      when: { kind: "state", node: "replica/0", state: "link-down", progress: null },
      delay: 0,
    } as const;
    const { runner, clock, steps, cluster, triggers } = setUp([planned("w", "kind", when)], [kind]);
    const running = runner.run(clock.now(), never);
    const state = { ...(await cluster.node("r1").state()), link: "down" as const };
    triggers.state("m1", { ...state, role: "master" });
    assert.deepEqual(steps("w"), []);
    triggers.state("r1", state);
    await running;
    assert.equal(steps("w").at(-1), "healed");
  });

  const inFullSync = (progress: number | null) =>
    ({ kind: "when", when: { kind: "state", node: "r1", state: "full-sync", progress }, delay: 0 }) as const;
  const files = (done: number) => ({ done: String(done), total: "10" });
  it("fires in the middle of a full sync, by the files that the log counts", async () => {
    const kind = fake("kind", false, async () => {});
    const { runner, clock, steps, cluster } = setUp([planned("w", "kind", inFullSync(0.4))], [kind]);
    const running = runner.run(clock.now(), never);
    await turn();
    cluster.syncLine("r1", "full-sync-start");
    cluster.syncLine("r1", "full-sync-progress", files(3));
    await turn();
    assert.deepEqual(steps("w"), []);
    cluster.syncLine("r1", "full-sync-progress", files(4));
    await running;
    assert.equal(steps("w").at(-1), "healed");
  });

  it("fires on a full sync that is under way already", async () => {
    const kind = fake("kind", false, async () => {});
    const { runner, clock, steps, cluster } = setUp([planned("w", "kind", inFullSync(0.4))], [kind]);
    cluster.syncLine("r1", "full-sync-progress", files(6));
    await runner.run(clock.now(), never);
    assert.equal(steps("w").at(-1), "healed");
  });

  const afterBytes = (bytes: number) =>
    ({ kind: "when", when: { kind: "sync-bytes", node: "r1", bytes }, delay: 0 }) as const;

  it("fires when the bytes of a full sync have come, counted from its beginning", async () => {
    const kind = fake("kind", false, async () => {});
    const { runner, clock, steps, cluster } = setUp([planned("w", "kind", afterBytes(1000))], [kind]);
    cluster.received.set("r1", 50_000);
    const running = runner.run(clock.now(), never);
    await turn();
    // What came before is not the full sync's.
    cluster.received.set("r1", 60_000);
    cluster.syncLine("r1", "full-sync-start");
    cluster.received.set("r1", 60_999);
    cluster.syncLine("r1", "full-sync-progress");
    cluster.syncLine("r1", "full-sync-ended");
    cluster.received.set("r1", 70_000);
    cluster.syncLine("r1", "full-sync-start");
    await turn();
    assert.deepEqual(steps("w"), []);
    cluster.received.set("r1", 71_000);
    await running;
    assert.equal(steps("w").at(-1), "healed");
  });

  it("counts bytes of a full sync under way from then on, and goes on when the interface is a new one", async () => {
    const kind = fake("kind", false, async () => {});
    const { runner, clock, steps, cluster } = setUp([planned("w", "kind", afterBytes(1000))], [kind]);
    cluster.syncLine("r1", "full-sync-progress");
    const readings = [5_000, 5_600, 100, 400];
    cluster.node("r1").received = () => readings.shift() ?? 400;
    await runner.run(clock.now(), never);
    assert.equal(steps("w").at(-1), "healed");
    assert.deepEqual(readings, []);
  });

  it("says so when nobody can count the bytes", async () => {
    const kind = fake("kind", false, async () => {});
    const { runner, clock, seen, cluster } = setUp([planned("w", "kind", afterBytes(1))], [kind]);
    cluster.syncLine("r1", "full-sync-start");
    const over = new AbortController();
    const running = runner.run(clock.now(), over.signal);
    await turn();
    over.abort();
    await running;
    assert.deepEqual(
      seen.map(({ step }) => step),
      ["not-fired"],
    );
    assert.match(
      seen[0]?.detail ?? "",
      /ended before its trigger came true: the bytes that reach r1 could not be counted/,
    );
  });

  it("waits for the next full sync before the second occurrence", async () => {
    const kind = fake("kind", false, async () => {});
    const list = [planned("w#1", "kind", inFullSync(0.4)), planned("w#2", "kind", inFullSync(0.4))];
    const { runner, clock, steps, cluster } = setUp(list, [kind]);
    const running = runner.run(clock.now(), never);
    await turn();
    cluster.syncLine("r1", "full-sync-progress", files(5));
    await until({ what: "the first occurrence", within: 60_000, every: 1 }, () => steps("w#1").at(-1) === "healed");
    await turn();
    cluster.syncLine("r1", "full-sync-progress", files(6));
    await turn();
    assert.deepEqual(steps("w#2"), []);
    cluster.syncLine("r1", "full-sync-ended");
    cluster.syncLine("r1", "full-sync-start");
    cluster.syncLine("r1", "full-sync-progress", files(5));
    await running;
    assert.equal(steps("w#2").at(-1), "healed");
  });

  it("waits for the state to come again before the second occurrence", async () => {
    const kind = fake("kind", false, async () => {});
    const when = {
      kind: "when",
      when: { kind: "state", node: "r1", state: "link-down", progress: null },
      delay: 0,
    } as const;
    const list = [planned("w#1", "kind", when), planned("w#2", "kind", when)];
    const { runner, clock, steps, cluster, triggers } = setUp(list, [kind]);
    const running = runner.run(clock.now(), never);
    const state = await cluster.node("r1").state();
    const say = async (link: "up" | "down") => {
      triggers.state("r1", { ...state, role: "replica", link });
      await new Promise((resolve) => setImmediate(resolve));
    };
    await say("down");
    await until({ what: "the first occurrence", within: 60_000, every: 1 }, () => steps("w#1").at(-1) === "healed");
    await say("down");
    assert.deepEqual(steps("w#2"), []);
    await say("up");
    await say("down");
    await running;
    assert.equal(steps("w#2").at(-1), "healed");
  });

  it("leaves what outlives chaos to healAll, which waits for the evidence and is idempotent", async () => {
    const order: string[] = [];
    const hold = fake("hold", true, async (context) => context.onHeal("let go", async () => void order.push("healed")));
    const { runner, clock, steps } = setUp(
      [planned("h", "hold", at(0))],
      [hold],
      async () => void order.push("evidence"),
    );
    await runner.run(clock.now(), never);
    assert.equal(runner.holding("r1 -> m1"), "h");
    await runner.healAll();
    await runner.healAll();
    assert.deepEqual(order, ["evidence", "healed"]);
    assert.equal(runner.holding("r1 -> m1"), null);
    assert.equal(steps("h").filter((step) => step === "healed").length, 1);
  });

  it("goes on with the others, and rejects for none, when a fault's own answers are mistakes", async () => {
    const boundless: Fault = {
      ...fake("boundless", true, async () => {}),
      ownDuration: () => {
        throw new Error("no number");
      },
    };
    const hold = fake("hold", true, async () => {});
    const { runner, clock, seen, steps } = setUp(
      [planned("b", "boundless", at(0)), planned("h", "hold", at(5), 10)],
      [boundless, hold],
      () => Promise.reject(new Error("no evidence")),
    );
    await runner.run(clock.now(), never);
    await runner.healAll();
    assert.deepEqual(steps("b"), ["inject", "inject-failed", "healed"]);
    assert.equal(seen.find(({ step }) => step === "inject-failed")?.detail, "no number");
    assert.deepEqual(steps("h"), ["inject", "injected", "effect", "healed"]);
  });

  it("says when healing failed", async () => {
    const stuck = fake("stuck", false, async (context) => {
      context.onHeal("undo", () => Promise.reject(new Error("no")));
    });
    const { runner, clock, steps } = setUp([planned("s", "stuck", at(0))], [stuck]);
    await runner.run(clock.now(), never);
    assert.equal(steps("s").at(-1), "heal-failed");
  });
});
