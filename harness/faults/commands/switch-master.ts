import { z } from "zod";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { until } from "../../base/deadline.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import { defineFault } from "../fault.ts";
import {
  choiceParameter,
  nodeParameter,
  Parameter,
  type Promotion,
  parameters,
  plannedAs,
  type WrittenBy,
} from "../parameters.ts";
import { type Mention, mentionNode, nodeSelector, resolvedNode, resolveNode, selectNode } from "../selector.ts";
import { FAILOVER_NAMES, injectFailover, isFailover } from "./failover.ts";

/** As `to`: a master that the re-pointed replica does not follow at that moment. */
const OTHER = "other-master";
/** A server that obeyed can be blocked afterwards: Kvrocks 2.11.0 for nine seconds after a switch in a fetch. */
const ROLE_MS = 15_000;
/** After so long a command is without answer, and further ones on its connection are not sent any more. ms */
const UNANSWERED_MS = 15_000;

const VIAS = ["slaveof", "slaveof-no-one", "setnodes", ...FAILOVER_NAMES] as const;
const DEFAULT_TO = "any-replica";

const written = {
  to: new Parameter<string | string[], string>({
    written: z
      .union([nodeSelector, z.array(nodeSelector).min(1)])
      .describe(
        "who becomes master (a list is taken in turn); with `node`: whom it replicates from, or `other-master`: one that it does not follow now",
      ),
    planned: resolvedNode,
    resolve: (to, { random, occurrence, shape }) => resolveNode(inTurn(to, occurrence).node, random, shape),
  }).default(DEFAULT_TO),
  node: nodeParameter("re-point this replica instead of promoting anyone").optional(),
  "old-master": choiceParameter("the old master becomes a replica of the new one, or is left a master until heal", [
    "replica",
    "leave",
  ]).default("replica"),
  via: choiceParameter(
    "by SLAVEOF, by SLAVEOF NO ONE first and then SLAVEOF, by CLUSTERX SETNODES (Kvrocks' cluster mode), by CLUSTER FAILOVER [FORCE | TAKEOVER] on the replica `to` (Redis Cluster), by SENTINEL FAILOVER, where the sentinels choose, or over the controllers' REST API, where they do; default: what the cluster uses",
    VIAS,
  ).optional(),
  connections: new Parameter({
    written: z
      .int()
      .min(1)
      .max(64)
      .describe("administration connections that take turns: more than one lets commands run side by side"),
    planned: z.int().min(0),
    resolve: (connections, { occurrence }) => occurrence % connections,
  })
    .default(1)
    .as("connection"),
};
const planned = z.strictObject({
  to: resolvedNode,
  node: resolvedNode.nullable(),
  oldMaster: z.enum(["replica", "leave"]),
  throughNoOne: z.boolean(),
  connection: z.int().min(0),
  failover: z.enum(FAILOVER_NAMES).nullable(),
});

/**
 * Moves the master. Where servers, sentinels or controllers choose it, they are asked to (failover.ts). Otherwise it promotes `to` and points everybody else at it, as an operator's failover script does, without
 * waiting for anybody to catch up. With `node` it only re-points one replica at another master.
 * Heal: none of its own; the heal phase makes every server what the topology says, so that a storm of hundreds of
 * switches is not undone one by one (a master that was left alone joins as replica then).
 * Effect: the command was answered and the server's own INFO shows the new role, unless the next switch came first.
 * The commands go over lasting administration connections; each one's length is journaled, and a server that leaves one
 * without answer gets no further ones on that connection.
 */
