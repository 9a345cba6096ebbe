import { formatTime } from "../../base/units.ts";
import type { Examination, ExaminedGroup } from "../../journal/examination.ts";
import { threadStates } from "../finding/thread-states.ts";

/* Words that all reports of an examination share. */

/** "DEADLOCK, PROVED": what was found, and how sure that is. */
export function headline({ verdict }: Examination): string {
  const { class: found, proved } = verdict;
  if (proved) return `${found.toUpperCase()}, PROVED`;
  return { suspicious: "SUSPICIOUS, NOT PROVED", unknown: "NOT KNOWN" }[found as "suspicious"] ?? "NOTHING FOUND";
}

/** "for at least 3:12 min", "" */
export function restText({ restedFor }: Pick<ExaminedGroup, "restedFor">): string {
  if (restedFor === null) return "";
  const { least, most } = restedFor;
  const [from, to] = [formatTime(least), formatTime(most)];
  return from === to ? to : `${from} … ${to}`;
}

/** How it was made, for who doubts it. */
export function howText(examination: Examination): string {
  const { kind, window, took, gdb, kvchaos, at, host } = examination;
  const looks = `three looks within ${formatTime(window)}, ${formatTime(took)} in all, nothing was stopped for them`;
  const how = kind === "core" ? "read from the core file, without the process" : looks;
  const stopped = gdb && gdb.stoppedMs > 0 ? `; gdb then stopped it for ${gdb.stoppedMs} ms` : "";
  return `${at}, kvchaos ${kvchaos}, Linux ${host.kernel}, ${host.cores} processors: ${how}${stopped}.`;
}

/** "sleeping, never got a processor" */
export function stateText({ state, asleep }: Pick<ExaminedGroup, "state" | "asleep">): string {
  return `${threadStates[state] ?? state}${asleep ? "" : ", ran"}`;
}

const INFO_LINES =
  /^(?:redis_version|valkey_version|kvrocks_version|pika_version|version|uptime_in_seconds|role|connected_clients|blocked_clients|loading|master_link_status|used_memory_human|instantaneous_ops_per_sec|rdb_bgsave_in_progress|aof_rewrite_in_progress):.*$/gm;

/** The few lines of INFO that tell how a server is. */
export function infoDigest(text: string): string {
  const lines = [...text.matchAll(INFO_LINES)].map(([line]) => line.trim());
  return lines.length > 0 ? lines.join("  ") : (text.split("\n", 1)[0] ?? "");
}
