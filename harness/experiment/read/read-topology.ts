import type { z } from "zod";
import { membersOf, ROLE_NAMES, replicasOf } from "../../cluster/topology/members.ts";
import { MOST_SERVERS, type Topology } from "../../journal/topology.ts";
import type { Registries } from "../registries.ts";
import { topologyKey, topologyOf } from "../topology-key.ts";
import type { Path } from "./reading.ts";
import type { Mistakes } from "./zod-mistakes.ts";

interface Surroundings {
  mistakes: Mistakes;
  registries: Pick<Registries, "systems">;
  /** Those on which it is to run. */
  systems: readonly string[];
}

type Written = z.output<typeof topologyKey>;

/** Fewer cannot agree on another one when one is gone. */
const ELECTORS = 3;

/**
 * A topology as it is written, with every default; undefined: it makes no cluster, and a mistake says where.
 * @param path where it stands in the file
 */
export function readTopology(raw: unknown, path: Path, surroundings: Surroundings): Topology | undefined {
  const { mistakes } = surroundings;
  const before = mistakes.list.length;
  const written = mistakes.parse(topologyKey, raw, path);
  if (!written) return undefined;
  checkCounts(written, path, mistakes);
  checkMode(written, path, surroundings);
  const topology = topologyOf(written);
  if (mistakes.list.length > before) return undefined;
  checkNodes(topology, path, mistakes);
  return mistakes.list.length > before ? undefined : topology;
}

function checkCounts(written: Written, path: Path, mistakes: Mistakes): void {
  const { masters, replicas, chain } = written;
  if (Array.isArray(replicas) && replicas.length !== masters) {
    const message = `expected a number for each of the ${masters} masters, got ${replicas.length}`;
    mistakes.add([...path, "replicas"], message);
    return;
  }
  const each = replicasOf(written);
  const servers = each.reduce((all, one) => all + one, masters);
  if (servers > MOST_SERVERS) {
    mistakes.add(path, `expected at most ${MOST_SERVERS} masters and replicas together, got ${servers}`);
  }
  const most = Math.max(...each);
  if (chain > 1 && chain > most) {
    mistakes.add([...path, "chain"], `a line of ${chain} replicas, where a master has ${most} at most`);
  }
}

function checkMode(written: Written, path: Path, { mistakes, registries, systems }: Surroundings): void {
  const { masters, mode, chain, sentinels, controllers } = written;
  const at = (key: string) => [...path, key];
  if (chain > 1 && mode !== "replication") {
    const who =
      mode === "sentinel" ? "sentinels let replicas follow the master" : "replicas of a shard follow its master";
    mistakes.add(at("chain"), `does not go with mode ${mode}: ${who}`);
  }
  if (sentinels !== undefined && mode !== "sentinel") {
    mistakes.addKey(at("sentinels"), `"sentinels" goes with mode sentinel, not with mode ${mode}`);
  }
  if (controllers !== undefined && mode !== "controller") {
    mistakes.addKey(at("controllers"), `"controllers" goes with mode controller, not with mode ${mode}`);
  }
  if (mode === "controller" && replicasOf(written).every((count) => count === 0)) {
    mistakes.add(at("replicas"), "controllers have nobody to promote", "with mode cluster kvchaos is the controller");
  }
  if (mode === "sentinel") {
    if (masters > 1) mistakes.add(at("masters"), "sentinels watch one master and its replicas here");
    else if (replicasOf(written)[0] === 0) mistakes.add(at("replicas"), "sentinels have nobody to promote");
  }
  for (const name of systems) {
    const { cluster, gossip, sentinel, controller } = registries.systems.get(name) ?? {};
    const drives = { replication: true, cluster: cluster ?? gossip, sentinel, controller }[mode];
    if (!drives) mistakes.add(at("mode"), `kvchaos drives no ${mode} mode of ${name}`, "leave it out of `systems`");
    else if (mode === "cluster" && gossip && masters < ELECTORS) {
      const message = `${name} needs ${ELECTORS} masters at least: fewer cannot elect another one when one is gone`;
      mistakes.add(masters === 1 ? path : at("masters"), message);
    }
  }
}

function checkNodes(topology: Topology, path: Path, mistakes: Mistakes): void {
  const members = membersOf(topology);
  for (const name of Object.keys(topology.nodes)) {
    const role = Object.entries(ROLE_NAMES).find(([key]) => key === name)?.[1];
    const known = members.some((member) => (role === undefined ? member.name === name : member.role === role));
    if (known) continue;
    if (role !== undefined) mistakes.addKey([...path, "nodes", name], `"${name}": the cluster has none`);
    else {
      const names = [...members.map((member) => member.name), ...Object.keys(ROLE_NAMES)];
      mistakes.unknownNode([...path, "nodes", name], name, names);
    }
  }
}
