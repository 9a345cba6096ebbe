import { shorten } from "../../base/shorten.ts";
import { counted, formatTime } from "../../base/units.ts";
import { describeEdge, OWNERLESS_WAIT } from "../../forensics/wait-edges.ts";
import { threadNames } from "../../forensics/wait-graph-text.ts";
import type { EventOf, Finding } from "../../journal/events.ts";
import type { HangEvidence, ThreadGroup, WaitGraph } from "../../journal/evidence-data.ts";
import type { RunRecord } from "../../journal/record.ts";
import { bullets, folded, truncatedNote, verbatim } from "../html/lists.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import { numbers, table } from "../html/table.ts";
import type { RunFile } from "./run-files.ts";
import { type ShownFinding, scrollingOf } from "./shown-finding.ts";
import { threadStates } from "./thread-states.ts";
import { waitGraphSvg } from "./wait-graph-svg.ts";

const MOST_GROUPS = 40;
const MOST_EDGES = 60;
const MOST_FRAMES = 40;
const MOST_CHARS = 4000;

/** File of a capture → what it is called in the report, and how many bytes of it are shown. */
const SHOWN: readonly (readonly [file: string, title: string, most: number])[] = [
  ["stacks-gdb.txt", "Stacks with function names, by gdb", 120_000],
  ["sockets.txt", "Sockets of the process: what nobody reads piles up", 16_000],
  ["info.txt", "INFO and CLIENT LIST, asked when it was confirmed", 24_000],
  ["threads.txt", "Every thread: state, system call, kernel stack", 60_000],
];

type Capture = EventOf<"evidence">;

/** The captures that belong to a finding, the one that tells most first. */
export function capturesOf(record: RunRecord, { node, from, to }: Finding): Capture[] {
  const own = record.view.captures(node, from, to);
  const tells = (event: Capture) =>
    (event.proof === null ? 0 : 4) + (event.data?.graph ? 2 : 0) + (event.data?.groups?.length ? 1 : 0);
  return own.sort((a, b) => tells(b) - tells(a) || a.t - b.t);
}

/**
 * What the best capture found, in one sentence: a proof, or a chain that ends in a lock, a link or a thread; null when it found
 * none of these.
 */
export function foundSentence(record: RunRecord, finding: Finding): string | null {
  if (finding.proof !== null) return finding.proof;
  const captures = capturesOf(record, finding);
  const data = captures.find((event) => (event.data?.graph?.class ?? "none") !== "none")?.data;
  if (!data?.graph) return null;
  const [root] = data.graph.threadWaits;
  const group = root && (namedGroups(captures) ?? []).find(({ tids }) => tids.includes(root.tid));
  return group ? `${data.found}. ${doingOf(group, root.tid)}.` : data.found;
}

/** What the first thread that is not idle was doing, with its innermost functions where gdb named them; null: nobody looked. */
export function busySentence(record: RunRecord, finding: Finding): string | null {
  const captures = capturesOf(record, finding);
  const groups = namedGroups(captures) ?? captures[0]?.data?.groups ?? [];
  const busy = groups.find(({ waitsFor }) => waitsFor !== OWNERLESS_WAIT);
  return busy ? doingOf(busy, busy.tids[0] ?? 0) : null;
}

const FEW_FRAMES = 5;

/** "worker 7 was in epoll_wait ← Worker::Run" */
function doingOf(group: ThreadGroup, tid: number): string {
  const frames = (group.frames ?? []).filter((frame) => frame !== "??").slice(0, FEW_FRAMES);
  const who = `${group.comms.join(", ")} ${tid}`;
  return frames.length === 0 ? `${who}: ${group.waitsFor}` : `${who} was in ${frames.map(shortFunction).join(" ← ")}`;
}

