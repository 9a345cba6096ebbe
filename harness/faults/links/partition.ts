import { z } from "zod";
import type { Direction, Link } from "../../network/link.ts";
import type { Effect, Fault, FaultContext } from "../fault.ts";
import {
  linkSelector,
  mentionLink,
  mentionNode,
  nodeSelector,
  resolveLink,
  resolveNode,
  selectLink,
  selectNode,
} from "../selector.ts";
import { timeThrough } from "./measure-link.ts";

const PROBE_MS = 400;

const params = z
  .strictObject({
    links: z.array(linkSelector).min(1).optional(),
    isolate: nodeSelector.optional().describe("every link from and to this node, its clients' included"),
    mode: z.enum(["blackhole", "drop", "reset", "disconnect"]).default("blackhole"),
    direction: z.enum(["both", "to-master", "to-replica"]).default("both"),
  })
  .superRefine((p, ctx) => {
    if ((p.links === undefined) === (p.isolate === undefined)) {
      ctx.addIssue({
        code: "custom",
        message: "expected either `links: [...]` or `isolate: <node>`, not both or none",
      });
    }
    if (p.mode === "disconnect" && p.isolate === undefined) {
      ctx.addIssue({
        code: "custom",
        path: ["mode"],
        message: "`disconnect` takes a node off its network: it goes with `isolate: <node>`",
      });
    }
    if (p.mode === "disconnect" && p.direction !== "both") {
      ctx.addIssue({ code: "custom", path: ["direction"], message: "`disconnect` always cuts both directions" });
    }
  });
type Params = z.infer<typeof params>;
type Mode = Params["mode"];

/**
 * Cuts paths. Modes (FACTS.md §5):
 * - `blackhole`: nothing passes, nothing is lost, no FIN, no RST; what was sent arrives after heal (bandwidth toxic of
 *   rate 0: a latency toxic of days can never be removed again once one end of a connection has given up, for Toxiproxy
 *   2.12 then waits for itself).
 * - `drop`: what is sent meanwhile is lost; heal closes the connections (timeout toxic 0).
 * - `reset`: existing and new connections are reset (reset_peer toxic).
 * - `disconnect`: the node leaves its network; peers see silence, and it comes back with the same address.
 * Heal: toxics removed, node reconnected. Effect: a PING through each link gets no answer while it did before, on a
 * link that carried something (a replica's current master, clients, gossip, a sentinel's questions); a cut link that nobody
 * used has no effect.
 */
export const partition: Fault<Params> = {
  kind: "partition",
  summary: "cut links: blackhole, drop, reset or disconnect",
  lasting: true,
  params,
  // Every choice is made: the same form, the same rules.
  resolved: params,
  mentions: (p) => [
    ...(p.links ?? []).flatMap((link, i) => mentionLink(link, ["links", i])),
    ...(p.isolate === undefined ? [] : mentionNode(p.isolate, ["isolate"])),
  ],
  resolve: (p, random, _occurrence, shape) => ({
    ...p,
    links: p.links?.map((link) => resolveLink(link, random, shape)),
    isolate: p.isolate === undefined ? undefined : resolveNode(p.isolate, random, shape),
  }),
  inject: async (context, p) => {
    const { cluster } = context;
    const node = p.isolate === undefined ? null : selectNode(cluster, p.isolate);
    const links = node
      ? cluster.links.filter((link) => link.from === node.name || link.to === node.name)
      : [...new Set((p.links ?? []).map((link) => selectLink(cluster, link)))];
    const sentinels = cluster.sentinels.map(({ name }) => name);
    // Where servers gossip, each of them dials every other.
    const used = links.filter(
      ({ from, to }) =>
        from === "client" ||
        cluster.ruler === "servers" ||
        sentinels.includes(from) ||
        cluster.topology.replicaOf[from] === to,
    );
    const targets = [...(node ? [node.name] : []), ...links.map((link) => link.name)];
    if (node && p.mode === "disconnect") {
      context.onHeal(`reconnect ${node.name}`, () => node.reconnect());
      await node.disconnect();
      // Not asked through the links: a dial to a node that is gone would block the proxy's accept loop beyond heal.
      return {
        targets,
        effect: async () => ({
          measured: true,
          summary: `${node.name} is off the data network; links in use: ${list(used)}`,
        }),
      };
    }
    const before = await Promise.all(used.map((link) => timeThrough(link, context.clock, ["PING"], PROBE_MS)));
    const directions: Direction[] = p.direction === "both" ? ["to-master", "to-replica"] : [p.direction];
    await Promise.all(links.map((link) => cut(context, link, p.mode, directions)));
    return { targets, effect: () => measure(context, used, before) };
  },
};

async function cut(context: FaultContext, link: Link, mode: Mode, directions: readonly Direction[]): Promise<void> {
  await Promise.all(
    directions.map(async (direction) => {
      const name = `${context.id}-${direction}`;
      context.onHeal(`remove ${mode} from ${link.name} (${direction})`, () => link.removeToxic(name));
      const [type, attributes] = toxic(mode);
      await link.addToxic(name, type, direction, attributes);
    }),
  );
}

function toxic(mode: Mode): [string, Record<string, number>] {
  if (mode === "drop") return ["timeout", { timeout: 0 }];
  if (mode === "reset") return ["reset_peer", { timeout: 0 }];
  return ["bandwidth", { rate: 0 }];
}

async function measure(context: FaultContext, used: readonly Link[], before: (number | null)[]): Promise<Effect> {
  if (used.length === 0) return { measured: false, summary: "nobody used the links that were cut" };
  const during = await Promise.all(used.map((link) => timeThrough(link, context.clock, ["PING"], PROBE_MS)));
  const cutOnes = used.filter((_, i) => before[i] !== null && during[i] === null);
  const open = used.filter((_, i) => during[i] !== null);
  if (open.length > 0) return { measured: false, summary: `PING still passes ${list(open)}` };
  if (cutOnes.length === 0)
    return { measured: false, summary: `PING did not pass ${list(used)} before the cut either` };
  return {
    measured: true,
    summary: `no PING passes ${list(cutOnes)} (before: ${Math.max(...before.map((ms) => ms ?? 0)).toFixed(1)} ms)`,
  };
}

function list(links: readonly Link[]): string {
  return links.length === 0 ? "none" : links.map((link) => link.name).join(", ");
}
