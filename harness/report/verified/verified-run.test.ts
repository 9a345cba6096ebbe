import assert from "node:assert/strict";
import { join } from "node:path";
import { registries } from "../../experiment/catalogue.ts";
import { makePlan } from "../../experiment/plan.ts";
import { readPlan, writePlan } from "../../experiment/plan-file.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import type { Plan } from "../../journal/plan.ts";
import { planDigest } from "./verified-run.ts";

describe("the digest of a plan", () => {
  const file = join(import.meta.dirname, "../../../experiments/any/quickstart.yaml");
  const planOf = async (seed: string): Promise<Plan> => {
    const experiment = await readExperiment(file, registries);
    return makePlan(experiment, seed, await registries.readShape(experiment.cluster), registries);
  };

  it("is the same after writing and reading, in another checkout, and with other words about it", async () => {
    const plan = await planOf("1");
    const digest = planDigest(plan);
    assert.equal(planDigest(readPlan(writePlan(plan), "plan.yaml", registries)), digest);
    const words = {
      title: "T",
      why: "W",
      tags: ["t"],
      issue: "https://a.b/c/issues/1",
      file: "/x.yaml",
    };
    assert.equal(planDigest({ ...plan, experiment: { ...plan.experiment, ...words } }), digest);
  });

  it("is that of runs whose cluster was the Compose file that said the same, and whose only replica had no number", async () => {
    const plan = await planOf("1");
    const as = (cluster: Plan["experiment"]["cluster"], node: string) =>
      planDigest({ ...plan, experiment: { ...plan.experiment, cluster }, faults: faultsOf(node) });
    const faultsOf = (node: string) => plan.faults.map((fault) => ({ ...fault, params: { links: [`${node} -> m1`] } }));
    const said = { ...{ masters: 1, chain: 1, mode: "replication" as const }, sentinels: 0, nodes: {} };
    assert.equal(as({ ...said, replicas: 2 }, "r1"), as("/x/compose/one-master-two-replicas.yaml", "r1"));
    const two = { ...said, masters: 2, replicas: [1, 0] };
    assert.equal(as(two, "r1"), as("/x/compose/two-masters-one-replica.yaml", "replica"));
    assert.notEqual(as({ ...said, replicas: 3 }, "r1"), as({ ...said, replicas: 2 }, "r1"));
  });

  it("is the same when a key is added that is off, and another one when it is on", async () => {
    const plan = await planOf("1");
    const digest = planDigest(plan);
    const later = (value: unknown) => planDigest({ ...plan, experiment: { ...plan.experiment, ...{ later: value } } });
    for (const off of [false, null, undefined, []]) assert.equal(later(off), digest, String(off));
    for (const on of [true, 0, "", ["x"], {}]) assert.notEqual(later(on), digest, String(on));
  });

  it("is another one for another seed, fault, load, limit or cluster", async () => {
    const plan = await planOf("1");
    const { experiment } = plan;
    const others: Pick<Plan, "seed" | "experiment" | "faults">[] = [
      await planOf("2"),
      { ...plan, faults: plan.faults.slice(1) },
      { ...plan, experiment: { ...experiment, load: [] } },
      { ...plan, experiment: { ...experiment, recovery: { within: 1 } } },
      { ...plan, experiment: { ...experiment, cluster: "/x/other.yaml" } },
    ];
    assert.equal(new Set([plan, ...others].map(planDigest)).size, others.length + 1);
  });
});
