import type { Link } from "../../network/link.ts";
import { defineFault, type Effect, type FaultContext } from "../fault.ts";
import { choiceParameter, linksParameter, nodeParameter, parameters } from "../parameters.ts";
import { linkPattern, selectLink, selectNode } from "../selector.ts";
import { httpThrough, timeThrough } from "./measure-link.ts";
import { addToxics, type Toxic } from "./toxics.ts";

const PROBE_MS = 400;

const MODES = ["blackhole", "drop", "reset", "disconnect"] as const;
/** Which parameters go together, as written and in a plan. */
function together(
  p: { links?: string[] | undefined; isolate?: string | undefined; mode: Mode; direction: string },
  wrong: (message: string, path?: string[]) => void,
): void {
  if ((p.links === undefined) === (p.isolate === undefined)) {
    wrong("expected either `links: [...]` or `isolate: <node>`, not both or none");
  }
  if (p.mode !== "disconnect") return;
  if (p.isolate === undefined)
    wrong("`disconnect` takes a node off its network: it goes with `isolate: <node>`", ["mode"]);
  if (p.direction !== "both") wrong("`disconnect` always cuts both directions", ["direction"]);
}
type Mode = (typeof MODES)[number];

/**
 * Cuts paths. Modes (docs/facts.md#toxiproxy):
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
export const partition = defineFault({
  kind: "partition",
  harmsHelpers: true,
  summary: "cut links: blackhole, drop, reset or disconnect",
  lasting: true,
  parameters: parameters(
    {
      links: linksParameter("what is cut").orAbsent(),
      isolate: nodeParameter("every link from and to this node, its clients' included").orAbsent(),
      mode: choiceParameter(
        "`blackhole`: nothing passes, nothing is lost; `drop`: what is sent is lost; `reset`: connections are reset; `disconnect`: the node leaves its network",
        MODES,
      ).default("blackhole"),
      direction: choiceParameter("which way nothing passes", ["both", "to-master", "to-replica"]).default("both"),
    },
    { check: together, checkPlan: together },
  ),
  holdsUp: ({ links = [], isolate }) => [
    ...links.map(linkPattern),
    ...(isolate === undefined
      ? []
      : [
          { from: "*", to: isolate },
          { from: isolate, to: "*" },
        ]),
  ],
  inject: async (context, p) => {
    const { cluster } = context;
    const node = p.isolate === undefined ? null : selectNode(cluster, p.isolate);
    const links = node
      ? cluster.links.filter((link) => link.from === node.name || link.to === node.name)
      : [...new Set((p.links ?? []).map((link) => selectLink(cluster, link)))];
    const sentinels = cluster.sentinels.map(({ name }) => name);
    const helpers = cluster.helpers.map(({ name }) => name);
    const { slots } = cluster;
    // Where servers gossip, each of them dials every other; a slot goes from master to master.
    const used = links.filter(
      ({ from, to }) =>
        from === "client" ||
        cluster.ruler === "servers" ||
        sentinels.includes(from) ||
        (cluster.controllers?.store === to && helpers.includes(from)) ||
        // What another helper listens to is none of ours to speak.
        (helpers.includes(from) && !helpers.includes(to)) ||
        cluster.topology.replicaOf[from] === to ||
        slots?.open.some((move) => slots.masterOf(move.from) === from && slots.masterOf(move.to) === to),
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
    const before = await Promise.all(used.map((link) => answered(context, link)));
    const directions = p.direction === "both" ? undefined : [p.direction];
    await addToxics(context, links, p.mode, toxic(p.mode), directions);
    return { targets, effect: () => measure(context, used, before) };
  },
});

/** How long an answer through a link takes, ms; null: there is none. */
function answered({ cluster, clock }: FaultContext, link: Link): Promise<number | null> {
  return link.to === cluster.controllers?.store
    ? httpThrough(link, clock, PROBE_MS)
    : timeThrough(link, clock, ["PING"], PROBE_MS);
}

function toxic(mode: Mode): Toxic {
  if (mode === "drop") return ["timeout", { timeout: 0 }];
  if (mode === "reset") return ["reset_peer", { timeout: 0 }];
  return ["bandwidth", { rate: 0 }];
}

async function measure(context: FaultContext, used: readonly Link[], before: (number | null)[]): Promise<Effect> {
  if (used.length === 0) return { measured: false, summary: "nobody used the links that were cut" };
  const during = await Promise.all(used.map((link) => answered(context, link)));
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
