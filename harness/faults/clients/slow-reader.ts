import type { z } from "zod";
import { sleep } from "../../base/deadline.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import type { Link } from "../../network/link.ts";
import { replyText } from "../../resp/reply-text.ts";
import { defineFault, type Effect, type FaultContext } from "../fault.ts";
import { capTook, echoOf } from "../links/measure-link.ts";
import { linksParameter, parameters, sizeParameter } from "../parameters.ts";
import { selectLink } from "../selector.ts";
import { SlowClient } from "./slow-client.ts";

/** How long reading is watched before it is called slow, ms. */
const WATCH_MS = 2_000;
const LIST_MS = 2_000;

const described = parameters(
  {
    links: linksParameter("`r1 -> m1`: that replica reads slowly; `client -> m1`: a client of our own does"),
    rate: sizeParameter("bytes read per second, at least 1KB", { least: "1KB" }),
    pending: sizeParameter("how much our own client asks for at once (default 16MB)", { least: "1B" }).orElse(16e6),
  },
  {
    check: ({ links, pending }, wrong) => {
      if (pending !== undefined && !links.some((link) => link.trim().startsWith("client"))) {
        wrong("`pending` goes with a link `client -> <node>`", ["pending"]);
      }
    },
  },
);
type Params = z.infer<typeof described.planned>;

/** One reader that has been made slow. */
type Watch = () => Promise<Effect>;

/**
 * Somebody reads slowly while everything it sends arrives at once: the server has to keep what is not read.
 * - a replica: what its master sends is capped at `rate` (bandwidth toxic, whole kB/s, one direction only).
 * - a client of our own: asks for `pending` bytes at once and takes `rate` bytes per second off its socket.
 * Heal: toxics removed, clients closed. Effect: a replica's link delivers an ECHO as slowly as it should, and that replica
 * is its master's; our client is read at that rate and has more to read. The largest output buffer of the server goes with it.
 */
export const slowReader = defineFault({
  kind: "slow-reader",
  summary: "a replica, or a client, that reads slowly",
  lasting: true,
  parameters: described,
  inject: async (context, p) => {
    const chosen = p.links.map((link) => selectLink(context.cluster, link));
    const watches: Watch[] = [];
    for (const link of chosen) {
      watches.push(link.from === "client" ? await slowClient(context, link, p) : await slowReplica(context, link, p));
    }
    return {
      targets: chosen.map((link) => link.name),
      effect: async () => {
        const effects = await Promise.all(watches.map((watch) => watch()));
        return {
          measured: effects.every(({ measured }) => measured),
          summary: effects.map(({ summary }) => summary).join("; "),
        };
      },
    };
  },
});

async function slowReplica(context: FaultContext, link: Link, { rate }: Params): Promise<Watch> {
  const { cluster, clock, id } = context;
  const kilobytes = Math.max(1, Math.round(rate / 1000));
  const toxic = `${id}-to-replica`;
  context.onHeal(`let ${link.name} be read at full speed`, () => link.removeToxic(toxic));
  await link.addToxic(toxic, "bandwidth", "to-replica", { rate: kilobytes });
  return async () => {
    if (cluster.topology.replicaOf[link.from] !== link.to) {
      return { measured: false, summary: `${link.from} does not replicate from ${link.to}` };
    }
    const replica = cluster.node(link.from);
    const before = { bytes: replica.received(), t: clock.now() };
    const echo = echoOf(kilobytes * 1000);
    const took = await echo.through(link, clock);
    const after = { bytes: replica.received(), t: clock.now() };
    const speed =
      before.bytes === null || after.bytes === null
        ? ""
        : `, ${link.from} received ${kb((after.bytes - before.bytes) / ((after.t - before.t) / 1000))}/s`;
    return {
      measured: capTook(took, echo.expected),
      summary: `${link.name}: an ECHO of ${echo.bytes} bytes took ${took === null ? "too long" : `${Math.round(took)} ms`}${speed}${await waiting(context, link)}`,
    };
  };
}

async function slowClient(context: FaultContext, link: Link, { rate, pending }: Params): Promise<Watch> {
  const { clock, signal, id } = context;
  let client: SlowClient | undefined;
  context.onHeal(`close the slow client of ${link.to}`, async () => client?.close());
  const since = clock.now();
  client = await SlowClient.open({
    ...link.published,
    rate,
    pending,
    signal,
    onLost: (why) => {
      const seconds = ((clock.now() - since) / 1000).toFixed(1);
      context.note(`${id}: the slow client of ${link.to} lost its connection after ${seconds} s: ${why}`);
    },
  });
  const reader = client;
  return async () => {
    const [from, t] = [reader.read, clock.now()];
    await sleep(WATCH_MS);
    const speed = (reader.read - from) / ((clock.now() - t) / 1000);
    if (reader.trouble !== null) {
      return { measured: false, summary: `the slow client of ${link.to}: ${reader.trouble.trim()}` };
    }
    return {
      // A tick that came late is no faster reader; a reader that has read everything is no slow one.
      measured: speed > 0 && speed <= rate * 1.5 && reader.read < pending,
      summary: `${link.name}: reads ${kb(speed)}/s, ${kb(pending - reader.read)} unread${await waiting(context, link)}`,
    };
  };
}

async function waiting({ cluster }: FaultContext, link: Link): Promise<string> {
  const bytes = await largestOutputBuffer(cluster.node(link.to));
  return bytes === null ? "" : `, largest output buffer of ${link.to}: ${kb(bytes)}`;
}

/**
 * The largest output buffer of a server's clients and replicas, bytes; null when it does not tell or does not answer.
 * CLIENT LIST calls it `omem` in Redis and `obuf` in Kvrocks; Pika does not tell.
 */
async function largestOutputBuffer(node: ClusterNode): Promise<number | null> {
  try {
    return largestIn(replyText(await node.admin(["CLIENT", "LIST"], { within: LIST_MS })));
  } catch {
    return null;
  }
}

/** The same in the text of CLIENT LIST. */
export function largestIn(clients: string): number | null {
  const sizes = [...clients.matchAll(/\b(?:omem|obuf)=(\d+)/g)].map(([, size]) => Number(size));
  return sizes.length === 0 ? null : Math.max(...sizes);
}

function kb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
