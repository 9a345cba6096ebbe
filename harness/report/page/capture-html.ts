import { escapeHtml } from "../../base/escape.ts";
import { describeEdge, OWNERLESS_WAIT } from "../../forensics/wait-edges.ts";
import { threadNames } from "../../forensics/wait-graph-text.ts";
import type { EventOf, Finding } from "../../journal/events.ts";
import { foundIn, type HangEvidence, type ThreadGroup, type WaitGraph } from "../../journal/evidence-data.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { RunFile, RunFiles } from "../run-files.ts";
import { seconds, times } from "../wording.ts";
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
  const own = record
    .of("evidence")
    .filter((event) => event.node === node && event.t >= from && event.t - event.ms <= (to ?? Infinity));
  const tells = (event: Capture) =>
    (event.proof === null ? 0 : 4) + (graphOf(event) ? 2 : 0) + (groupsOf(event).length > 0 ? 1 : 0);
  return [...own].sort((a, b) => tells(b) - tells(a) || a.t - b.t);
}

function graphOf({ data }: Capture): WaitGraph | null {
  return data && "graph" in data ? data.graph : null;
}

function groupsOf({ data }: Capture): readonly ThreadGroup[] {
  return data && "groups" in data ? data.groups : [];
}

/**
 * What the best capture found, in one sentence: a proof, or a chain that ends in a lock, a link or a thread; null when it found
 * none of these.
 */
export function foundSentence(record: RunRecord, finding: Finding): string | null {
  if (finding.proof !== null) return finding.proof;
  const captures = capturesOf(record, finding);
  const found = captures.find((event) => (graphOf(event)?.class ?? "none") !== "none");
  if (!found) return null;
  const sentence = foundIn(found);
  const root = graphOf(found)?.threadWaits[0];
  const group = root && (namedGroups(captures) ?? []).find(({ tids }) => tids.includes(root.tid));
  return group ? `${sentence}. ${doingOf(group, root.tid)}.` : sentence;
}

