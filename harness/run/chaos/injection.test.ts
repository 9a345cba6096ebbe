import assert from "node:assert/strict";
import fc from "fast-check";
import { monotonicClock } from "../../base/clock.ts";
import { sleep, until } from "../../base/deadline.ts";
import type { Fault } from "../../faults/fault.ts";
import { parameters } from "../../faults/parameters.ts";
import type { PlannedFault } from "../../journal/plan.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { Examinations } from "../examinations.ts";
import { Claims } from "./claims.ts";
import { FaultRunner } from "./fault-runner.ts";
import { Injection } from "./injection.ts";
import { TriggerSource } from "./triggers.ts";

/** What a fault does to a node: each is one call that takes its time and lands at its end, whatever became of the caller. */
class World {
  readonly held = new Set<string>();
  readonly violations: string[] = [];

  async put(what: string, ms: number): Promise<void> {
    await sleep(ms);
    this.held.add(what);
  }

  async take(what: string, ms: number): Promise<void> {
    await sleep(ms);
    this.held.delete(what);
  }
}

interface Shape {
  /** One call after the other, ms each. */
  calls: number[];
  undo: number;
  at: number;
  duration: number | null;
  lasting: boolean;
  /** It looks at its signal between two calls. */
  listens: boolean;
  throws: boolean;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  calls: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 3 }),
  undo: fc.integer({ min: 0, max: 6 }),
  at: fc.integer({ min: 0, max: 20 }),
  duration: fc.option(fc.integer({ min: 0, max: 15 })),
  lasting: fc.boolean(),
  listens: fc.boolean(),
  throws: fc.boolean(),
});

/** Plays faults of these shapes, ends chaos after `end` ms (or interrupts: the same signal), heals twice at once. */
async function play(shapes: readonly Shape[], end: number, healEarly: number | null) {
  const world = new World();
  const claims = new Claims();
  const clock = monotonicClock();
  const cluster = new FakeCluster(["m1"], { r1: "m1" });
  const kinds = shapes.map((one, i): Fault => {
    const node = `n${i}`;
    return {
      kind: `kind${i}`,
      summary: "",
      lasting: one.lasting,
      parameters: parameters({}),
      inject: async (context) => {
        context.claim(node, "paused");
        for (const [k, ms] of one.calls.entries()) {
          if (one.listens) context.signal.throwIfAborted();
          const what = `${node}/${k}`;
          context.onHeal(`undo ${what}`, async () => {
            await world.take(what, one.undo);
          });
          await world.put(what, ms);
          if (claims.of(node) === null) world.violations.push(`${what} landed on a node that nobody claims any more`);
        }
        if (one.throws) throw new Error("half-way");
        return { targets: [node], effect: async () => ({ measured: true, summary: "" }) };
      },
    };
  });
  const planned = shapes.map(
    ({ at, duration }, i): PlannedFault => ({
      id: `f${i}`,
      fault: `kind${i}`,
      trigger: { kind: "at", at },
      duration,
      params: {},
    }),
  );
  const steps: string[] = [];
  const runner = new FaultRunner({
    planned,
    registry: new Map(kinds.map((kind) => [kind.kind, kind])),
    cluster,
    claims,
    examinations: new Examinations(clock),
    triggers: new TriggerSource(cluster, () => {}),
    clock,
    emit: (event) => {
      if (event.type === "fault") steps.push(`${event.id} ${event.step}`);
    },
    beforeHeal: async () => {},
    keep: async (file: string) => file,
    capture: async () => {},
  });
  const over = new AbortController();
  const running = runner.run(clock.now(), over.signal);
  const early = healEarly === null ? null : sleep(healEarly).then(() => runner.healAll());
  await sleep(end);
  over.abort(new Error("the chaos phase is over"));
  await running;
  await Promise.all([runner.healAll(), runner.healAll(), early]);
  return { world, claims, steps, nodes: shapes.map((_, i) => `n${i}`) };
}

describe("a fault and its heal", () => {
  it("leave nothing in place and release no claim early, whatever ends first", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(shape, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 0, max: 30 }),
        fc.option(fc.integer({ min: 0, max: 30 })),
        async (shapes, end, healEarly) => {
          const { world, claims, nodes, steps } = await play(shapes, end, healEarly);
          assert.deepEqual([...world.held], [], steps.join(", "));
          assert.deepEqual(world.violations, []);
          assert.deepEqual(
            nodes.filter((node) => claims.of(node) !== null),
            [],
          );
        },
      ),
      { numRuns: 150 },
    );
  }).timeout(300_000);

  it("are undone once more when the inject ends only after the heal, which is told as failed, and keep the claim until then", async () => {
    const log: string[] = [];
    let land = (): void => {};
    const landed = new Promise<void>((resolve) => {
      land = resolve;
    });
    const never = new AbortController().signal;
    const injection = new Injection("slow#1", never, () => void log.push("released"), 20);
    injection.onHeal("unpause", async () => void log.push("unpaused"));
    await assert.rejects(
      injection.run(10, async () => {
        await landed;
        log.push("paused");
      }),
      /injecting slow#1 did not happen within 10 ms/,
    );
    const failures = await injection.heal();
    assert.match(String(failures[0]?.error), /still under way 20 ms after it was told to end/);
    assert.deepEqual(log, ["unpaused"]);
    land();
    await until({ what: "the release", within: 60_000, every: 2 }, () => log.includes("released"));
    assert.deepEqual(log, ["unpaused", "paused", "unpaused", "released"]);
  });
});
