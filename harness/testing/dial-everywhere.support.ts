import { readFileSync } from "node:fs";
import { until } from "../base/deadline.ts";
import { groupBy } from "../base/group-by.ts";
import type { RunningCluster } from "../cluster/running-cluster.ts";
import type { Engine } from "../docker/engine.ts";
import { replyText } from "../resp/reply-text.ts";
import { connections, Dialler } from "./dialler.support.ts";

/*
 * Test support: does a connection that a process in a node's network opens come out where it should?
 *
 *   in r1's network namespace            Toxiproxy's sockets                     m1's sockets
 *   connect m1:6379, port 41822 ──► 10003 from r1:41822: proxy r1_m1_0 ──► 6379 from r1's known address, one that was not there before
 */

const DIAL_MS = 10_000;
/** What comes through a link that is open takes a few milliseconds, on a machine that has time. */
const ANSWER_MS = 10_000;
const NO_ANSWER_MS = 300;
const ADDRESS = /\b\d{1,3}(\.\d{1,3}){3}\b/g;

/** A place that is dialled, and whom it means. */
interface Place {
  host: string;
  port: number;
  means: string;
  /** Is PING understood there? */
  asks: boolean;
}

type Plain = Awaited<ReturnType<typeof plainOf>>;

/** Where all links of a cluster can be seen. @param runId as it was started with */
async function plainOf(engine: Engine, cluster: RunningCluster, runId: string) {
  const { containers } = await engine.listByLabel("kvchaos.run");
  const own = containers.find(
    ({ labels }) => labels["kvchaos.run"] === runId && labels["kvchaos.node"] === "toxiproxy",
  );
  const proxy = await engine.inspectContainer(own?.name ?? "");
  if (!proxy?.pid) throw new Error("Toxiproxy is not there");
  const response = await fetch(`http://${cluster.toxiproxyApi}/proxies`, { signal: AbortSignal.timeout(DIAL_MS) });
  const proxies = Object.values((await response.json()) as Record<string, { name: string; listen: string }>);
  const nodes = [...cluster.nodes, ...cluster.sentinels];
  const infos = await Promise.all(nodes.map(({ container }) => engine.inspectContainer(container)));
  return {
    cluster,
    proxyPid: proxy.pid,
    proxyAddress: proxy.ips[cluster.dataNetwork] ?? "",
    /** Listening port in Toxiproxy → "r1_m1_0". */
    proxies: new Map(proxies.map(({ name, listen }) => [Number(listen.split(":").at(-1)), name])),
    /** Node → the address of its container on the data network. */
    containers: new Map(nodes.map(({ name }, i) => [name, infos[i]?.ips[cluster.dataNetwork] ?? ""])),
    /** Node → what all others know it by. */
    known: new Map(
      nodes.map(({ name }) => {
        const link = cluster.links.find(({ from, to }) => from !== "client" && to === name);
        // Nobody dials a node that is alone.
        return [name, link?.address.host ?? ""];
      }),
    ),
  };
}

/**
 * Dials every place from one node, and holds the connections: those that mean one port of one server at once, since the kernel goes through a table
 * of the whole machine for each look at a node's connections. If one of them came out elsewhere, there would be one too few.
 */
async function dialFrom(plain: Plain, from: string, places: readonly Place[], dialler: Dialler, mistakes: string[]) {
  const { cluster } = plain;
  const held: { id: number; place: Place; text: string }[] = [];
  const seenBy = (name: string) => connections(cluster.node(name).pid() ?? 0);
  const before = new Map([...cluster.nodes, ...cluster.sentinels].map(({ name }) => [name, seenBy(name)]));
  for (const together of groupBy(places, ({ means, port }) => `${means}:${port}`).values()) {
    const [{ means }] = together as [Place];
    before.set(means, seenBy(means));
    held.push(...(await dialAtOnce({ ...plain, before, seenBy }, from, together, dialler, mistakes)));
  }
  return held;
}

interface Seen {
  /** What each server had seen, the one that is dialled just before. */
  before: ReadonlyMap<string, ReadonlySet<string>>;
  seenBy(name: string): ReadonlySet<string>;
}

