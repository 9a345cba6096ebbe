import { until } from "../../base/deadline.ts";
import type { ClusterNode, Connection } from "../../cluster/cluster.ts";
import { replyText } from "../../resp/reply-text.ts";
import type { FaultContext } from "../fault.ts";

const COUNT_MS = 3_000;
/** How long the server may take to have counted them. */
const SETTLE_MS = 5_000;
/** Of the clients of a fault, so many must have come as far as the server. */
const ENOUGH = 0.9;
export const enoughOf = (clients: number): number => Math.ceil(clients * ENOUGH);

/** What a server says of its clients while a fault makes more of them. */
export interface Counting<T> {
  before: T;
  /** Asks again until it is enough, for 5 s: the kernel completes connections before a busy server accepts them. */
  settle(enough: (now: T) => boolean): Promise<T>;
}

/** Asks over a connection that is opened now: afterwards the server may take nobody any more. */
export async function counting<T>(
  context: FaultContext,
  node: ClusterNode,
  whom: string,
  ask: (observer: Connection, within: number) => Promise<T>,
): Promise<Counting<T>> {
  const { signal } = context;
  const observer = await node.connect({ within: COUNT_MS, signal });
  context.onHeal(`stop counting the ${whom} of ${node.name}`, async () => observer.close());
  const count = (): Promise<T> => ask(observer, COUNT_MS);
  const settle = async (enough: (now: T) => boolean): Promise<T> => {
    let now = await count();
    await until({ what: "the server's count", within: SETTLE_MS, signal, every: 200 }, async () => {
      if (enough(now)) return true;
      now = await count();
      return false;
    }).catch(() => signal.throwIfAborted());
    return now;
  };
  return { before: await count(), settle };
}

/** What a server says of its connections; null: it does not tell. */
interface ClientCounters {
  /** Open now. */
  clients: number | null;
  /** Accepted since it started. */
  received: number | null;
  /** Sent away because there were too many, since it started. */
  rejected: number | null;
}

/** Sections of INFO in which Redis, Kvrocks and Pika all have them. Of all of Pika's sections there are some that can deadlock it. */
const SECTIONS = ["clients", "stats"];

/** Asks over a connection that was open before; null when it is not answered. */
async function askCounters(connection: Connection, within: number): Promise<ClientCounters | null> {
  const outcomes = await Promise.all(SECTIONS.map((section) => connection.send(["INFO", section], { within })));
  const texts = outcomes.map((outcome) => (outcome.outcome === "ok" ? replyText(outcome.reply) : null));
  return texts.includes(null) ? null : countersIn(texts.join("\n"));
}

export type ConnectionCount = Counting<ClientCounters | null>;

export function countConnections(context: FaultContext, node: ClusterNode): Promise<ConnectionCount> {
  return counting(context, node, "connections", askCounters);
}

/** The same in the answers: all three use the same words. */
export function countersIn(info: string): ClientCounters {
  const number = (key: string): number | null => {
    const found = new RegExp(`^${key}:(\\d+)`, "m").exec(info)?.[1];
    return found === undefined ? null : Number(found);
  };
  return {
    clients: number("connected_clients"),
    received: number("total_connections_received"),
    rejected: number("rejected_connections"),
  };
}

/**
 * Connections that have reached the server between two answers, sent away or not; null: it does not tell.
 * @param closed how many it has closed, as their clients see it: Pika sends clients away without a word, and counts them nowhere
 */
export function reached(before: ClientCounters | null, after: ClientCounters | null, closed = 0): number | null {
  if (before?.received == null || after?.received == null) return null;
  return after.received - before.received + Math.max(closed, (after.rejected ?? 0) - (before.rejected ?? 0));
}

/** "clients 21 → 1021, 1000 accepted, 0 sent away" */
export function changeOf(before: ClientCounters | null, after: ClientCounters | null): string {
  if (after === null) return "it does not answer INFO";
  const more = (key: "received" | "rejected"): string =>
    String((after[key] ?? Number.NaN) - (before?.[key] ?? Number.NaN));
  return [
    `clients ${before?.clients ?? "?"} → ${after.clients ?? "?"}`,
    after.received === null ? "" : `${more("received")} accepted`,
    after.rejected === null ? "" : `${more("rejected")} sent away`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}
