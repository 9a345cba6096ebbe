import { join, relative } from "node:path";
import { plainLine } from "../../base/escape.ts";
import { clip } from "../../base/shorten.ts";
import { formatCount, formatTime } from "../../base/units.ts";
import type { EventOf, Finding, JournalEvent } from "../../journal/events.ts";
import { kindOf } from "../../journal/finding.ts";
import { countText, knownText, predictedText, sentenceOf, warningsOf } from "../foreseen/foreseen-text.ts";
import { replayCommand, shellWord } from "../replay-command.ts";
import type { Reporter } from "../reporter.ts";
import { type RunSummary, summarize } from "../run-summary.ts";
import { confidence, verdictSentence } from "../verdict-text.ts";
import { conditionTone, type EventLine, type Tone } from "./event-line.ts";
import { EventLines } from "./event-lines.ts";

/** What is needed of process.stderr. */
export interface TerminalStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

const REDRAW_MS = 200;
/** As wide as the time before each event. */
const INDENT = 11;
const CODES: Record<Tone, string> = { plain: "1", quiet: "2", good: "32", warn: "33", bad: "31" };

/*
 *   TTY:        one line per event, and below them a block that is redrawn in place:
 *                 chaos 12 s of 40 s · 41,200 ops/s · faults: cut-1
 *                 m1 healthy   r1 paused   r2 healthy
 *   elsewhere:  one line per event
 */

/** How things are named where the user stands. */
export interface Whereabouts {
  /** The words that run the same again. Absent: as in the root of the kvchaos repository. */
  again?: ((directory: string) => readonly string[]) | undefined;
  /** Absent: as from the working directory. */
  name?: ((file: string) => string) | undefined;
}

/** Shows a run while it goes on, or with `quiet` only how it ended. NO_COLOR (any value but "") turns colours off. */
export function terminalReporter(
  stream: TerminalStream,
  environment: NodeJS.ProcessEnv = process.env,
  quiet = false,
  { again, name = nearPath }: Whereabouts = {},
): Reporter {
  const live = stream.isTTY === true && environment.TERM !== "dumb";
  const colour = live && !environment.NO_COLOR;
  const paint = (text: string, tone: Tone) => (colour ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text);
  const state = new LiveState();
  const events = new EventLines();
  let drawn = 0;
  let lastDraw = Number.NEGATIVE_INFINITY;

  // The last column stays free: a full line would make some terminals begin another one.
  const width = () => Math.max(20, (stream.columns ?? 80) - 1);
  const erased = () => {
    const text = drawn > 0 ? `\u001b[${drawn}A\u001b[0J` : "";
    drawn = 0;
    return text;
  };
  const block = () => {
    const lines = state.lines(width());
    drawn = lines.length;
    lastDraw = performance.now();
    return lines.map(({ text, tone }) => `${paint(text, tone)}\n`).join("");
  };

  return {
    name: "terminal",
    onEvent(event: JournalEvent) {
      if (quiet) return;
      const lines = events.add(event);
      if (!live) {
        for (const { text } of lines) stream.write(`${text}\n`);
        return;
      }
      state.add(event);
      if (lines.length === 0 && performance.now() - lastDraw < REDRAW_MS) return;
      // One write for all of it: a terminal that paints in between would flicker.
      let text = erased();
      for (const line of lines) text += `${paint(wrapped(line.text, width(), INDENT), line.tone)}\n`;
      if (event.type !== "verdict") text += block();
      stream.write(text);
    },
    async onEnd(record, directory) {
      stream.write(erased());
      const summary = summarize(record);
      const reasons = summary.verdict === "fail" ? [] : summary.reasons;
      const tone: Tone = summary.verdict === "pass" ? "good" : summary.verdict === "fail" ? "bad" : "warn";
      const lines: EventLine[] = [
        { text: "", tone: "plain" },
        { text: `${summary.verdict.toUpperCase()}  ${verdictSentence(summary)}`, tone },
        ...summary.findings.flatMap(findingLines),
        ...reasons.slice(1).map((text): EventLine => ({ text: `  ${text}`, tone: "warn" })),
        ...foreseenLines(summary),
      ];
      for (const { text, tone: how } of lines) {
        const plain = plainLine(text);
        stream.write(`${paint(live ? wrapped(plain, width(), 2) : plain, how)}\n`);
      }
      // A path and a command are there to be copied: they stay on one line.
      const words = again?.(directory).map(shellWord).join(" ") ?? replayCommand(summary);
      stream.write(`${paint(plainLine(`  report: ${name(join(directory, "report.html"))}`), "plain")}\n`);
      stream.write(`${paint(plainLine(`  again:  ${words}`), "quiet")}\n`);
    },
  };
}

