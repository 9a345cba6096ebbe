import { plainLine } from "../../base/escape.ts";
import { shorten } from "../../base/shorten.ts";
import { formatTime } from "../../base/units.ts";
import type { EventOf, JournalEvent } from "../../journal/events.ts";
import { occurrenceOf } from "../../journal/plan.ts";
import { imagesText, ownImages } from "../../journal/run-images.ts";
import { pauseText } from "../fault-words.ts";

/** An administration command that takes longer is worth a line. ms */
const LONG_COMMAND_MS = 1_000;
/** So is a thread's pause: there may be thousands of short ones. ms */
const LONG_PAUSE_MS = 200;

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
  const said = describe(event);
  return said && lineAt(event.t, ...said);
}

/** @param t run ms */
export function lineAt(t: number, tone: Tone, text: string): EventLine {
  return { text: `${formatTime(t).padStart(9)}  ${cut(plainLine(text), MOST_CHARS)}`, tone };
}

type Said = readonly [tone: Tone, text: string];

function describe(event: JournalEvent): Said | null {
  switch (event.type) {
    case "run":
      return [
        "plain",
        `${event.title}: ${imagesText({ image: event.image, nodes: ownImages(event) })}, seed ${event.seed}`,
      ];
    case "phase":
      return event.step === "begin" ? ["plain", `── ${event.phase}`] : null;
    case "fault":
      return fault(event);
    case "condition":
      if (event.was === "unknown" && event.now === "healthy") return null;
      return [conditionTone(event.now), `${event.node}: ${event.was} → ${event.now} (${event.why})`];
    case "server": {
      const { node, image, before, version, ended, by } = event;
      const other = before === image ? " again" : `${version === null ? "" : ` (${version})`} in place of ${before}`;
      const what = `${node}: ${image}${other} (${by})`;
      return ended ? ["bad", `${what} ended with exit code ${ended.exitCode}`] : ["plain", what];
    }
    case "container":
      if (event.action !== "die" && event.action !== "oom") return null;
      return [
        event.ours ? "quiet" : "bad",
        `${event.node}: ${event.action === "oom" ? "out of memory" : `ended, exit code ${event.exitCode ?? "unknown"}`}${event.ours ? " (by our fault)" : ""}`,
      ];
    case "evidence":
      return [
        "warn",
        `${event.node}: evidence captured in ${Math.round(event.ms)} ms: ${event.proof ?? event.summary}`,
      ];
    case "thread-pause":
      return event.ms < LONG_PAUSE_MS ? null : ["quiet", `${event.node}: ${pauseText(event)}`];
    case "full-sync":
      if (event.step === "progress" || event.step === "restoring") return null;
      return ["quiet", `${event.node}: full sync ${fullSync(event)}`];
    case "limit-passed":
      return ["bad", `${event.check}: ${event.what}`];
    case "admin-command":
      return adminCommand(event);
    case "recovery":
      return event.recovered
        ? ["good", `recovered in ${formatTime(event.ms)}`]
        : [
            "bad",
            `not recovered within ${formatTime(event.within)}: ${event.waiting.map(({ node, what }) => `${node}: ${what}`).join("; ")}`,
          ];
    case "repair":
      return ["plain", `${event.node} ${event.why}: told by ${event.by}: ${event.told.join("; ")}`];
    case "load-moved":
      return ["plain", `slot ${event.slot} is ${event.to}'s now, as ${event.from} says: ${event.load} goes there`];
    case "out-of-step":
      return ["bad", `${event.node} broke the protocol${event.command ? ` at ${event.command}` : ""}: ${event.text}`];
    case "command-table": {
      const { load, node, drawn, left } = event;
      return ["plain", `${load} draws from ${Object.keys(drawn).length} commands of ${node} (${left.length} left out)`];
    }
    case "slot-move":
      return event.step === "left-open" || event.step === "rolled-back"
        ? [
            "warn",
            `slot ${event.slot}, ${event.from} to ${event.to}, ${event.step.replace("-", " ")}${event.detail ? `: ${event.detail}` : ""}`,
          ]
        : null;
    case "comparison":
      if (event.before === "heal") return null;
      if (!event.complete) return ["warn", `${event.replica} not compared with ${event.master}: ${event.why ?? ""}`];
      return event.different === 0
        ? ["good", `${event.replica} equals ${event.master}: ${event.masterKeys} keys`]
        : ["bad", `${event.replica} differs from ${event.master} in ${event.different} keys`];
    case "check":
      return check(event);
    case "note":
      return ["quiet", `note on ${event.about}: ${event.text}`];
    case "verdict":
      return [
        event.verdict === "pass" ? "good" : event.verdict === "fail" ? "bad" : "warn",
        `verdict: ${event.verdict}${event.reasons[0] ? `: ${event.reasons[0]}` : ""}`,
      ];
    default:
      return null;
  }
}

