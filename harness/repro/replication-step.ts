import { createHash } from "node:crypto";
import { slotOf, slotShares, tagsWithin } from "../cluster/slots.ts";
import { word } from "./bash.ts";
import type { ReproInput } from "./repro-input.ts";

/** Bash lines that note who should follow whom and, in cluster mode, tell every master. @param tags what a shard's keys begin with is asked for */
export function topologyLines(input: ReproInput, tags: boolean): string[] {
  const { nodes, sharded } = input;
  const masters = nodes.filter(({ master }) => master === null);
  const replicas = nodes.filter(({ master }) => master !== null);
  return [
    ...replicas.map(({ name, master }) => `printf '%s' ${word(master ?? "")} >"$WORK/follows/${name}"`),
    `printf '%s' ${word(masters[0]?.name ?? "")} >"$WORK/master"`,
    ...(tags || sharded ? tagLines(input) : []),
    ...(sharded ? slotLines(input) : []),
    ...(sharded ? masters : []).map(({ name }) => `tell ${word(name)}`),
  ];
}

/** Bash lines that make the replicas follow their masters, and wait until all do. */
export function attachLines({ nodes }: ReproInput): string[] {
  const replicas = nodes.filter(({ master }) => master !== null);
  return [...replicas.map(({ name }) => `tell ${word(name)}`), 'wait_fine 60 || die "replication did not begin"'];
}

/** Cluster mode: names and slots, for bash/cluster/cluster-mode.sh. */
function slotLines({ nodes }: ReproInput): string[] {
  const masters = nodes.filter(({ role }) => role === "master");
  const shares = slotShares(masters.length);
  const ids = nodes.map(({ name }) => `[${name}]=${clusterId(name)}`).join(" ");
  return [
    `declare -A ID=(${ids})`,
    ...masters.map(({ name }, i) => `printf '%s' ${shares[i]?.join("-")} >"$WORK/slots-${name}"`),
    `for name in "\${NODES[@]}"; do cli "$name" CLUSTERX SETNODEID "\${ID[$name]}" >/dev/null; done`,
  ];
}

/** What the keys of each node's shard begin with, and their slot, for bash/observe/observe-replication.sh and words of commands. */
function tagLines({ nodes, sharded }: ReproInput): string[] {
  if (!sharded) return ["declare -A TAG=() # what keys of a shard begin with"];
  const masters = nodes.filter(({ role }) => role === "master").map(({ name }) => name);
  const tags = slotShares(masters.length).map((share) => tagsWithin(share, TAGS));
  const shardOf = (name: string): number => {
    const master = nodes.find((node) => node.name === name)?.master ?? null;
    return master === null ? masters.indexOf(name) : shardOf(master);
  };
  const all = (what: (tags: readonly string[]) => string): string =>
    nodes.map(({ name }) => `[${name}]=${what(tags[shardOf(name)] ?? [])}`).join(" ");
  return [
    `declare -A TAG=(${all(([tag = ""]) => word(tag))}) # what keys of a shard begin with`,
    `declare -A SLOT=(${all(([tag = ""]) => String(slotOf(tag)))}) # and the slot that they are in`,
    `declare -A SLOTS=(${all((own) => word(own.map(slotOf).join(" ")))}) # that one first, and others with keys`,
  ];
}

/** Slots of a shard that may have keys of loads and preload: more than that is seldom asked for. */
const TAGS = 16;

/** As cluster/shards.ts names a node: 40 hexadecimal digits. */
function clusterId(node: string): string {
  return createHash("sha1").update(`kvchaos ${node}`).digest("hex");
}
