import { shapeOf } from "../cluster/shape.ts";
import { clusterSpec } from "../cluster/spec.ts";
import { composeOf } from "../cluster/topology/compose-of.ts";
import type { ComposeFile } from "../docker/compose.ts";
import { registries } from "../experiment/catalogue.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { nodeImages } from "../experiment/node-images.ts";
import { makePlan } from "../experiment/plan.ts";
import type { Plan } from "../journal/plan.ts";
import type { Topology } from "../journal/topology.ts";
import { TOXIPROXY_IMAGE } from "../network/toxiproxy-recipe.ts";
import { probeConnections } from "../watchdog/probes/probe-connections.ts";
import type { ServerChoice } from "./choose-server.ts";

/** The cluster's Compose file for one server, and the experiment's plan on it. */
export async function planFor(
  experiment: Experiment,
  seed: string,
  server: ServerChoice,
): Promise<{ plan: Plan; compose: ComposeFile }> {
  const compose = await composeFor(experiment.cluster, server);
  const shape = shapeOf(compose);
  const { nodes } = clusterSpec(compose, server.system, experiment.config[server.system.name]);
  const probes = probeConnections(server.system, nodes, experiment.watchdog);
  const images = { ...experiment.images, nodes: nodeImages(shape, experiment.images.nodes, server.nodes) };
  return { compose, plan: makePlan({ ...experiment, images }, seed, shape, registries, probes) };
}

/** A plan with the nodes' images that are wished for over its own. */
export async function planOn(plan: Plan, server: ServerChoice): Promise<Plan> {
  const { experiment } = plan;
  const nodes = nodeImages(
    shapeOf(await composeFor(experiment.cluster, server)),
    experiment.images.nodes,
    server.nodes,
  );
  return nodes ? { ...plan, experiment: { ...experiment, images: { ...experiment.images, nodes } } } : plan;
}

/** Reads a Compose file, or makes it, with the variables that `docker compose` would take from the environment. */
export function composeFor(cluster: string | Topology, { system, image }: ServerChoice): Promise<ComposeFile> {
  const variables = {
    KVCHAOS_IMAGE: image,
    KVCHAOS_TOXIPROXY_IMAGE: TOXIPROXY_IMAGE,
    KVCHAOS_PORT: String(system.port),
  };
  return composeOf(cluster, variables);
}
