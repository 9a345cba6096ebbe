import assert from "node:assert/strict";
import { seededRandom } from "../base/random.ts";
import {
  choiceParameter,
  drawnDurationParameter,
  durationParameter,
  linksParameter,
  nodeParameter,
  parameters,
  sizeParameter,
  switchParameter,
  wholeNumberParameter,
} from "./parameters.ts";

const SHAPE = { masters: ["m1"], replicas: ["r1", "r2"], links: [] };

describe("the parameters of a fault, described once", () => {
  const all = parameters(
    {
      node: nodeParameter("who").default("master"),
      links: linksParameter("which").optional(),
      rate: sizeParameter("how much", { least: "1KB", most: "1MB" }).orElse(5_000),
      "for-how-long": drawnDurationParameter("how long").default("1s..3s"),
      "give-up": durationParameter("when").optional().formerly(null),
      "wait-for-it": switchParameter("waited for").default(true).as("wait").formerly(false),
      copies: wholeNumberParameter("how many", 1, 9).default(2),
      how: choiceParameter("how", ["fin", "reset"]).orAbsent(),
    },
    {
      check: ({ copies, how }, wrong) => {
        if (copies > 5 && how === "fin") wrong("too many", ["copies"]);
      },
    },
  );
  const resolve = (written: object, seed = "1") =>
    all.resolve(all.written.parse(written), { random: seededRandom(seed), occurrence: 0, shape: SHAPE });

  it("are read with their defaults, and refused beyond their bounds, each for itself and together", () => {
    assert.equal(all.written.parse({}).node, "master");
    const wrong: [object, RegExp][] = [
      [{ rate: "999B" }, /expected at least 1KB/],
      [{ rate: "1KB..2MB" }, /expected at most 1MB/],
      [{ links: ["r1"] }, /expected a link written/],
      [{ copies: 6, how: "fin" }, /too many/],
      [{ nodee: "r1" }, /nodee/],
    ];
    for (const [written, why] of wrong) assert.match(all.written.safeParse(written).error?.message ?? "", why);
  });

  it("name nodes and links where they are written, and no roles", () => {
    const written = { node: "r1", links: ["r1 -> m1", "client -> master", "replica -> m2"] };
    assert.deepEqual(all.mentions(all.written.parse(written)), [
      { kind: "node", name: "r1", path: ["node"] },
      { kind: "link", name: "r1 -> m1", path: ["links", 0] },
      { kind: "node", name: "m2", path: ["links", 2] },
    ]);
    assert.deepEqual(all.mentions(all.written.parse({})), []);
  });

  it("are in the plan under their names there, with every choice made from the seed", () => {
    const plan = resolve({ node: "any-replica" });
    assert.match(plan.node, /^replica\/[01]$/);
    assert.ok(plan.forHowLong >= 1_000 && plan.forHowLong <= 3_000 && Number.isInteger(plan.forHowLong));
    const { links, rate, giveUp, wait, copies, how } = plan;
    assert.deepEqual([links, rate, giveUp, wait, copies, how], [null, 5_000, null, true, 2, undefined]);
    assert.deepEqual(resolve({ node: "any-replica" }), plan);
    const drawn = new Set(["1", "2", "3", "4"].map((seed) => resolve({}, seed).forHowLong));
    assert.ok(drawn.size > 1);
  });

  it("are read back from a plan, also from one of before, and refused where it was damaged", () => {
    const plan = resolve({});
    assert.deepEqual(all.planned.parse(JSON.parse(JSON.stringify(plan))), JSON.parse(JSON.stringify(plan)));
    const { giveUp: _, wait: __, ...older } = plan;
    assert.deepEqual(all.planned.parse(older), { ...plan, giveUp: null, wait: false });
    assert.equal(all.planned.safeParse({ ...plan, rate: 1 }).success, false);
    assert.equal(all.planned.safeParse({ ...plan, more: 1 }).success, false);
  });
});
