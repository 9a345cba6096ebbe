import { clip, shorten } from "../../base/shorten.ts";
import { counted, formatCount, formatSeconds, formatTime } from "../../base/units.ts";
import type { LongWait, NamedLockUse, PredictedSide } from "../../journal/prediction.ts";
import type { Foreseen, ForeseenDeadlock } from "../../journal/view/foreseen.ts";
import { explainWait } from "../../locks/predict/explain.ts";
import { placeOf } from "../../locks/predict/places.ts";
import { bullets, definitions, folded, truncatedNote, verbatim } from "../html/lists.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import { numbers, scrolling, table } from "../html/table.ts";
import { confirmCommand } from "../replay-command.ts";
import type { RunSummary } from "../run-summary.ts";
import { foreseenSvg, modeText } from "./foreseen-svg.ts";
import { isReal, sentenceOf, sourceOf } from "./foreseen-text.ts";

const MOST_DEADLOCKS = 20;
const MOST_USES = 20;
const MOST_FRAMES = 40;
const MOST_MOMENTS = 16;
const MOST_WAITS = 30;
const MOST_LOST = 30;
const MOST_NAME = 200;

/** Deadlocks that did not happen, locks that were held for long, and what could not be seen. */
export function foreseenHtml(foreseen: Foreseen, summary: RunSummary): Html {
  const { deadlocks } = foreseen;
  const shown = deadlocks.slice(0, MOST_DEADLOCKS);
  const left = truncatedNote(shown.length, deadlocks.length, "predictions; result.json has all");
  return html.lines([
    html`<p id="foreseen">${introText(foreseen)}</p>`,
    ...shown.map((one, i) => deadlockHtml(one, i + 1, summary)),
    left !== "" && html`<p>${left.trim()}</p>`,
    waitsHtml(foreseen),
    list("What could not be seen:", foreseen.unseen),
    list("What found no room in the library's tables, so that more may be possible:", foreseen.lost),
    graphsHtml(foreseen),
  ]);
}

function introText({ deadlocks, graphs }: Foreseen): string {
  const seen = graphs.reduce((sum, { dependencies }) => sum + dependencies, 0);
  const what = `${counted(seen, "different way")} in which threads wanted a lock`;
  if (deadlocks.length === 0)
    return graphs.length === 0
      ? "Nothing was seen of the servers' locks."
      : `No deadlock follows from what was seen: ${what}.`;
  const so = deadlocks.length === 1 ? "This deadlock is" : "These deadlocks are";
  return `${so} possible. Each thread below did its part at one time or another, and nothing that was seen (${what}) keeps them from doing it at the same time.`;
}

function deadlockHtml(one: ForeseenDeadlock, number: number, summary: RunSummary): Html {
  const { prediction, known, fate } = one;
  const { sides, writers, kind } = prediction;
  const sentence = sentenceOf(one);
  const svg = foreseenSvg(prediction, `Foreseen deadlock ${number}: ${sentence}`);
  const [tone, tag] = isReal(summary, one)
    ? ["t-bad", "it happened"]
    : fate?.made
      ? ["t-bad", "made real"]
      : known === null
        ? ["t-warn", "foreseen"]
        : ["t-good", "known"];
  return html.lines([
    html`<article class="finding foreseen" id="foreseen-${number}">`,
    html`<h3>${number}. ${kind === "itself" ? "A thread that waits for itself" : threadsText(sides)} <span class="tag ${tone}">${tag}</span></h3>`,
    html`<p>${sentence}</p>`,
    known !== null && html`<p><strong>Known:</strong> ${known}</p>`,
    svg && scrolling(`Threads and locks, prediction ${number}`, svg),
    factsHtml(one, summary),
    ...sides.map((side, i) => sideHtml(side, kind === "itself" ? "Thread" : `Side ${i + 1}`, number)),
    ...writers.map((side, i) => sideHtml(side, `Writer ${i + 1}, who waits between the readers`, number)),
    html`</article>`,
  ]);
}

function threadsText(sides: readonly PredictedSide[]): string {
  return sides.map(({ thread }) => name(thread)).join(" ↔ ");
}

/** And what to type: the same run again, in which one side pauses at its place while the commands of the other are sent. */
function factsHtml(one: ForeseenDeadlock, summary: RunSummary): Html {
  const { prediction, nodes, known } = one;
  const { signature, gap, instances, needsWriter, kind } = prediction;
  const news = known === null && !isReal(summary, one);
  return definitions([
    ["Where", nodes.slice(0, MOST_USES).join(", ")],
    ["Closest", kind === "itself" ? null : gap === null ? "not known" : `${gapText(gap)} apart`],
    ["Sets of such locks", instances > 1 ? formatCount(instances) : null],
    ["Needs besides", needsWriter ? "a writer that waits between the readers" : null],
    ["Signature", html`<code>${name(signature)}</code>`],
    ["To make it real", news ? html`<code>${shorten(confirmCommand(summary, signature), 1000)}</code>` : null],
    ["If it is no news", news ? html`<code>known: [{ prediction: ${name(signature)}, why: "…" }]</code>` : null],
  ]);
}

