import type { Connection } from "../cluster/cluster.ts";
import { text } from "../resp/text.ts";
import type { Argv } from "../systems/system.ts";

/** What a server says of its connections; null: it does not tell. */
export interface ClientCounters {
  /** Open now. */
  clients: number | null;
  /** Accepted since it started. */
  received: number | null;
  /** Sent away because there were too many, since it started. */
  rejected: number | null;
}

/** Asks over a connection that was open before; null when it is not answered. */
export async function askCounters(connection: Connection, info: Argv, within: number): Promise<ClientCounters | null> {
  const outcome = await connection.send(info, { within });
  return outcome.outcome === "ok" ? countersIn(text(outcome.reply)) : null;
}

/** The same in the answer to INFO: Redis, Kvrocks and Pika use the same words. */
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

/** Connections that have reached the server between two answers, sent away or not; null: it does not tell. */
export function reached(before: ClientCounters | null, after: ClientCounters | null): number | null {
  if (before?.received == null || after?.received == null) return null;
  return after.received - before.received + (after.rejected ?? 0) - (before.rejected ?? 0);
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
