import { z } from "zod";
import { ChaosError } from "../base/chaos-error.ts";
import type { Random } from "../base/random.ts";
import type { Cluster, ClusterNode, Topology } from "../cluster/cluster.ts";
import type { ClusterShape } from "../cluster/shape.ts";
import type { Link } from "../network/link.ts";

/*
 * Faults name nodes literally ("r1") or by role at the moment of injection ("master", "replica", "any-replica").
 * The planner turns a drawn replica into "replica/1": the second of the then-current replicas in name order. That way
 * the plan is complete before the run although roles move while it goes on.
 */

/** Names an experiment refers to, so that the loader can refuse unknown ones where they are written. */
export interface Mention {
  /**
   * `image`: of a server that takes over the data of another, at whose `node` (a selector).
   * `mode`: the name is that of a way to change roles, and the cluster must be of the kind that has it: "replication" and
   * "setnodes" where the operator says who is master, "cluster-failover", "sentinel-failover" and "controller-failover" where servers, sentinels or controllers do;
   * "operator" for either of the first, "cluster" for words that only CLUSTERX knows, "slots" where masters share the key space.
   */
  kind: "node" | "link" | "mode" | "load" | "image";
  name: string;
  node?: string;
  /** Path inside the fault's parameters, for line:column. */
  path: (string | number)[];
}

/** Nodes by what they are at the moment. */
export const ROLES = ["master", "replica", "any-replica"];
const INDEXED = /^replica\/(\d+)$/;
const ARROW = /^\s*(\S+)\s*->\s*(\S+)\s*$/;

export const nodeSelector = z
  .string()
  .min(1)
  .meta({ title: "node", description: "a node's name, or `master`, `replica`, `any-replica` (drawn from the seed)" });

export const linkSelector = z
  .string()
  .regex(ARROW, { error: 'expected a link written "from -> to", like "r1 -> m1" or "client -> master"' })
  .meta({
    title: "link",
    description: 'a link "from -> to"; each side is a node\'s name, `client`, `master` or `replica`',
  });

/** A selector after the plan has drawn: a node's name, `master`, or "replica/1". */
export const resolvedNode = z.string().min(1);

function isLiteral(selector: string): boolean {
  return !ROLES.includes(selector) && !INDEXED.test(selector);
}

export function mentionNode(selector: string, path: (string | number)[]): Mention[] {
  return isLiteral(selector) ? [{ kind: "node", name: selector, path }] : [];
}

/** A link of two literal names is checked as a link; otherwise its literal sides are checked as nodes. */
export function mentionLink(selector: string, path: (string | number)[]): Mention[] {
  const [from, to] = sides(selector);
  if (isLiteral(from) && isLiteral(to)) return [{ kind: "link", name: `${from} -> ${to}`, path }];
  return [from, to].filter((side) => side !== "client").flatMap((side) => mentionNode(side, path));
}

/** Links by their ends, as selectors; "*": any node, or the clients. */
export interface LinkPattern {
  from: string;
  to: string;
}

export function linkPattern(selector: string): LinkPattern {
  const [from, to] = sides(selector);
  return { from, to };
}

/** Can such links be the clients' link to a node? Whom a role means is not known before the run: it may be anybody. */
export function isClientLink({ from, to }: LinkPattern, node: string): boolean {
  return (from === "client" || from === "*") && (to === "*" || to === node || !isLiteral(to));
}

function sides(link: string): [string, string] {
  const match = ARROW.exec(link);
  if (!match?.[1] || !match[2]) throw new ChaosError("internal", `not a link: "${link}"`);
  return [match[1], match[2]];
}

/** Makes the random choice of a selector. A node that is really called "replica" or "master" wins over the role. */
export function resolveNode(selector: string, random: Random, shape: ClusterShape): string {
  const known = shape.masters.includes(selector) || shape.replicas.includes(selector);
  if (known || (selector !== "replica" && selector !== "any-replica")) return selector;
  return `replica/${random.int(0, Math.max(0, shape.replicas.length - 1))}`;
}

export function resolveLink(selector: string, random: Random, shape: ClusterShape): string {
  const [from, to] = sides(selector);
  return `${resolveNode(from, random, shape)} -> ${resolveNode(to, random, shape)}`;
}

/** The name of the node that a resolved selector means in this topology; undefined: none. @param names of all nodes */
export function selectName(
  selector: string,
  names: readonly string[],
  { masters, replicaOf }: Readonly<Topology>,
): string | undefined {
  if (names.includes(selector)) return selector;
  const index = INDEXED.exec(selector);
  const candidates = selector === "master" ? masters : index ? Object.keys(replicaOf).sort() : [];
  return candidates[Number(index?.[1] ?? 0) % Math.max(1, candidates.length)];
}

/** Does a resolved selector mean this node right now? */
export function means(cluster: Selectable, selector: string, node: string): boolean {
  return selectName(selector, namesOf(cluster), cluster.topology) === node;
}

type Selectable = Pick<Cluster, "nodes" | "sentinels" | "helpers" | "topology">;

function namesOf({ nodes, sentinels, helpers }: Selectable): string[] {
  return [...nodes, ...sentinels, ...helpers].map(({ name }) => name);
}

/** The node a resolved selector means right now. */
export function selectNode(cluster: Cluster, selector: string): ClusterNode {
  const name = selectName(selector, namesOf(cluster), cluster.topology);
  if (name === undefined) {
    throw new ChaosError("internal", `no node is "${selector}" at this moment`, {
      hint: `Nodes: ${cluster.nodes.map((node) => node.name).join(", ")}.`,
    });
  }
  return cluster.node(name);
}

/** The link a resolved selector means right now; `replica -> master` is that replica's own master. */
export function selectLink(cluster: Cluster, selector: string): Link {
  const [fromText, toText] = sides(selector);
  const from = fromText === "client" ? "client" : selectNode(cluster, fromText).name;
  const literalMaster = cluster.nodes.some((node) => node.name === toText);
  const own = cluster.topology.replicaOf[from];
  const to = toText === "master" && !literalMaster && own ? own : selectNode(cluster, toText).name;
  return cluster.link(from, to);
}
