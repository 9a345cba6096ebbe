import { formatSeconds } from "../base/units.ts";
import type { NodeCondition } from "../journal/events.ts";
import type { Silence } from "./silence.ts";

/** What is known of the way to a server that is not ours. */
export interface Outside {
  /** Nothing of what was asked has reached its host's kernel. */
  unacknowledged: boolean;
  /** By whom its process is held, in words. */
  stopped: string | null;
}

/** Conditions of a server that is not ours in which its silence says nothing of it. */
export const KEPT_AWAY: readonly NodeCondition[] = ["unreachable", "paused", "dead"];
/** Why a connection ends to which no packet comes back. */
const UNREACHABLE: readonly string[] = ["EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT", "EHOSTDOWN"];

/** What else than the server itself keeps its answers from us; null: nothing that is known. @param runs its process is seen, and runs */
export function pathOf(
  { refused, age }: Pick<Silence & { kind: "total" }, "refused" | "age">,
  { unacknowledged, stopped }: Outside,
  runs: boolean,
): { condition: NodeCondition; why: string } | null {
  const long = formatSeconds(age);
  if (stopped) return { condition: "paused", why: `no answer for ${long}: ${stopped}, not by kvchaos` };
  if (refused === "ECONNREFUSED" && !runs) {
    return { condition: "dead", why: `nobody listens at its address: connections are refused for ${long}` };
  }
  if (refused !== null && UNREACHABLE.includes(refused)) {
    return { condition: "unreachable", why: `no way to its address for ${long} (${refused})` };
  }
  if (!unacknowledged) return null;
  const why = `no answer for ${long}, and its host acknowledges nothing of what is sent: the host is gone, or the network between`;
  return { condition: "unreachable", why };
}