/** A C++ function without its parameters and template arguments: those of the standard library hide everything else. */
function shortFunction(frame: string): string {
  let plain = "";
  let depth = 0;
  for (const sign of frame.replaceAll("(anonymous namespace)", "{anonymous}")) {
    // operator<, operator->, operator(): part of the name.
    if (depth === 0 && /operator[-<>(=!]*$/.test(plain)) plain += sign;
    else if (sign === "<") plain += depth++ === 0 ? "<…>" : "";
    else if (sign === ">") depth = Math.max(0, depth - 1);
    else if (depth === 0 && sign === "(") break;
    else if (depth === 0) plain += sign;
  }
  return plain.trim();
}

/** Who waits for whom, what every thread does, and the captured files themselves, folded. */
export async function capturesHtml(shown: ShownFinding): Promise<Html | null> {
  const captures = capturesOf(shown.record, shown.finding);
  const [first, ...others] = captures;
  if (!first) return null;
  const parts = [captureHtml(shown, first, namedGroups(captures))];
  const listed = captures.flatMap((capture) => capture.files);
  for (const [name, title, most] of SHOWN) {
    const path = listed.find((file) => file.endsWith(`/${name}`));
    const file = path === undefined ? null : await shown.files.read(path, most);
    if (file) parts.push(fileHtml(title, file));
  }
  if (others.length > 0) {
    const items = others.map((event) => {
      const stopped = event.stoppedProcessMs > 0 ? `, stopped for ${Math.round(event.stoppedProcessMs)} ms` : "";
      return `at ${formatTime(event.t)} (${event.reason}${stopped}): ${event.proof ?? shortenProof(event.summary)}`;
    });
    parts.push(folded(`${counted(others.length, "more capture")} of the same node`, bullets(items)));
  }
  return html.lines(parts);
}

/** Function names come from gdb, which is asked last and in a capture of its own: the same threads, told better. */
function namedGroups(captures: readonly Capture[]): readonly ThreadGroup[] | null {
  const tids = new Set(captures[0]?.data?.groups?.flatMap((group) => group.tids));
  for (const { data } of captures) {
    const groups = data?.groups ?? [];
    const same = groups.some((group) => group.tids.some((tid) => tids.has(tid)));
    if (same && groups.some((group) => group.frames)) return groups;
  }
  return null;
}

function captureHtml(shown: ShownFinding, event: Capture, named: readonly ThreadGroup[] | null): Html {
  const stopped =
    event.stoppedProcessMs > 0
      ? `; gdb then stopped the process for ${Math.round(event.stoppedProcessMs)} ms`
      : "; the process was not stopped for it";
  const how = `Captured at ${formatTime(event.t)} because of “${event.reason}”, in ${Math.round(event.ms)} ms from /proc${stopped}.`;
  const said = event.proof === null ? event.summary : event.summary.replace(event.proof, "see the proof above");
  const found = html`<p>${shortenProof(said)}</p><p class="quiet">${how}</p>`;
  const { data } = event;
  if (!data) return html`<h4>Evidence</h4>${found}`;
  const drawn = data.graph ? graphHtml(shown, data.graph, data.threads, event.proof ?? event.summary) : null;
  const title = drawn ? "Who waits for whom" : "What the process was doing";
  return html`<h4>${title}</h4>${drawn}${found}${groupsHtml(shown, named ?? data.groups ?? [], data.graph ?? null)}`;
}

function graphHtml(shown: ShownFinding, graph: WaitGraph, threads: HangEvidence["threads"], says: string): HtmlContent {
  const svg = waitGraphSvg(graph, threads, shortenProof(says));
  if (!svg) return null;
  const inner = new Map(threads.map((thread) => [thread.tid, thread.nsTid]));
  const name = threadNames(threads);
  const inCycle = new Set(graph.cycles.flat());
  const edges = [...graph.edges].sort((a, b) => Number(inCycle.has(b.from)) - Number(inCycle.has(a.from)));
  const items = edges.slice(0, MOST_EDGES).map((edge) => {
    const nested = inner.get(edge.from);
    const both = nested === undefined || nested === edge.from ? "" : ` (${nested} in its container)`;
    const text = `${name(edge.from)}${both} waits for ${describeEdge(edge, name)}`;
    return inCycle.has(edge.from) ? html`<strong>${text}</strong>` : text;
  });
  const cycle = graph.cycles.length > 0 && "; red is the cycle: none of these can go on before the next one does";
  const legend = html`<p class="quiet">An arrow leads from a thread to what it waits for. Thread ids are those of the host${cycle}.</p>`;
  const words = folded(`The same in words${truncatedNote(items.length, edges.length)}`, bullets(items));
  return [scrollingOf(shown, "Wait-for graph", svg), legend, words];
}

/** Threads that do the same thing are one row; those of a cycle come first, those that idle in a pool last. */
function groupsHtml(shown: ShownFinding, groups: readonly ThreadGroup[], graph: WaitGraph | null): HtmlContent {
  if (groups.length === 0) return null;
  const inCycle = new Set(graph?.cycles.flat() ?? []);
  const proves = (group: ThreadGroup) => group.tids.some((tid) => inCycle.has(tid));
  const rank = (group: ThreadGroup) => (proves(group) ? 2 : group.waitsFor === OWNERLESS_WAIT ? 0 : 1);
  const sorted = [...groups].sort((a, b) => rank(b) - rank(a));
  const rows = sorted.slice(0, MOST_GROUPS).map((group) => {
    const tids = `${group.tids.slice(0, 12).join(", ")}${group.tids.length > 12 ? ", …" : ""}`;
    const cells = [
      group.count,
      html`${group.comms.join(", ")}<br><span class="quiet">${tids}</span>`,
      `${threadStates[group.state] ?? group.state}${group.asleep ? ", never got the CPU" : ""}`,
      [group.waitsFor, stackHtml(group, proves(group))],
    ];
    return { mark: proves(group) ? "in-cycle" : null, cells };
  });
  const total = groups.reduce((sum, group) => sum + group.count, 0);
  const cut = truncatedNote(rows.length, groups.length, "groups");
  const columns = [numbers("Threads"), "Names and ids", "State", "Waits for"];
  return html`<h4>${counted(total, "thread")} in ${counted(groups.length, "group")} of identical state and stack${cut}</h4>${scrollingOf(shown, "Threads", table(columns, rows, "threads"))}`;
}

function stackHtml(group: ThreadGroup, open: boolean): HtmlContent {
  const frames = (group.frames ?? []).slice(0, MOST_FRAMES);
  if (frames.length === 0) return null;
  const summary = `${counted(group.frames?.length ?? 0, "frame")}: ${frames.slice(0, 2).join(" ← ")}`;
  return folded(summary, verbatim(frames.map((frame, i) => `#${i} ${frame}`).join("\n")), open);
}

function fileHtml(title: string, { name, text, cut }: RunFile): Html {
  const note = cut ? `\n… truncated: ${cut.shown} of ${cut.of} bytes; SHA-256 of the whole file: ${cut.sha256}` : "";
  return folded(title, html`${verbatim(text + note)}<p class="quiet">${name}</p>`);
}

/** A proof with a value of a megabyte says what it proves in its first words. */
export function shortenProof(text: string): string {
  return shorten(text, MOST_CHARS, ` (truncated: ${MOST_CHARS} of ${text.length} characters)`);
}
