import { z } from "zod";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { until } from "../../base/deadline.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import { switchMaster } from "../commands/switch-master.ts";
import { defineFault, type FaultContext } from "../fault.ts";
import { durationParameter, Parameter, parameters, switchParameter } from "../parameters.ts";
import { mentionNode } from "../selector.ts";
import { imageParameter } from "./other-server.ts";
import { restartNode } from "./restart.ts";

const ROLES = ["replicas", "masters"];
const ASK_MS = 2_000;
/** Of a cluster as large as one can be. */
const MOST_NODES = 20;
/** A stop, a failover and a start at their longest. ms */
const NODE_MS = 120_000;

const orderParameter = new Parameter<string[], string[]>({
  written: z
    .array(z.string().min(1))
    .min(1)
    .describe("who comes one after the other: nodes, `replicas`, `masters`, as they are when it begins; others stay"),
  planned: z.array(z.string().min(1)).min(1),
  mentions: (names, path) => names.flatMap((name, i) => (ROLES.includes(name) ? [] : mentionNode(name, [...path, i]))),
  resolve: (names) => names,
});

/**
 * What an operator does to bring a cluster to another version, or back: one node after the other is stopped gracefully and
 * started with another server on its data; a master first gives its role to a replica that has been through it. After each,
 * every replica must be linked again before the next one's turn comes; where that fails, the upgrade stops there, as an
 * operator would stop. Heal: nothing; the nodes stay on what they run. Effect: which nodes run on the image.
 */
export const rollingUpgrade = defineFault({
  kind: "rolling-upgrade",
  summary: "start one node after the other with another server on its data, each master after a failover",
  lasting: false,
  parameters: parameters(
    {
      image: imageParameter("what they run on afterwards; an older version makes it a downgrade"),
      order: orderParameter.orElse([...ROLES]),
      failover: switchParameter(
        "a master first gives its role to one of its replicas that has been upgraded, if there is one; `false`: it is restarted as master",
      ).default(true),
      within: durationParameter(
        "how long every replica may take to be linked again after each node; where one takes longer, the upgrade stops",
        { holds: (ms) => ms >= 1_000, error: "expected at least 1s" },
      ).default("60s"),
    },
    { mentions: ({ image }) => [{ kind: "image", name: image, path: ["image"] }] },
  ),
  injectWithin: ({ within }) => MOST_NODES * (within + NODE_MS),
  inject: async (context, { image, order, failover, within }) => {
    const { cluster } = context;
    const names = inOrder(cluster, order);
    const done: string[] = [];
    const said: string[] = [];
    const targets = new Set<string>();
    const stopped = (why: string): void => void said.push(`it stopped at ${names[done.length]}: ${why}`);
    for (const name of names) {
      if (failover && cluster.topology.masters.includes(name)) {
        const heir = heirOf(cluster, name, done);
        if (heir === undefined) said.push(`${name} was restarted as master: it had no upgraded replica`);
        else {
          const { measured, summary } = await giveRole(context, heir);
          targets.add(heir);
          said.push(summary);
          if (!measured) {
            stopped("its role did not move");
            break;
          }
        }
      }
      targets.add(name);
      const other = await restartNode(context, cluster.node(name), { stopWithin: null, image });
      if (other && !other.answers) {
        stopped(other.summary);
        break;
      }
      const unlinked = await linked(context, within);
      if (unlinked !== null) {
        stopped(unlinked);
        break;
      }
      done.push(name);
    }
    const who = done.length > 0 ? `: ${done.join(", ")}` : "";
    const summary = [`${done.length} of ${names.length} nodes run on ${image}${who}`, ...said].join("; ");
    if (done.length < names.length) context.note(`${context.id}: ${summary}`);
    return { targets: [...targets], effect: async () => ({ measured: targets.size > 0, summary }) };
  },
});

/** Everybody once, at the first place where it is named. @throws ChaosError internal: nobody is named */
function inOrder({ topology, nodes }: Cluster, order: readonly string[]): string[] {
  const { masters, replicaOf } = topology;
  const named = (one: string): string[] => {
    if (nodes.some(({ name }) => name === one)) return [one];
    return one === "masters" ? [...masters] : Object.keys(replicaOf).sort();
  };
  const names = [...new Set(order.flatMap(named))];
  if (names.length > 0) return names;
  throw new ChaosError("internal", `nobody to be upgraded: the cluster has no ${order.join(", no ")}`);
}

/** Who takes a master's place. */
function heirOf({ topology: { replicaOf } }: Cluster, master: string, upgraded: readonly string[]): string | undefined {
  return upgraded.find((name) => replicaOf[name] === master);
}

async function giveRole(context: FaultContext, to: string) {
  const how = { to, node: null, oldMaster: "replica", throughNoOne: false, connection: 0, failover: null } as const;
  const { effect } = await switchMaster.inject(context, how);
  return effect();
}

/** Resolves when every replica says that it is linked and has all data; the first that does not in time, in words. */
async function linked({ cluster, signal }: FaultContext, within: number): Promise<string | null> {
  const replicas = Object.keys(cluster.topology.replicaOf);
  const each = replicas.map((name) =>
    until({ what: `replication of ${name}`, within, signal, every: 200 }, async (inner) => {
      const { role, link, linkDetail, syncing, loading } = await cluster
        .node(name)
        .state({ within: ASK_MS, signal: inner });
      if (role === "replica" && link === "up" && !syncing && !loading) return true;
      const detail = linkDetail ? ` (${linkDetail})` : "";
      throw new ChaosError("infrastructure", `${name} is a ${role} with its link ${link}${detail}`);
    }).then(
      () => null,
      (error: unknown) => {
        signal.throwIfAborted();
        return messageOf(error);
      },
    ),
  );
  return (await Promise.all(each)).find((why) => why !== null) ?? null;
}