/** What the first thread that is not idle was doing, with its innermost functions where gdb named them; null: nobody looked. */
export function busySentence(record: RunRecord, finding: Finding): string | null {
  const captures = capturesOf(record, finding);
  const groups = namedGroups(captures) ?? captures.slice(0, 1).flatMap(groupsOf);
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
export async function capturesHtml(record: RunRecord, finding: Finding, files: RunFiles): Promise<string> {
  const captures = capturesOf(record, finding);
  const [first, ...others] = captures;
  if (!first) return "";
  const parts = [captureHtml(first, namedGroups(captures))];
  const listed = captures.flatMap((capture) => capture.files);
  for (const [name, title, most] of SHOWN) {
    const path = listed.find((file) => file.endsWith(`/${name}`));
    const file = path === undefined ? null : await files.read(path, most);
    if (file) parts.push(fileHtml(title, file));
  }
  if (others.length > 0) {
    const items = others.map((event) => {
      const stopped = event.stoppedProcessMs > 0 ? `, stopped for ${Math.round(event.stoppedProcessMs)} ms` : "";
      const what = `at ${seconds(event.t)} (${event.reason}${stopped}): ${event.proof ?? shorten(event.summary)}`;
      return `<li>${escapeHtml(what)}</li>`;
    });
    parts.push(
      `<details><summary>${times(others.length, "more capture")} of the same node</summary><ul>${items.join("")}</ul></details>`,
    );
  }
  return parts.join("\n");
}

/** Function names come from gdb, which is asked last and in a capture of its own: the same threads, told better. */
function namedGroups(captures: readonly Capture[]): readonly ThreadGroup[] | null {
  const tids = new Set(
    captures
      .slice(0, 1)
      .flatMap(groupsOf)
      .flatMap((group) => group.tids),
  );
  for (const groups of captures.map(groupsOf)) {
    const same = groups.some((group) => group.tids.some((tid) => tids.has(tid)));
    if (same && groups.some((group) => group.frames)) return groups;
  }
  return null;
}

function captureHtml(event: Capture, named: readonly ThreadGroup[] | null): string {
  const stopped =
    event.stoppedProcessMs > 0
      ? `; gdb then stopped the process for ${Math.round(event.stoppedProcessMs)} ms`
      : "; the process was not stopped for it";
  const how = `Captured at ${seconds(event.t)} because of “${event.reason}”, in ${Math.round(event.ms)} ms from /proc${stopped}.`;
  const said = event.proof === null ? event.summary : event.summary.replace(event.proof, "see the proof above");
  const found = `<p>${escapeHtml(shorten(said))}</p><p class="quiet">${escapeHtml(how)}</p>`;
  const { data } = event;
  if (!data) return `<h4>Evidence</h4>${found}`;
  const drawn = "graph" in data ? graphHtml(data, event.proof ?? event.summary) : "";
  const title = drawn === "" ? "What the process was doing" : "Who waits for whom";
  return `<h4>${title}</h4>${drawn}${found}${groupsHtml(named ?? groupsOf(event), graphOf(event))}`;
}

function graphHtml({ graph, threads }: HangEvidence, says: string): string {
  if (!graph) return "";
  const svg = waitGraphSvg(graph, threads, shorten(says));
  if (svg === "") return "";
  const inner = new Map(threads.map((thread) => [thread.tid, thread.nsTid]));
  const name = threadNames(threads);
  const inCycle = new Set(graph.cycles.flat());
  const edges = [...graph.edges].sort((a, b) => Number(inCycle.has(b.from)) - Number(inCycle.has(a.from)));
  const items = edges.slice(0, MOST_EDGES).map((edge) => {
    const nested = inner.get(edge.from);
    const both = nested === undefined || nested === edge.from ? "" : ` (${nested} in its container)`;
    const text = escapeHtml(`${name(edge.from)}${both} waits for ${describeEdge(edge, name)}`);
    return `<li>${inCycle.has(edge.from) ? `<strong>${text}</strong>` : text}</li>`;
  });
  const cut = edges.length > items.length ? ` (truncated: ${items.length} of ${edges.length})` : "";
  return `<div class="scroll" tabindex="0" role="region" aria-label="Wait-for graph">${svg}</div><p class="quiet">An arrow leads from a thread to what it waits for. Thread ids are those of the host${graph.cycles.length > 0 ? "; red is the cycle: none of these can go on before the next one does" : ""}.</p><details><summary>The same in words${cut}</summary><ul>${items.join("")}</ul></details>`;
}

/** Threads that do the same thing are one row; those of a cycle come first, those that idle in a pool last. */
function groupsHtml(groups: readonly ThreadGroup[], graph: WaitGraph | null): string {
  if (groups.length === 0) return "";
  const inCycle = new Set(graph?.cycles.flat() ?? []);
  const proves = (group: ThreadGroup) => group.tids.some((tid) => inCycle.has(tid));
  const rank = (group: ThreadGroup) => (proves(group) ? 2 : group.waitsFor === OWNERLESS_WAIT ? 0 : 1);
  const sorted = [...groups].sort((a, b) => rank(b) - rank(a));
  const rows = sorted.slice(0, MOST_GROUPS).map((group) => {
    const tids = `${group.tids.slice(0, 12).join(", ")}${group.tids.length > 12 ? ", …" : ""}`;
    const frames = (group.frames ?? []).slice(0, MOST_FRAMES);
    const stack =
      frames.length === 0
        ? ""
        : `<details${proves(group) ? " open" : ""}><summary>${times(group.frames?.length ?? 0, "frame")}: ${escapeHtml(frames.slice(0, 2).join(" ← "))}</summary><pre tabindex="0">${escapeHtml(frames.map((frame, i) => `#${i} ${frame}`).join("\n"))}</pre></details>`;
    return `<tr${proves(group) ? ' class="in-cycle"' : ""}><td class="n">${group.count}</td><td>${escapeHtml(group.comms.join(", "))}<br><span class="quiet">${escapeHtml(tids)}</span></td><td>${escapeHtml(`${stateWord(group.state)}${group.asleep ? ", never got the CPU" : ""}`)}</td><td>${escapeHtml(group.waitsFor)}${stack}</td></tr>`;
  });
  const total = groups.reduce((sum, group) => sum + group.count, 0);
  const cut = groups.length > rows.length ? ` (truncated: ${rows.length} of ${groups.length} groups)` : "";
  return `<h4>${times(total, "thread")} in ${times(groups.length, "group")} of identical state and stack${cut}</h4><div class="scroll" tabindex="0" role="region" aria-label="Threads"><table class="threads"><thead><tr><th class="n">Threads</th><th>Names and ids</th><th>State</th><th>Waits for</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

/** proc(5), the letters of /proc/<pid>/stat. */
const STATES: Record<string, string> = {
  R: "running",
  S: "sleeping",
  D: "in the kernel, uninterruptible",
  T: "stopped",
  t: "traced",
  Z: "zombie",
};

function stateWord(state: string): string {
  return STATES[state] ?? state;
}

function fileHtml(title: string, { name, text, cut }: RunFile): string {
  const note = cut ? `\n… truncated: ${cut.shown} of ${cut.of} bytes; SHA-256 of the whole file: ${cut.sha256}` : "";
  return `<details><summary>${escapeHtml(title)}</summary><pre tabindex="0">${escapeHtml(text + note)}</pre><p class="quiet">${escapeHtml(name)}</p></details>`;
}

function shorten(value: string): string {
  return value.length > MOST_CHARS
    ? `${value.slice(0, MOST_CHARS)}… (truncated: ${MOST_CHARS} of ${value.length} characters)`
    : value;
}