/** @param places of one server and one port */
async function dialAtOnce(
  { proxies, known, containers, proxyPid, before, seenBy }: Plain & Seen,
  from: string,
  places: readonly Place[],
  dialler: Dialler,
  mistakes: string[],
) {
  const [{ means, port }] = places as [Place];
  const dialled = await Promise.all(
    places.map(async (place) => {
      const text = `${from} dials ${place.host}:${place.port}, which is ${place.means}`;
      return { place, text, ...(await dialler.dial(place.host, place.port)) };
    }),
  );
  for (const { text, error } of dialled) if (error !== undefined) mistakes.push(`${text}: ${error}`);
  const held = dialled.flatMap(({ id, place, text, error, port: own }) =>
    error === undefined && own !== undefined ? [{ id, place, text, own }] : [],
  );
  const texts = held.map(({ text }) => text).join("; ");
  // A server that dials itself has no link: its own address is at both ends.
  const itself = means === from;
  const isOurs = (one: string): boolean =>
    itself ? held.some(({ own }) => one.endsWith(`:${own}`)) : one.includes(` ${known.get(from)}:`);
  const cameTo = (name: string): string[] =>
    [...seenBy(name)]
      .filter((one) => !before.get(name)?.has(one) && isOurs(one))
      .map((one) => `${name}:${one.split(" ")[0]}`);
  const came = await until({ what: "the other ends", within: ANSWER_MS, every: 5 }, () => {
    return cameTo(means).filter((one) => one === `${means}:${port}`).length >= held.length;
  }).catch(() => false);
  if (!came) mistakes.push(`${texts}: came out at ${[...before.keys()].flatMap(cameTo).join(", ") || "no server"}`);
  const throughLinks = (): string[] => {
    const seen = [...connections(proxyPid)];
    return held.map(({ own }) =>
      seen
        .filter((one) => one.endsWith(` ${containers.get(from)}:${own}`))
        .map((one) => (proxies.get(Number(one.split(" ")[0])) ?? one).replace(/_\d+$/, ""))
        .join(", "),
    );
  };
  const expected = itself ? "" : `${from}_${means}`;
  // The kernel's list is not read at one moment: while others come and go, one that is there can be left out.
  const links = await until({ what: "their links", within: ANSWER_MS, every: 5 }, () => {
    const now = throughLinks();
    return now.every((link) => link === expected) && now;
  }).catch(throughLinks);
  for (const [i, { text }] of held.entries())
    if (links[i] !== expected) mistakes.push(`${text}: it went through ${links[i] || "no link"}`);
  return held;
}

/**
 * From every node to every place: comes out at the server that is meant, on the port that is meant, seems to come from the dialler, and
 * went through the link between the two; where that link lets nothing through, PING is not answered, and is where others do not.
 * @param placesOf what a node dials @param dialling from these nodes @returns what was wrong, and how much was dialled
 */
async function dialEverywhere(
  plain: Plain,
  dialling: readonly string[],
  placesOf: (from: string) => readonly Place[],
): Promise<{ mistakes: string[]; dialled: number }> {
  const { cluster } = plain;
  const mistakes: string[] = [];
  const names = [...cluster.nodes, ...cluster.sentinels].map(({ name }) => name);
  const diallers = new Map(dialling.map((from) => [from, new Dialler(cluster.node(from).pid() ?? 0)]));
  try {
    const all = await Promise.all(
      [...diallers].map(async ([from, dialler]) => {
        return { from, dialler, held: await dialFrom(plain, from, placesOf(from), dialler, mistakes) };
      }),
    );
    // In each round one link of every node is cut, so that in the end each was, and each was open while others were cut.
    for (let round = 1; round < names.length; round++) {
      const next = new Map(names.map((name, i) => [name, names[(i + round) % names.length] as string]));
      const cut = cluster.links.filter(({ from, to }) => next.get(from) === to);
      for (const link of cut) await link.addToxic("dial-cut", "bandwidth", "to-replica", { rate: 0 });
      const asked = all.flatMap(({ from, dialler, held }) =>
        held.filter(({ place }) => place.asks).map((one) => ({ ...one, from, dialler })),
      );
      await Promise.all(
        asked.map(async ({ from, dialler, place, text }) => {
          // Its link may have let something through before: a connection of its own for every question.
          const { id, error } = await dialler.dial(place.host, place.port);
          if (error !== undefined) return;
          const stopped = next.get(from) === place.means;
          const answered = await dialler.answers(id, stopped ? NO_ANSWER_MS : ANSWER_MS);
          if (answered === stopped) {
            const how = stopped ? "is answered although its link is cut" : "is not answered, and other links are cut";
            mistakes.push(`${text}: it ${how}`);
          }
        }),
      );
      for (const link of cut) await link.removeToxic("dial-cut");
    }
    return { mistakes, dialled: all.reduce((sum, { held }) => sum + held.length, 0) };
  } finally {
    for (const dialler of diallers.values()) dialler.end();
  }
}

