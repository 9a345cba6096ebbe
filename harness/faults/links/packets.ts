import { isIPv4 } from "node:net";
import type { z } from "zod";
import { ChaosError } from "../../base/chaos-error.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import { Netem, netemRefusal } from "../../network/netem.ts";
import { type Meant, type PacketCount, PacketLoss, packetLossRefusal } from "../../network/packet-loss.ts";
import { defineFault, type Effect, type FaultContext } from "../fault.ts";
import { drawnDurationParameter, linksParameter, nodeParameter, parameters, percentParameter } from "../parameters.ts";
import { linkPattern, selectLink, selectNode } from "../selector.ts";

/** As the data checks: what is 0 would be no fault. */
const LEAST = "0.01%";

const described = parameters(
  {
    node: nodeParameter(
      "whose packets: all that it sends and gets on the network that carries replication, gossip and links",
    ).optional(),
    links: linksParameter("instead: those between the node that dials such a link, and the link").optional(),
    loss: percentParameter("of the packets, each direction on its own, is lost", { least: LEAST }).optional(),
    duplicate: percentParameter("of the packets that the node sends arrive twice; needs netem", {
      least: LEAST,
    }).optional(),
    reorder: percentParameter(
      "of the packets that the node sends overtake those before them; needs netem and `latency`",
      {
        least: LEAST,
      },
    ).optional(),
    latency: drawnDurationParameter("delay of every packet that the node sends; needs netem", {
      least: "1ms",
      most: "10s",
      whole: true,
    }).optional(),
  },
  {
    check: ({ node, links, loss, duplicate, reorder, latency }, wrong) => {
      if ((node === undefined) === (links === undefined)) wrong("expected either `node` or `links`");
      if (loss === undefined && duplicate === undefined && reorder === undefined && latency === undefined) {
        wrong("expected at least one of `loss`, `duplicate`, `reorder` and `latency`");
      }
      for (const [name, value] of Object.entries({ duplicate, reorder, latency })) {
        if (value !== undefined && links !== undefined) wrong(`\`${name}\` goes with \`node\``, [name]);
      }
      if (reorder !== undefined && latency === undefined) wrong("`reorder` goes with `latency`", ["reorder"]);
      if (links?.some((link) => linkPattern(link).from === "client")) {
        wrong("clients dial from outside of every container: say `node`, whose packets are also its clients'", [
          "links",
        ]);
      }
    },
  },
);
type Params = z.infer<typeof described.planned>;

/** Packets of one node that get lost. */
interface Losing {
  what: string;
  loss: PacketLoss;
}

/**
 * Packets get lost, come twice, late or out of order: below TCP, which notices and sends again. Set in the network namespace of the node's
 * container: loss by iptables, in both directions; all else by netem, on what the node sends. The probes' network is left alone.
 * Heal: the rules are taken away. Effect: known at the heal: packets that were meant, and how many of them were dropped.
 */
export const packets = defineFault({
  kind: "packets",
  summary: "lose packets, double, delay or reorder them: below TCP",
  lasting: true,
  parameters: described,
  holdsUp: ({ node, links }) => [
    ...(links ?? []).map(linkPattern),
    ...(typeof node === "string"
      ? [
          { from: "*", to: node },
          { from: node, to: "*" },
        ]
      : []),
  ],
  async refusal({ loss, duplicate, reorder, latency }) {
    const lossRefusal = loss === null ? null : packetLossRefusal();
    if (lossRefusal !== null) return `packets cannot be lost here: ${lossRefusal}`;
    if (duplicate === null && reorder === null && latency === null) return null;
    const why = await netemRefusal();
    return why === null
      ? null
      : `packets can be doubled, delayed and reordered by netem only, which cannot be used here: ${why}`;
  },
  inject: async (context, p) => {
    const losing: Losing[] = p.loss === null ? [] : losingOf(context, p);
    for (const { what, loss } of losing) {
      context.onHeal(`lose no more packets of ${what}`, () => loss.end());
      await loss.begin(p.loss ?? 0, context.signal);
    }
    const netem = p.node === null ? null : await emulate(context, selectNode(context.cluster, p.node), p);
    const targets = p.node === null ? losing.map(({ what }) => what) : [selectNode(context.cluster, p.node).name];
    return { targets, effectAt: "heal", effect: () => measure(losing, netem) };
  },
});

function losingOf({ cluster, id }: FaultContext, { node, links }: Params): Losing[] {
  if (node !== null) {
    const { name, dataAddress } = selectNode(cluster, node);
    const one = cluster.node(name);
    return [{ what: name, loss: new PacketLoss(pidOf(one), id, { own: dataAddress }) }];
  }
  return (links ?? []).map((selector, i) => {
    const { name, from, address } = selectLink(cluster, selector);
    const { portOffsets, gossip } = cluster.system;
    const bus = cluster.ruler === "servers" && gossip ? [gossip.busOffset] : [];
    const ports = [...portOffsets, ...bus].map((offset) => address.port + offset);
    // A name is Toxiproxy's, where every link has ports of its own.
    const meant: Meant = { host: isIPv4(address.host) ? address.host : null, ports };
    return { what: name, loss: new PacketLoss(pidOf(cluster.node(from)), `${id}-${i}`, meant) };
  });
}

function pidOf(node: ClusterNode): number {
  const pid = node.pid();
  if (pid !== null) return pid;
  throw new ChaosError(
    "infrastructure",
    `the network of ${node.name} cannot be entered: it is down, or on another machine`,
  );
}

async function emulate(context: FaultContext, node: ClusterNode, p: Params): Promise<Netem | null> {
  if (p.duplicate === null && p.reorder === null && p.latency === null) return null;
  const netem = new Netem(pidOf(node), node.dataAddress);
  context.onHeal(`let the packets of ${node.name} go`, () => netem.end());
  await netem.begin({ ...p, delay: p.latency }, context.signal);
  return netem;
}

async function measure(losing: readonly Losing[], netem: Netem | null): Promise<Effect> {
  const counts = await Promise.all(losing.map(async ({ what, loss }) => ({ what, count: await loss.count() })));
  const sent = netem === null ? null : await netem.sent();
  const told = [
    ...counts.map(({ what, count }) => lossText(what, count)),
    ...(sent === null ? [] : [`${sent} packets went through netem`]),
  ];
  const lost = counts.every(({ count }) => count !== null && count.dropped > 0);
  return { measured: lost && sent !== 0, summary: told.join("; ") };
}

function lossText(what: string, count: PacketCount | null): string {
  if (count === null) return `${what}: there are no rules any more: its container was started again with a new network`;
  const share = count.all === 0 ? "" : ` (${((100 * count.dropped) / count.all).toFixed(1)} %)`;
  return `${what}: ${count.dropped} of ${count.all} packets were lost${share}`;
}
