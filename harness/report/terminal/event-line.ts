import { plainLine } from "../../base/escape.ts";
import { formatTime } from "../../base/units.ts";
import type { JournalEvent } from "../../journal/events.ts";

/** An administration command that takes longer is worth a line. ms */
const LONG_COMMAND_MS = 1_000;

/** What is longer is whole in the journal; here its beginning must do. */
const MOST_CHARS = 400;
const REPLY_CHARS = 80;

/** How a line should stand out. */
export type Tone = "plain" | "quiet" | "good" | "warn" | "bad";

export interface EventLine {
  text: string;
  tone: Tone;
}

/** One event as one line for a person, or null when it is not worth one. What servers say is stripped of control characters. */
export function eventLine(event: JournalEvent): EventLine | null {
  const line = describe(event);
  return (
    line && { text: `${formatTime(event.t).padStart(9)}  ${cut(plainLine(line.text), MOST_CHARS)}`, tone: line.tone }
  );
}

function describe(event: JournalEvent): EventLine | null {
  switch (event.type) {
    case "run":
      return { text: `${event.title}: ${event.image}, seed ${event.seed}`, tone: "plain" };
    case "phase":
      return event.step === "begin" ? { text: `── ${event.phase}`, tone: "plain" } : null;
    case "fault":
      return fault(event);
    case "condition":
      if (event.was === "unknown" && event.now === "healthy") return null;
      return { text: `${event.node}: ${event.was} → ${event.now} (${event.why})`, tone: conditionTone(event.now) };
    case "container":
      if (event.action !== "die" && event.action !== "oom") return null;
      return {
        text: `${event.node}: ${event.action === "oom" ? "out of memory" : `ended, exit code ${event.exitCode ?? "unknown"}`}${event.ours ? " (by our fault)" : ""}`,
        tone: event.ours ? "quiet" : "bad",
      };
    case "evidence":
      return {
        text: `${event.node}: evidence captured in ${Math.round(event.ms)} ms: ${event.proof ?? event.summary}`,
        tone: "warn",
      };
    case "full-sync":
      if (event.step === "progress" || event.step === "restoring") return null;
      return { text: `${event.node}: full sync ${fullSync(event)}`, tone: "quiet" };
    case "admin-command":
      return adminCommand(event);
    case "recovery":
      return event.recovered
        ? { text: `recovered in ${formatTime(event.ms)}`, tone: "good" }
        : {
            text: `not recovered within ${formatTime(event.within)}: ${event.waiting.map(({ node, what }) => `${node}: ${what}`).join("; ")}`,
            tone: "bad",
          };
    case "repair":
      return repair(event);
    case "load-moved":
      return {
        text: `slot ${event.slot} is ${event.to}'s now, as ${event.from} says: ${event.load} goes there`,
        tone: "plain",
      };
    case "comparison":
      if (event.before === "heal") return null;
      if (!event.complete)
        return { text: `${event.replica} not compared with ${event.master}: ${event.why ?? ""}`, tone: "warn" };
      return event.different === 0
        ? { text: `${event.replica} equals ${event.master}: ${event.masterKeys} keys`, tone: "good" }
        : { text: `${event.replica} differs from ${event.master} in ${event.different} keys`, tone: "bad" };
    case "check":
      return check(event);
    case "note":
      return { text: `note on ${event.about}: ${event.text}`, tone: "quiet" };
    case "verdict":
      return {
        text: `verdict: ${event.verdict}${event.reasons[0] ? `: ${event.reasons[0]}` : ""}`,
        tone: event.verdict === "pass" ? "good" : event.verdict === "fail" ? "bad" : "warn",
      };
    default:
      return null;
  }
}

function cut(text: string, most: number): string {
  const left = text.length - most;
  return left > 0 ? `${text.slice(0, most)}… (${left} more in the journal)` : text;
}

function adminCommand(event: Extract<JournalEvent, { type: "admin-command" }>): EventLine | null {
  const { node, command, step, ms = 0, expected, flags, clients, waiting, reply } = event;
  // A command that never has to be answered is not late; nor is one within its own timeout. Of a storm there may be hundreds.
  if (expected === null || ms - (expected ?? 0) < LONG_COMMAND_MS) {
    if (reply === undefined || clients !== undefined || /#\d+$/.test(event.by)) return null;
    return {
      text: `${node}: ${command}: ${step === "refused" ? "refused: " : ""}${cut(plainLine(reply), REPLY_CHARS)}`,
      tone: "quiet",
    };
  }
  const own = expected ? `, ${formatTime(ms - expected)} after its own timeout` : "";
  if (step === "answered")
    return { text: `${node}: ${command} was answered after ${formatTime(ms)}${own}`, tone: "warn" };
  if (step !== "overdue") return null;
  const who = clients === undefined ? "" : `${waiting ?? clients} of ${clients} clients in `;
  const shown = flags ? ` (client flags ${flags})` : "";
  return { text: `${node}: ${who}${command} had no answer after ${formatTime(ms)}${own}${shown}`, tone: "bad" };
}

function fullSync({ step, done, total }: Extract<JournalEvent, { type: "full-sync" }>): string {
  if (step === "start") return "begins";
  const files = done === null || total === null ? "" : ` at file ${done} of ${total}`;
  if (step === "failed") return `failed${files}`;
  return step === "ended" ? `was left${files}` : `is done${total === null ? "" : `: ${total} files`}`;
}

function fault(event: Extract<JournalEvent, { type: "fault" }>): EventLine | null {
  const { id, step, targets, detail, effect } = event;
  const why = detail ? `: ${detail}` : "";
  if (step === "injected")
    return { text: `fault ${id}${targets.length > 0 ? ` on ${targets.join(", ")}` : ""}`, tone: "warn" };
  if (step === "healed") return { text: `fault ${id} is over`, tone: "quiet" };
  if (step === "effect" && effect?.measured === false)
    return { text: `fault ${id} had no effect: ${effect.summary}`, tone: "bad" };
  // Of a storm that was stopped there may be hundreds; the verdict counts them.
  if (step === "not-fired" && /#\d+$/.test(id)) return null;
  if (step === "not-fired") return { text: `fault ${id} never fired${why}`, tone: "bad" };
  if (step === "inject-failed" || step === "heal-failed") {
    return { text: `fault ${id} could not be ${step === "heal-failed" ? "healed" : "injected"}${why}`, tone: "bad" };
  }
  return null;
}

function repair({ node, by, why, told }: Extract<JournalEvent, { type: "repair" }>): EventLine {
  return { text: `${node} ${why}: told by ${by}: ${told.join("; ")}`, tone: "plain" };
}

function check(event: Extract<JournalEvent, { type: "check" }>): EventLine {
  if (event.valid === true)
    return { text: `check ${event.name}: ok${event.why === null ? "" : ` (${event.why})`}`, tone: "good" };
  if (event.valid === "unknown") return { text: `check ${event.name}: unknown: ${event.why ?? ""}`, tone: "warn" };
  const what = event.findings.map((finding) => finding.summary).join(" ") || event.why || "violated";
  return { text: `check ${event.name}: ${what}`, tone: "bad" };
}

export function conditionTone(condition: string): Tone {
  if (condition === "healthy") return "good";
  if (["paused", "down", "unknown", "starved"].includes(condition)) return "quiet";
  return ["slow", "restoring"].includes(condition) ? "warn" : "bad";
}
