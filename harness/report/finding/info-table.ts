import { formatCount, formatTime } from "../../base/units.ts";
import type { NodeState } from "../../journal/events.ts";
import { folded } from "../html/lists.ts";
import { type Html, html } from "../html/markup.ts";
import { table } from "../html/table.ts";
import { type ShownFinding, scrollingOf } from "./shown-finding.ts";

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
export function infoTable(shown: ShownFinding): Html | null {
  const { node, from, to } = shown.finding;
  if (node === null) return null;
  const own = shown.record.ofNode("node-state", node);
  const before = own.findLast((event) => event.t <= from);
  // While it hangs nothing answers; the last word of the run is what a reader wants to compare with.
  const after = own.findLast((event) => event.t > from);
  if (!before && !after) return null;
  const head = (event: typeof before, none: string) =>
    event ? `at ${formatTime(event.t)}${event.t > from ? ` (${formatTime(event.t - from)} later)` : ""}` : none;
  const silent = `no answer from ${formatTime(from)} to ${formatTime(to ?? shown.run.watchEnd)}`;
  const rows = ROWS.map(([name, value]) => {
    const [was, is] = [before, after].map((event) => (event ? value(event.state) : "–"));
    return [name, was, before && after && was !== is ? html`<strong>${is}</strong>` : is];
  });
  const columns = ["Field", `Before: ${head(before, "never answered")}`, `After: ${head(after, silent)}`];
  const info = scrollingOf(shown, "INFO before and after", table(columns, rows));
  return folded(`INFO of ${node} before and after`, info, !after);
}

function number(value: number | null): string {
  return value === null ? "–" : formatCount(value);
}

function yes(value: boolean): string {
  return value ? "yes" : "no";
}
