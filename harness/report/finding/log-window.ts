import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { shortenCounted } from "../../base/shorten.ts";
import { counted, formatTime } from "../../base/units.ts";
import type { RunRecord } from "../../journal/record.ts";
import { systems } from "../../systems/registry.ts";
import { faultWords } from "../fault-words.ts";
import { folded, truncatedNote } from "../html/lists.ts";
import { type Html, html } from "../html/markup.ts";
import type { RunSummary } from "../run-summary.ts";
import type { RunFiles } from "./run-files.ts";
import type { ShownFinding } from "./shown-finding.ts";

const AROUND_MS = 30_000;
/** Shown at once: the lines around the finding and the nearest ones that matter. The rest is folded. */
const CLOSE_LINES = 24;
const MOST_LINES = 300;
const MOST_LINE_CHARS = 600;
/** Lines kept while reading: what is shown is chosen from these. */
const MOST_KEPT = 4000;

interface LogLine {
  t: number;
  text: string;
  /** A log rule of the system knows it, or it is part of a crash report. */
  matters: boolean;
}

/** The server's log ± 30 s around a finding, faults written between its lines, lines that matter marked. */
export async function logWindowHtml({ record, run, finding, files }: ShownFinding): Promise<Html | null> {
  const { node, from } = finding;
  if (node === null) return null;
  const progress = progressRules(run.run.system);
  const known = new Set(
    record
      .ofNode("log", node)
      .filter((event) => near(event.t, from) && !progress.has(event.rule))
      .map((event) => event.line),
  );
  for (const line of finding.detail?.lines ?? []) known.add(line);
  const { lines, total, last } =
    (await readWindow(files, node, from, run.run.startedAt, known)) ?? fromEvents(record, node, from);
  if (lines.length === 0) return null;
  const shown = closest(lines, from, MOST_LINES);
  const room = files.take(shown.reduce((sum, line) => sum + line.text.length + 12, 0));
  if (room === 0) return html`<p class="quiet">The log is left out: the report is full.</p>`;
  const marks = [
    { t: from, text: `finding begins: ${finding.type}, ${finding.class}` },
    ...(last === null ? [] : [{ t: last + 0.001, text: "the last line that the server wrote in this run" }]),
    ...faultMarks(run, from, shown[0]?.t ?? 0, shown.at(-1)?.t ?? 0),
  ];
  const few = closest(shown, from, CLOSE_LINES);
  const title = html`<h4>Log of ${node} around that moment</h4>`;
  const legend = html`<p class="quiet">Seconds of the run; <mark>marked</mark>: what the rules of this server know as a sign (full sync, crash, waiting).</p>`;
  const whole = folded(
    `All ${counted(shown.length, "line")} of ± ${AROUND_MS / 1000} s${truncatedNote(shown.length, total, "lines")}`,
    html`<pre class="log" tabindex="0">${rowsHtml(shown, marks)}</pre>`,
  );
  return html`${title}<pre>${rowsHtml(few, marks.slice(0, 8))}</pre>${legend}${few.length < shown.length && whole}`;
}

/** "File 12 of 300" tells how far it is, and is no news by itself. */
function progressRules(system: string): ReadonlySet<string> {
  const rules = systems.get(system)?.logRules ?? [];
  return new Set(rules.filter((rule) => rule.meaning === "full-sync-progress").map((rule) => rule.name));
}

type Mark = Pick<LogLine, "t" | "text">;

function rowsHtml(lines: readonly LogLine[], marks: readonly Mark[]): Html[] {
  return [
    ...lines.map((line) => ({ t: line.t, row: lineHtml(line) })),
    ...marks.map(({ t, text }) => ({ t, row: html`<strong>${stamp(t)}  ── ${text} ──</strong>` })),
  ]
    .sort((a, b) => a.t - b.t)
    .map(({ row }) => html`<span class="ll">${row}\n</span>`);
}

function near(t: number, from: number): boolean {
  return Math.abs(t - from) <= AROUND_MS;
}

function stamp(t: number): string {
  return formatTime(t).padStart(9);
}

function lineHtml({ t, text, matters }: LogLine): Html {
  const line = shortenCounted(text, MOST_LINE_CHARS);
  return html`${stamp(t)}  ${matters ? html`<mark>${line}</mark>` : line}`;
}

/** evidence/logs/<node>.log: every line begins with the engine's time stamp. null: this run has no such file. */
async function readWindow(files: RunFiles, node: string, from: number, startedAt: string, known: ReadonlySet<string>) {
  const file = await files.path(`evidence/logs/${node}.log`);
  if (file === null) return null;
  const origin = Date.parse(startedAt);
  const lines: LogLine[] = [];
  let total = 0;
  let more = false;
  const input = createReadStream(file, "utf8");
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    const space = line.indexOf(" ");
    const t = Date.parse(line.slice(0, space)) - origin;
    if (Number.isNaN(t) || t < from - AROUND_MS) continue;
    more = t > from + AROUND_MS;
    if (more) break;
    const text = line.slice(space + 1);
    total++;
    lines.push({ t, text: text.slice(0, MOST_LINE_CHARS * 4), matters: known.has(text.slice(0, 2000)) });
    // What lies far before the finding goes first.
    if (lines.length > MOST_KEPT) lines.splice(0, lines.length - MOST_KEPT / 2);
  }
  input.destroy();
  // `total`: lines of the window, kept or not; `last`: when the server wrote its very last one, if that is in the window.
  return { lines, total, last: more ? null : (lines.at(-1)?.t ?? null) };
}

/** A run whose log files are gone still has the lines that its rules knew. */
function fromEvents(record: RunRecord, node: string, from: number) {
  const lines = record
    .ofNode("log", node)
    .filter((event) => near(event.t, from))
    .map(({ t, line }) => ({ t, text: line, matters: true }));
  return { lines, total: lines.length, last: null };
}

/** The lines that matter and the ones closest to the finding, in order. */
function closest(lines: readonly LogLine[], from: number, most: number): LogLine[] {
  if (lines.length <= most) return [...lines];
  const rank = (line: LogLine) => Math.abs(line.t - from) - (line.matters ? AROUND_MS / 3 : 0);
  const chosen = [...lines].sort((a, b) => rank(a) - rank(b)).slice(0, most);
  return chosen.sort((a, b) => a.t - b.t);
}

const MOST_MARKS = 30;

/** What the harness did in the same time. */
function faultMarks(summary: RunSummary, from: number, first: number, last: number): Mark[] {
  const marks = summary.faults.flatMap((fault) => {
    const what = `fault ${fault.id}: ${faultWords(fault)}`;
    return [
      ...(fault.from === null ? [] : [{ t: fault.from, text: `${what} begins` }]),
      ...(fault.to === null || fault.from === null || fault.to - fault.from < 1000
        ? []
        : [{ t: fault.to, text: `${what} is over` }]),
    ];
  });
  return marks
    .filter(({ t }) => t >= Math.min(first, from) - 1000 && t <= Math.max(last, from) + 1000)
    .sort((a, b) => Math.abs(a.t - from) - Math.abs(b.t - from))
    .slice(0, MOST_MARKS);
}