/** With the proof, or what was seen, unless the first line has just said it. */
function findingLines(finding: Finding, index: number): EventLine[] {
  const { consequenceOf, node, proof, summary } = finding;
  const sure = consequenceOf ? `follows from ${consequenceOf}` : confidence(finding);
  const told = proof === null && index === 0 ? "" : `: ${proof ?? summary}`;
  const text = `  ${consequenceOf ? "↳ " : ""}${kindOf(finding)} on ${node ?? "the cluster"} (${sure})${told}`;
  const tone = consequenceOf ? "quiet" : "bad";
  // What follows from it was foreseen as its cause was.
  const predicted = consequenceOf ? null : predictedText(finding);
  return [{ text, tone }, ...(predicted === null ? [] : [{ text: `    ${predicted}`, tone } as const])];
}

/** What did not happen, and is no finding. */
function foreseenLines(summary: RunSummary): EventLine[] {
  const warnings = warningsOf(summary);
  const known = knownText(summary);
  const lines = warnings.map((one) => `    ${one.prediction.signature}  ${sentenceOf(one)}`);
  if (warnings.length > 0) lines.unshift(`  ${countText(warnings.length)} (warnings)`);
  return [
    ...lines.map((text): EventLine => ({ text, tone: "warn" })),
    ...(known === null ? [] : [{ text: `  ${known}`, tone: "quiet" } as const]),
  ];
}

/** Breaks a line at spaces; what follows is indented. */
function wrapped(text: string, width: number, indent: number): string {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width && lines.length < 200) {
    const space = rest.lastIndexOf(" ", width);
    const at = space > width / 2 ? space : width;
    lines.push(rest.slice(0, at));
    rest = " ".repeat(indent) + rest.slice(at).trimStart();
  }
  return [...lines, rest].join("\n");
}

/** Relative where that is shorter to read and still opens: below the working directory. */
function nearPath(file: string): string {
  const near = relative(process.cwd(), file);
  return near.startsWith("..") ? file : near;
}

const WORST: readonly Tone[] = ["bad", "warn", "quiet", "plain", "good"];

/** What is going on right now, gathered from events as they come. */
class LiveState {
  #phase = "";
  #phaseBegan = 0;
  #now = 0;
  readonly #loads = new Map<string, EventOf<"load">>();
  readonly #faults = new Map<string, string>();
  readonly #conditions = new Map<string, string>();

  add(event: JournalEvent): void {
    this.#now = Math.max(this.#now, event.t);
    if (event.type === "phase") {
      this.#phase = event.step === "begin" ? event.phase : "";
      this.#phaseBegan = event.t;
    } else if (event.type === "load") this.#loads.set(event.load, event);
    else if (event.type === "condition") this.#conditions.set(event.node, event.now);
    else if (event.type === "fault") {
      if (event.step === "inject") this.#faults.set(event.id, event.fault);
      else if (event.step === "healed" || event.step === "inject-failed") this.#faults.delete(event.id);
    }
  }

  /** The block to redraw; each line fits into `width` columns. */
  lines(width: number): EventLine[] {
    const cut = (text: string) => clip(plainLine(text), width);
    const nodes = [...this.#conditions].map(([node, condition]) => `${node} ${condition}`);
    const tones = [...this.#conditions.values()].map(conditionTone);
    const worst = WORST.find((tone) => tones.includes(tone));
    // The newest first: a long list is cut.
    const faults = [...this.#faults.keys()].reverse();
    const time = `${this.#phase || "…"} ${formatTime(this.#now - this.#phaseBegan)}`;
    return [
      { text: cut(`${time} (run ${formatTime(this.#now)}) · ${this.#throughput()}`), tone: "plain" },
      { text: cut(`faults: ${faults.join(", ") || "none"}`), tone: faults.length > 0 ? "warn" : "quiet" },
      { text: cut(`nodes:  ${nodes.join("   ") || "none yet"}`), tone: worst ?? "quiet" },
    ];
  }

  #throughput(): string {
    // A load that has stopped sends no more samples: its last one is not news.
    const recent = [...this.#loads.values()].filter((event) => this.#now - event.t < 3000);
    if (recent.length === 0) return "no load";
    const rate = (of: "ok" | "fail" | "info") =>
      recent.reduce((sum, event) => sum + event[of] / Math.max(event.seconds, 0.001), 0);
    return `${formatCount(rate("ok"))} ok/s, ${formatCount(rate("fail"))} fail/s, ${formatCount(rate("info"))} unknown/s`;
  }
}
