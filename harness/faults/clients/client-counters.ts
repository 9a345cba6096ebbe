import type { Connection } from "../../cluster/cluster.ts";
import { replyText } from "../../resp/reply-text.ts";

/** What a server says of its connections; null: it does not tell. */
export interface ClientCounters {
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
export async function askCounters(connection: Connection, within: number): Promise<ClientCounters | null> {
  const outcomes = await Promise.all(SECTIONS.map((section) => connection.send(["INFO", section], { within })));
  const texts = outcomes.map((outcome) => (outcome.outcome === "ok" ? replyText(outcome.reply) : null));
  return texts.includes(null) ? null : countersIn(texts.join("\n"));
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