function cut(text: string, most: number): string {
  return shorten(text, most, ` (${text.length - most} more in the journal)`);
}

function adminCommand(event: EventOf<"admin-command">): Said | null {
  const { node, command, step, ms = 0, expected, flags, clients, waiting, reply } = event;
  // A command that never has to be answered is not late; nor is one within its own timeout. Of a storm there may be hundreds.
  if (expected === null || ms - (expected ?? 0) < LONG_COMMAND_MS) {
    if (reply === undefined || clients !== undefined || occurrenceOf(event.by).number !== null) return null;
    return [
      "quiet",
      `${node}: ${command}: ${step === "refused" ? "refused: " : ""}${cut(plainLine(reply), REPLY_CHARS)}`,
    ];
  }
  const own = expected ? `, ${formatTime(ms - expected)} after its own timeout` : "";
  if (step === "answered") return ["warn", `${node}: ${command} was answered after ${formatTime(ms)}${own}`];
  if (step !== "overdue") return null;
  const who = clients === undefined ? "" : `${waiting ?? clients} of ${clients} clients in `;
  const shown = flags ? ` (client flags ${flags})` : "";
  return ["bad", `${node}: ${who}${command} had no answer after ${formatTime(ms)}${own}${shown}`];
}

function fullSync({ step, done, total }: EventOf<"full-sync">): string {
  if (step === "start") return "begins";
  const files = done === null || total === null ? "" : ` at file ${done} of ${total}`;
  if (step === "failed") return `failed${files}`;
  return step === "ended" ? `was left${files}` : `is done${total === null ? "" : `: ${total} files`}`;
}

function fault(event: EventOf<"fault">): Said | null {
  const { id, step, targets, detail, effect } = event;
  const why = detail ? `: ${detail}` : "";
  // Of a storm of commands there may be hundreds: a reply that is late has a line of its own.
  if (step === "injected" && event.fault === "command" && occurrenceOf(id).number !== null) return null;
  if (step === "injected") return ["warn", `fault ${id}${targets.length > 0 ? ` on ${targets.join(", ")}` : ""}`];
  if (step === "healed") return ["quiet", `fault ${id} is over`];
  if (step === "effect" && effect?.measured === false) return ["bad", `fault ${id} had no effect: ${effect.summary}`];
  // Of a storm that was stopped there may be hundreds; the verdict counts them.
  if (step === "not-fired" && occurrenceOf(id).number !== null) return null;
  if (step === "not-fired") return ["bad", `fault ${id} never fired${why}`];
  if (step === "inject-failed" || step === "heal-failed") {
    return ["bad", `fault ${id} could not be ${step === "heal-failed" ? "healed" : "injected"}${why}`];
  }
  return null;
}

function check(event: EventOf<"check">): Said {
  if (event.valid === true) return ["good", `check ${event.name}: ok${event.why === null ? "" : ` (${event.why})`}`];
  if (event.valid === "unknown") return ["warn", `check ${event.name}: unknown: ${event.why ?? ""}`];
  const what = event.findings.map((finding) => finding.summary).join(" ") || event.why || "violated";
  return ["bad", `check ${event.name}: ${what}`];
}

export function conditionTone(condition: string): Tone {
  if (condition === "healthy") return "good";
  if (["paused", "down", "unknown", "starved"].includes(condition)) return "quiet";
  return ["slow", "restoring"].includes(condition) ? "warn" : "bad";
}