/** What a node says of others, and its log. */
async function saidBy(cluster: RunningCluster, name: string): Promise<string> {
  const node = cluster.node(name);
  const mode = cluster.sharded ? [["CLUSTER", "NODES"]] : [];
  const questions =
    node.role === "sentinel"
      ? ["MASTERS", "REPLICAS", "SENTINELS"].map((what) => [
          "SENTINEL",
          what,
          ...(what === "MASTERS" ? [] : ["kvchaos"]),
        ])
      : [["INFO", "replication"], ...(cluster.system.name === "pika" ? [] : [["ROLE"]]), ...mode];
  const replies = await Promise.all(questions.map((argv) => node.admin(argv)));
  return [...replies.map(replyText), readFileSync(cluster.logs.file(name), "utf8")].join("\n");
}

/**
 * Everywhere that a node may dial: every server (and a sentinel every other sentinel, too) by its name, by its container's
 * addresses, and by what it is known by, on all ports.
 * @param said of every node @param offsets of the further ports that servers dial
 * @returns `strange`: addresses that are shown and are not a server's
 */
function placesIn(
  { cluster, containers, known, proxyAddress }: Plain,
  said: ReadonlyMap<string, string>,
  offsets: readonly number[],
): { placesOf(from: string): Place[]; strange: string[]; shown: string[] } {
  const shown = new Set([...said.values()].flatMap((text) => text.match(ADDRESS) ?? []));
  const nodes = [...cluster.nodes, ...cluster.sentinels];
  const portOf = (name: string): number =>
    cluster.links.find(({ to, from }) => to === name && from !== "client")?.address.port ?? cluster.system.port;
  const own = (name: string) =>
    new Set([name, containers.get(name) as string, known.get(name) as string, cluster.node(name).nearest().host]);
  const ofNodes = new Set(nodes.flatMap(({ name }) => [...own(name)]));
  const strange = [...said].flatMap(([by, text]) => {
    const line = text.split("\n").find((some) => some.match(ADDRESS)?.includes(proxyAddress));
    return line === undefined ? [] : [`${by} shows ${proxyAddress}, which is no server's: ${line}`];
  });
  const isSentinel = (name: string): boolean => cluster.sentinels.some((one) => one.name === name);
  return {
    shown: [...shown].filter((one) => ofNodes.has(one)),
    strange,
    placesOf: (from) =>
      nodes
        .filter(({ name }) => isSentinel(from) || !isSentinel(name))
        // A sentinel has nothing to ask itself.
        .filter(({ name }) => !(isSentinel(from) && name === from))
        .flatMap(({ name }) =>
          [...own(name)].flatMap((host) =>
            (isSentinel(from) ? [0] : offsets).map((offset) => ({
              host,
              port: portOf(name) + offset,
              means: name,
              asks: offset === 0,
            })),
          ),
        ),
  };
}

/**
 * What is wrong with how the servers of a cluster, and its sentinels, can dial each other; nothing: as on a plain network.
 * @param from only from these nodes; absent: from all
 */
export async function dialMistakes(options: {
  engine: Engine;
  cluster: RunningCluster;
  runId: string;
  from?: readonly string[];
}): Promise<string[]> {
  const { engine, cluster, runId } = options;
  const { system, ruler } = cluster;
  const plain = await plainOf(engine, cluster, runId);
  const names = [...cluster.nodes, ...cluster.sentinels].map(({ name }) => name);
  const said = new Map(await Promise.all(names.map(async (name) => [name, await saidBy(cluster, name)] as const)));
  const offsets = ruler === "servers" && system.gossip ? [0, system.gossip.busOffset] : system.portOffsets;
  const { placesOf, strange, shown } = placesIn(plain, said, offsets);
  const { mistakes, dialled } = await dialEverywhere(plain, options.from ?? names, placesOf);
  const idle = shown.length > 0 && dialled > 0 ? [] : [`${shown.length} addresses were shown, ${dialled} dialled`];
  return [...strange, ...mistakes, ...idle];
}
