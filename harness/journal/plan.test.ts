import assert from "node:assert/strict";
import { planOf } from "../testing/plan-fixture.support.ts";
import { argvOf, commandsOf, planIn } from "./plan.ts";
import { recordOf } from "./record.ts";

describe("the plan in a journal", () => {
  const whole = planOf({ checks: ["no-hang"], watchdog: { hangLimit: 9 } });
  const without = (...names: string[]): object => {
    const left = Object.entries(whole.experiment).filter(([name]) => !names.includes(name));
    return { ...whole, experiment: Object.fromEntries(left) };
  };

  it("has defaults for what came later", () => {
    const later = ["why", "fullSync", "cores", "benchmarks", "allow", "expectations", "losses", "timeToFinding"];
    assert.deepEqual(planIn({ plan: without(...later) }), whole);
    // Before it could be said, every server was told its role again.
    assert.equal(planIn({ plan: without("reconcile") })?.experiment.reconcile, "operator");
  });

  it("of a later version is what this one knows of it", () => {
    const plan = { ...whole, later: 1, experiment: { ...whole.experiment, later: 1 } };
    assert.deepEqual(planIn({ plan }), whole);
  });

  it("of another shape is none, and no mistake", () => {
    for (const plan of [undefined, null, 1, {}, { experiment: {} }, without("watchdog"), { ...whole, version: 2 }]) {
      assert.equal(planIn({ plan }), null, JSON.stringify(plan));
    }
    assert.equal(recordOf([]).plan, null);
  });

  it("tells the commands of a fault where they are words", () => {
    const params = { node: "m1", argv: ["DEBUG", "SLEEP", "1"], undo: null, copies: 2 };
    assert.deepEqual(commandsOf(params), [{ name: "argv", words: ["DEBUG", "SLEEP", "1"] }]);
    assert.deepEqual([argvOf(params), argvOf({ argv: [1] }), argvOf(undefined)], [params.argv, [], []]);
  });
});
