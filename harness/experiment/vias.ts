import { ChaosError } from "../base/chaos-error.ts";
import type { ClusterShape } from "../cluster/shape.ts";
import type { WrittenParams } from "../faults/parameters.ts";
import { isClientLink } from "../faults/selector.ts";
import { type BenchmarkSpec, isDirect, type Plan, type PlannedParams } from "../journal/plan.ts";
import type { Path, Reading } from "./read/reading.ts";
import type { Registries } from "./registries.ts";
import type { VIAS } from "./schema-parts.ts";

/*
 *   via: auto ──► can a fault touch client -> m1? ── yes ─► through the link: Toxiproxy, which the fault needs
 *                                                 └── no ──► straight at m1's published port
 *
 * Told from what is written alone, in doubt "yes": whom a role means shows only in the run.
 */

export type AskedVia = (typeof VIAS)[number];

type Load = Pick<BenchmarkSpec, "name" | "on" | "via">;
type Nodes = Pick<ClusterShape, "masters" | "replicas">;

/** A fault as written, or as planned. */
interface SomeFault {
  id: string;
  fault: string;
  params: WrittenParams | PlannedParams;
}

/** A node that a load can go to, and the id of a fault that can hold up the clients' link to it; undefined: there is none. */
interface Way {
  node: string;
  heldUp: string | undefined;
}

/** Masters and replicas change places: who follows a role can go to any of them. */
export function waysOf(
  { on }: Pick<Load, "on">,
  faults: readonly SomeFault[],
  { masters, replicas }: Nodes,
  registry: Registries["faults"],
): Way[] {
  const nodes = typeof on === "string" ? [...masters, ...replicas] : on;
  return nodes.map((node) => {
    const holds = ({ fault, params }: SomeFault) =>
      registry
        .get(fault)
        ?.holdsUp?.(params)
        .some((links) => isClientLink(links, node));
    return { node, heldUp: faults.find(holds)?.id };
  });
}

const pastFault = ({ node, heldUp }: Way) =>
  `a direct load goes past the link client -> ${node}, which the fault ${heldUp} can touch: that would do nothing to this load`;

/** The same loads, with the way to each of their nodes. `direct` is refused where a fault could then do nothing to the load. */
export function chooseVias<Spec extends Load>(
  loads: readonly { spec: Spec; path: Path; via: AskedVia }[],
  faults: readonly SomeFault[],
  { registries, mistakes, shape }: Reading,
): Spec[] {
  return loads.map(({ spec, path, via }) => {
    if (via === "link") return spec;
    const ways = waysOf(spec, faults, shape ?? { masters: [], replicas: [] }, registries.faults);
    const held = ways.filter(({ heldUp }) => heldUp !== undefined);
    if (!held[0]) return { ...spec, via: "direct" };
    if (via === "direct") mistakes.add([...path, "via"], pastFault(held[0]), "leave it out, or say link");
    if (held.length === ways.length) return spec;
    return { ...spec, via: Object.fromEntries(ways.map((way) => [way.node, held.includes(way) ? "link" : "direct"])) };
  });
}

/** Of a plan that may have been edited. @throws ChaosError invalid-experiment: a direct load goes past a fault */
export function checkVias({ experiment, faults }: Plan, shape: Nodes, registry: Registries["faults"]): void {
  for (const load of [...experiment.load, ...experiment.benchmarks]) {
    const way = waysOf(load, faults, shape, registry).find((one) => one.heldUp && isDirect(load, one.node));
    if (!way) continue;
    throw new ChaosError("invalid-experiment", `load ${load.name} of the plan: ${pastFault(way)}`, {
      hint: `Write "via: link" for this load.`,
    });
  }
}

/** The nodes whose clients' link this machine dials: for a load that goes through it, or for a fault that measures or uses it. */
export function dialledClients(
  { experiment, faults }: Plan,
  { masters, replicas }: Nodes,
  registry: Registries["faults"],
): string[] {
  const loaded = (node: string): boolean =>
    experiment.load.some((load) => (typeof load.on === "string" || load.on.includes(node)) && !isDirect(load, node));
  const dialled = (node: string): boolean =>
    faults.some(({ fault, params }) => {
      const { dials, holdsUp } = registry.get(fault) ?? {};
      return (dials ?? holdsUp)?.(params).some((links) => isClientLink(links, node));
    });
  return [...masters, ...replicas].filter((node) => loaded(node) || dialled(node));
}
