import { escapeHtml } from "../base/escape.ts";
import type { Finding, NodeState } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";
import type { RunSummary } from "./run-summary.ts";
import { grouped, seconds } from "./wording.ts";

const ROWS: readonly (readonly [name: string, value: (state: NodeState) => string])[] = [
  ["role", (state) => state.role],
  ["replication link", (state) => state.link],
  ["master", (state) => (state.masterHost === null ? "–" : `${state.masterHost}:${state.masterPort ?? "?"}`)],
  ["replication offset", (state) => number(state.offset)],
  ["last heard from its master", (state) => (state.lastIoSeconds === null ? "–" : `${state.lastIoSeconds} s ago`)],
  ["full sync in progress", (state) => yes(state.syncing)],
  ["loading", (state) => yes(state.loading)],
  ["replicas connected", (state) => String(state.replicas.length)],
  ["commands processed", (state) => number(state.commandsProcessed)],
  ["clients", (state) => number(state.clients)],
];

/** What INFO of the node said before the finding, and afterwards, if it still answered. */
export function infoTable(record: RunRecord, { watchEnd }: RunSummary, { node, from, to }: Finding): string {
  if (node === null) return "";
  const own = record.of("node-state").filter((event) => event.node === node);
  const before = own.findLast((event) => event.t <= from);
  const later = own.filter((event) => event.t > from);
  // While it hangs nothing answers; the last word of the run is what a reader wants to compare with.
  const after = later.at(-1);
  if (!before && !after) return "";
  const head = (event: typeof before, none: string) =>
    escapeHtml(event ? `at ${seconds(event.t)}${event.t > from ? ` (${seconds(event.t - from)} later)` : ""}` : none);
  const silent = `no answer from ${seconds(from)} to ${seconds(to ?? watchEnd)}`;
  const rows = ROWS.map(([name, value]) => {
    const [was, is] = [before, after].map((event) => (event ? value(event.state) : "–"));
    const changed = before && after && was !== is;
    return `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(was ?? "")}</td><td>${changed ? `<strong>${escapeHtml(is ?? "")}</strong>` : escapeHtml(is ?? "")}</td></tr>`;
  });
  return `<details${after ? "" : " open"}><summary>INFO of ${escapeHtml(node)} before and after</summary><div class="scroll" tabindex="0" role="region" aria-label="INFO before and after"><table><thead><tr><th>Field</th><th>Before: ${head(before, "never answered")}</th><th>After: ${head(after, silent)}</th></tr></thead><tbody>${rows.join("")}</tbody></table></div></details>`;
}

function number(value: number | null): string {
  return value === null ? "–" : grouped(value);
}

function yes(value: boolean): string {
  return value ? "yes" : "no";
}