export const switchMaster = defineFault({
  kind: "switch-master",
  onAttached: "free",
  summary: "promote another node, or re-point a replica at another master",
  lasting: false,
  parameters: plannedAs(
    parameters(written, { mentions: mentionsOf, promotes }),
    planned,
    ({ to, node, oldMaster, via, connection }) => ({
      to,
      node,
      oldMaster,
      throughNoOne: via === "slaveof-no-one",
      connection,
      failover: via !== null && isFailover(via) ? via : null,
    }),
  ),
  inject: async (context, { to, node, oldMaster, throughNoOne, connection, failover }) => {
    const { cluster, signal } = context;
    if (cluster.ruler === "operator" && failover !== null) {
      throw new ChaosError("internal", `via ${failover}: in this cluster kvchaos says who is master`);
    }
    if (cluster.ruler !== "operator") return injectFailover(context, selectNode(cluster, to), failover);
    const moved = node === null ? null : selectNode(cluster, node);
    const target = selectNode(cluster, to === OTHER && moved ? otherMaster(cluster, moved.name) : to);
    if (moved === target) throw new ChaosError("internal", `${target.name} cannot replicate from itself`);
    const before = cluster.topology;
    const unchanged = moved ? before.replicaOf[moved.name] === target.name : before.masters.includes(target.name);
    const old = moved ? null : (before.replicaOf[target.name] ?? before.masters[0] ?? null);
    const followers = moved
      ? [moved.name]
      : Object.keys(before.replicaOf)
          .filter((name) => before.replicaOf[name] === old && name !== target.name)
          .concat(old && old !== target.name ? [old] : []);

    const replicaOf = { ...before.replicaOf };
    for (const name of followers) replicaOf[name] = target.name;
    if (!moved) delete replicaOf[target.name];
    const masters = moved
      ? before.masters
      : [target.name, ...before.masters.filter((m) => m !== old && m !== target.name)];
    const meant = { masters, replicaOf };
    cluster.intend(meant, `${context.id}: ${moved ? `${moved.name} -> ${target.name}` : `${target.name} is master`}`);

    const lasting = { connection, by: context.id };
    const options = { within: UNANSWERED_MS, signal, throughNoOne, lasting };
    if (!moved) await cluster.applyRole(target.name, options);
    const now = followers.filter((name) => oldMaster === "replica" || name !== old);
    const results = await Promise.allSettled(now.map((name) => cluster.applyRole(name, options)));
    signal.throwIfAborted();
    const failures = results.map((result) => (result.status === "rejected" ? messageOf(result.reason) : null));
    failures.forEach((failure) => {
      // A follower that is down or paused is joined by heal; a follower that hangs is the watchdog's to find.
      if (failure !== null && !moved) context.note(failure);
    });
    return {
      targets: [target.name, ...now],
      effect: async () => {
        if (unchanged) return { measured: false, summary: `${target.name} was already the master: nothing changed` };
        const failed = moved ? failures[0] : null;
        if (failed) return { measured: false, summary: failed };
        const subject = moved ?? target;
        const link = moved ? cluster.link(moved.name, target.name).address : null;
        const what = moved ? `${moved.name} replicates from ${target.name}` : `${target.name} is master (was ${old})`;
        // The server has said OK. What INFO says counts as long as nobody wants something else of it.
        const superseded = (): boolean => cluster.topology !== meant;
        const wrong = await until({ what: `${subject.name} to show its new role`, within: ROLE_MS }, async (inner) => {
          if (superseded()) return "superseded";
          const seen = await subject.state({ within: 1_000, signal: inner });
          const right = link ? seen.masterHost === link.host && seen.masterPort === link.port : seen.role === "master";
          return right && "shown";
        }).then(
          () => null,
          (error: unknown) => (superseded() ? null : messageOf(error)),
        );
        return wrong === null ? { measured: true, summary: what } : { measured: false, summary: wrong };
      },
    };
  },
});

/** The kind of cluster in which the master moves so. */
function modeOf(via: (typeof VIAS)[number]): string {
  if (via === "setnodes" || via === "sentinel-failover" || via === "controller-failover") return via;
  return isFailover(via) ? "cluster-failover" : "replication";
}

function mentionsOf(p: WrittenBy<typeof written>): Mention[] {
  const { to, node, "old-master": oldMaster, via, connections } = p;
  const mode = (name: string, key: keyof typeof p): Mention => ({ kind: "mode", name, path: [key] });
  const promoted = Array.isArray(to) ? to.flatMap((name, i) => mentionNode(name, ["to", i])) : mentionNode(to, ["to"]);
  return [
    ...(to === OTHER && node !== undefined ? [] : promoted),
    ...(via === undefined ? [] : [mode(modeOf(via), "via")]),
    // Whom others follow is not the operator's to say where they choose themselves.
    ...(node === undefined ? [] : [mode("operator", "node")]),
    ...(oldMaster === "replica" ? [] : [mode("operator", "old-master")]),
    ...(connections === 1 ? [] : [mode("operator", "connections")]),
    ...(via === "sentinel-failover" && to !== DEFAULT_TO ? [mode("operator", "to")] : []),
  ];
}

function promotes({ to, node }: WrittenBy<typeof written>, occurrence: number): Promotion | null {
  return node === undefined ? inTurn(to, occurrence) : null;
}

/** Whom an occurrence takes, and where it is written. */
function inTurn(to: string | string[], occurrence: number): Promotion {
  if (!Array.isArray(to)) return { node: to, path: ["to"] };
  const index = occurrence % to.length;
  return { node: to[index] ?? DEFAULT_TO, path: ["to", index] };
}

function otherMaster({ topology }: Cluster, replica: string): string {
  const other = topology.masters.find((name) => name !== topology.replicaOf[replica]);
  if (other !== undefined) return other;
  throw new ChaosError("internal", `${replica} follows the only master there is`);
}