function sideHtml({ thread, holds, wants, stack, at, count }: PredictedSide, what: string, number: number): Html {
  const uses = [...holds.slice(0, MOST_USES).map((use) => useRow("holds", use)), useRow("wants", wants)];
  const title = `${what}: ${name(thread)}, ${counted(count, "time")}${momentsText(at, count)}`;
  return html.lines([
    html`<h4>${title}${truncatedNote(Math.min(holds.length, MOST_USES), holds.length, "locks that it holds")}</h4>`,
    scrolling(`${what} of prediction ${number}`, table(["It", "Lock", "In the function", "At"], uses)),
    stackHtml(stack),
  ]);
}

function useRow(does: string, use: NamedLockUse): HtmlContent[] {
  const { lock, site, caller } = use;
  return [
    use.kind === "thread" ? "waits for" : does,
    name(lock) + modeText(use),
    [
      html`<code>${name(site.function ?? "?")}</code>`,
      caller !== null && html`, called by <code>${name(placeOf(use))}</code>`,
    ],
    html`<code>${name(sourceOf(use))}</code>`,
  ];
}

function stackHtml(stack: readonly string[]): HtmlContent {
  if (stack.length === 0) return html`<p class="quiet">Its stack could not be had.</p>`;
  const shown = stack.slice(0, MOST_FRAMES);
  const frames = shown.map((frame, i) => `#${String(i).padEnd(3)} ${name(frame)}`).join("\n");
  return folded(
    `Its stack: ${counted(stack.length, "frame")}${truncatedNote(shown.length, stack.length)}`,
    verbatim(frames),
  );
}

function momentsText(at: readonly number[], count: number): string {
  if (at.length === 0) return "";
  const shown = at.slice(0, MOST_MOMENTS).map((ms) => formatSeconds(ms));
  return `${shown.length < count ? ", some of them" : ""} at ${shown.join(", ")}`;
}

function waitsHtml({ waits }: Foreseen): HtmlContent {
  if (waits.length === 0) return null;
  const shown = waits.slice(0, MOST_WAITS);
  const rows = shown.map(({ node, wait }) => [
    gapText(wait.longest),
    formatCount(wait.count),
    [shorten(explainWait(wait), 1000), wait.stack.length > 0 && stackHtml(wait.stack)],
    html`<code>${name(sourceOf(wait))}</code>`,
    `${node}, ${formatTime(wait.at)}`,
  ]);
  const columns = [numbers("Longest"), numbers("Times"), "What", "At", "Where, since"];
  return html`<h3>Locks that were held while their holder waited for something else${truncatedNote(shown.length, waits.length)}</h3>
<p class="quiet">${heldText(shown[0]?.wait)}Whoever wants such a lock meanwhile waits as long.</p>
${scrolling("Locks held for long", table(columns, rows))}`;
}

/** "Held for 9.1 s by worker in ReplicationThread::Stop. " */
function heldText(wait: LongWait | undefined): string {
  if (!wait) return "";
  return `Held for ${gapText(wait.longest)} by ${name(wait.thread)} in ${name(placeOf(wait))}. `;
}

function graphsHtml({ graphs }: Foreseen): HtmlContent {
  if (graphs.length === 0) return null;
  const rows = graphs
    .slice(0, MOST_LOST)
    .map(({ node, executable, threads, dependencies, file }) => [
      node,
      html`<code>${name(executable)}</code>`,
      formatCount(threads),
      formatCount(dependencies),
      html`<code>${name(file)}</code>`,
    ]);
  const columns = ["Node", "Program", numbers("Threads"), numbers("Ways to want a lock"), "File beside this report"];
  return folded("What was read", scrolling("Lock graphs", table(columns, rows)));
}

function list(title: string, items: readonly string[]): HtmlContent {
  if (items.length === 0) return null;
  const shown = items.slice(0, MOST_LOST).map((one) => shorten(one, 1000));
  return html`<p>${title}</p>${bullets([...shown, ...(items.length > shown.length ? [`and ${items.length - shown.length} more`] : [])])}`;
}

function gapText(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : formatTime(ms);
}

/** What a server calls something. */
function name(text: string): string {
  return clip(text, MOST_NAME);
}
