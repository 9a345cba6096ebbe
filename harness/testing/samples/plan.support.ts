import { journaledLaunch, launchOf } from "../../cluster/launch.ts";
import { shapeOf } from "../../cluster/shape.ts";
import { clusterSpec } from "../../cluster/spec.ts";
import { composeOf } from "../../cluster/topology/compose-of.ts";
import { registries } from "../../experiment/catalogue.ts";
import { makePlan } from "../../experiment/plan.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import type { JournalEvent } from "../../journal/events.ts";
import { type Plan, planIn } from "../../journal/plan.ts";
import { type RunRecord, recordOf } from "../../journal/record.ts";
import { systems } from "../../systems/registry.ts";
import type { System } from "../../systems/system.ts";
import { event } from "../record-fixture.support.ts";

/** Another plan in the `run` event. */
export const changingPlan =
  (change: (plan: Plan) => void) =>
  (event: JournalEvent): JournalEvent => {
    if (event.type !== "run") return event;
    const plan = planIn(structuredClone(event));
    if (plan) change(plan);
    return { ...event, plan };
  };

/** Test support: the journal of a run of an experiment file, as far as a script is made of it; nothing is started. */
export async function plannedRun(
  file: string,
  systemName: System["name"],
  change: (event: JournalEvent) => JournalEvent = (event) => event,
): Promise<RunRecord> {
  const system = systems.get(systemName);
  if (!system) throw new RangeError(`no system ${systemName}`);
  const experiment = await readExperiment(file, registries);
  const compose = await composeOf(experiment.cluster, {});
  const plan = makePlan(experiment, "7", shapeOf(compose), registries);
  const extra = {
    ...(experiment.fullSync === "force" ? system.forceFullSync : {}),
    ...experiment.config[systemName],
  };
  const spec = clusterSpec(compose, system, extra);
  const image = system.images[0] ?? "none";
  const events: JournalEvent[] = [
    event("run", 0, {
      runId: "20250101-120000-planned-7",
      startedAt: "2025-01-01T12:00:00.000Z",
      command: ["kvchaos", "run", file],
      title: experiment.title,
      experimentFile: file,
      issue: experiment.issue,
      why: experiment.why,
      timeToFinding: experiment.timeToFinding,
      seed: "7",
      system: system.name,
      image,
      plan,
    }),
    {
      type: "cluster",
      t: 1,
      nodes: spec.nodes.map((node) => ({
        name: node.name,
        role: node.role,
        container: node.name,
        image,
        digest: null,
        ports: {},
        version: null,
        launch: journaledLaunch(launchOf(system, node)),
      })),
      links: [],
      mode: spec.sharded ? "cluster" : null,
      ruledBy: spec.ruler,
    },
    { type: "topology", t: 1, ...spec.topology, reason: "as the Compose file says" },
  ];
  return recordOf(events.map(change));
}
