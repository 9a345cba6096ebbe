import { ChaosError } from "../base/chaos-error.ts";
import { type Random, seededRandom } from "../base/random.ts";
import { drawFrom } from "../base/units.ts";
import type { ClusterShape } from "../cluster/shape.ts";
import { resolveNode } from "../faults/selector.ts";
import type { Plan, PlannedCondition, PlannedFault } from "../journal/plan.ts";
import { MOST_CONNECTIONS } from "../watchdog/probes/probe-connections.ts";
import {
  type Condition,
  type Experiment,
  type FaultSpec,
  occurrenceId,
  occurrences,
  type Trigger,
} from "./experiment.ts";
import { nodeImages } from "./node-images.ts";
import type { Registries } from "./registries.ts";

/**
 * Makes every random choice of an experiment. Pure: the same experiment, seed and shape give the same plan.
 * Each occurrence of each fault draws from streams of its own, named by the fault's id: a fault that is added or removed
 * does not change what the others do.
 * @param probes established probe connections per node, where the experiment does not say; by itself enough for every system
 */
export function makePlan(
  experiment: Experiment,
  seed: string,
  shape: ClusterShape,
  registries: Registries,
  probes = MOST_CONNECTIONS,
): Plan {
  const { faults: specs, ...rest } = experiment;
  const watchdog = { ...rest.watchdog, connections: rest.watchdog.connections ?? probes };
  const root = seededRandom(seed);
  const faults = specs.flatMap((spec) => planFault(spec, specs, root.fork(`fault/${spec.id}`), shape, registries));
  const expectations = rest.expectations.map((one) => {
    const random = root.fork(`expectation/${one.id}`);
    return { ...one, node: one.node === null ? null : resolveNode(one.node, random, shape) };
  });
  const images = { ...rest.images, nodes: nodeImages(shape, rest.images.nodes) };
  const planned = { version: 1, seed, experiment: { ...rest, images, watchdog, expectations }, faults } satisfies Plan;
  // Through JSON: what is written to plan.yaml and read again is exactly this, without undefined values.
  return JSON.parse(JSON.stringify(planned));
}

function planFault(
  spec: FaultSpec,
  all: readonly FaultSpec[],
  random: Random,
  shape: ClusterShape,
  registries: Registries,
): PlannedFault[] {
  const fault = registries.faults.get(spec.fault);
  if (!fault) throw new ChaosError("internal", `unknown fault "${spec.fault}"`);
  const planned: PlannedFault[] = [];
  for (let index = 0; index < occurrences(spec.trigger); index++) {
    const own = random.fork(`#${index + 1}`);
    const params = fault.parameters.resolve(spec.params, { random: own, occurrence: index, shape });
    const duration = spec.duration
      ? drawFrom(spec.duration, own.fork("duration"))
      : (fault.ownDuration?.(params) ?? null);
    const trigger = drawTrigger(spec.trigger, planned, own.fork("trigger"), all, shape);
    planned.push({ id: occurrenceId(spec, index), fault: spec.fault, trigger, duration, params });
  }
  return planned;
}

function drawTrigger(
  trigger: Trigger,
  earlier: readonly PlannedFault[],
  random: Random,
  all: readonly FaultSpec[],
  shape: ClusterShape,
): PlannedFault["trigger"] {
  switch (trigger.kind) {
    case "at":
      return { kind: "at", at: drawFrom(trigger.at, random) };
    case "every": {
      const before = earlier.at(-1);
      const at = before?.trigger.kind === "at" ? before.trigger.at + drawFrom(trigger.every, random) : undefined;
      return { kind: "at", at: at ?? drawFrom(trigger.start, random) };
    }
    case "after":
      return { kind: "after", after: lastOccurrence(trigger.after, all), delay: drawFrom(trigger.delay, random) };
    case "when":
      return {
        kind: "when",
        when: drawCondition(trigger.when, earlier.length, random, shape),
        delay: drawFrom(trigger.delay, random),
      };
  }
}

/** `after` a fault that happens several times means after its last occurrence. */
function lastOccurrence(id: string, all: readonly FaultSpec[]): string {
  const spec = all.find((one) => one.id === id);
  return spec ? occurrenceId(spec, occurrences(spec.trigger) - 1) : id;
}

function drawCondition(condition: Condition, index: number, random: Random, shape: ClusterShape): PlannedCondition {
  // Pauses are counted from the run's beginning: a thread may pause again while the occurrence before goes on.
  if (condition.kind === "pause") return { ...condition, nth: condition.nth * (index + 1) };
  const node = resolveNode(condition.node, random, shape);
  if (condition.kind === "log") return { kind: "log", node, pattern: condition.pattern, nth: condition.nth };
  if (condition.kind === "since-start") return { kind: "since-start", node, after: drawFrom(condition.after, random) };
  if (condition.kind === "sync-bytes") return { kind: "sync-bytes", node, bytes: drawFrom(condition.bytes, random) };
  const progress = condition.progress === null ? null : drawFrom(condition.progress, random);
  return { kind: "state", node, state: condition.state, progress };
}
