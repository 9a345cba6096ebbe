import { plainLine } from "../base/escape.ts";
import { groupBy } from "../base/group-by.ts";
import { formatDuration } from "../base/units.ts";
import { occurrenceOf, type PlannedFault } from "../journal/plan.ts";
import { comment, indented, secondsWord, word } from "./bash.ts";
import type { BashFunction } from "./bash-functions.ts";
import { posixRegex } from "./ere.ts";
import { type FaultLines, nodeWord, type ScriptContext } from "./fault-script.ts";
import { faultScripts } from "./registry.ts";

/*
 *   (                                        one block per fault of the experiment, all at the same time
 *     at 3.2 || exit 0                       its trigger; nothing begins after the chaos phase
 *     say ...; add_toxic ...                 inject
 *     hold 4; remove_toxic ...               what lasts, and its undo
 *   ) &
 */

export interface Blocks {
  lines: string[];
  functions: BashFunction[];
  /** What the script leaves out, one sentence each. */
  missing: string[];
}

/** The faults of a plan, each as a block that runs in the background. */
export function faultBlocks(faults: readonly PlannedFault[], context: ScriptContext): Blocks {
  const groups = groupBy(faults, ({ id }) => occurrenceOf(id).fault);
  // A fault that another one waits for says when it was injected.
  const awaited = new Set(faults.flatMap(({ trigger }) => (trigger.kind === "after" ? [trigger.after] : [])));
  const all: Blocks = { lines: [], functions: ["end-of-chaos"], missing: [] };
  for (const [name, own] of groups) {
    const block = blockOf(name, own, context, awaited);
    all.lines.push("", ...block.lines);
    all.functions.push(...block.functions);
    all.missing.push(...block.missing);
  }
  return all;
}

function blockOf(
  name: string,
  own: readonly PlannedFault[],
  context: ScriptContext,
  awaited: ReadonlySet<string>,
): Blocks {
  const [first] = own;
  const script = faultScripts.get(first?.fault ?? "");
  const title = `${name}: ${first?.fault}${own.length > 1 ? `, ${own.length} times` : ""}`;
  const leaveOut = (why: string): Blocks => {
    const said = `LEFT OUT: ${title}: ${why}`;
    return { lines: [...comment(said), `say ${word(plainLine(said))}`], functions: [], missing: [said] };
  };
  if (!script) return leaveOut("this version of kvchaos knows no shell form of it.");
  const steps: { when: Trigger; body: string[]; functions: BashFunction[]; differs: readonly string[] }[] = [];
  try {
    own.forEach((one, i) => {
      const when = triggerOf(one.trigger, i > 0);
      const fault = script.read(one.params);
      if (!fault) throw new Untranslatable("its parameters are of another version of kvchaos.");
      const lines = fault.write(shellId(one.id), context);
      steps.push({
        when,
        body: bodyOf(one, lines, awaited.has(one.id)),
        functions: [...when.functions, ...piecesOf(one, lines)],
        differs: lines.differs ?? [],
      });
    });
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error;
    return leaveOut(error.message);
  }
  const differs = [...new Set(steps.flatMap((step) => step.differs))];
  const functions = steps.flatMap((step) => step.functions);
  if (awaited.size > 0 && own.some(({ id }) => awaited.has(id))) functions.push("wait-fault");
  const lines = [
    ...comment(title),
    ...differs.flatMap((text) => comment(`Differs: ${text}`)),
    "(",
    ...indented(inside(steps)),
    ") &",
  ];
  return { lines, functions, missing: [] };
}

/** Occurrences that only differ in their times are a loop. */
function inside(steps: readonly { when: Trigger; body: string[] }[]): string[] {
  const texts = new Set(steps.map(({ body }) => withoutNumber(body).join("\n")));
  const times = steps.flatMap(({ when }) => (when.at === null ? [] : [when.at]));
  const [first] = steps;
  if (
    first &&
    steps.length > 2 &&
    texts.size === 1 &&
    times.length === steps.length &&
    !first.body.some((line) => /hold/.test(line))
  )
    return [
      `for t in ${times.map(secondsWord).join(" ")}; do`,
      ...indented(['at "$t" || exit 0', ...withoutNumber(first.body)]),
      "done",
    ];
  return steps
    .flatMap(({ when, body }) => [
      ...when.lines,
      // Occurrences may overlap: one that lasts does not keep the next one waiting.
      ...(steps.length > 1 && body.some((line) => /hold/.test(line)) ? ["(", ...indented(body), ") &"] : body),
    ])
    .concat(steps.length > 1 && steps.some(({ body }) => body.some((line) => /hold/.test(line))) ? ["wait"] : []);
}

/** "say 'storm#12 …'" → "say 'storm …'": a loop's occurrences have one text. */
function withoutNumber(body: readonly string[]): string[] {
  return body.map((line) => (line.startsWith("say ") ? line.replace(/#\d+/, "") : line));
}

function bodyOf({ id, fault, duration }: PlannedFault, { inject, heal }: FaultLines, marks: boolean): string[] {
  const lasts = heal.length > 0;
  const hold = duration === null ? "hold_to_end" : `hold ${secondsWord(duration)}`;
  return [
    `say ${word(`${id}: ${fault}${lasts && duration !== null ? ` for ${formatDuration(Math.round(duration))}` : ""}`)}`,
    ...inject,
    ...(marks ? [`did ${word(shellId(id))}`] : []),
    ...(lasts ? [hold, ...heal, `say ${word(`${id} is over`)}`] : []),
  ];
}

function piecesOf({ duration }: PlannedFault, { heal, functions }: FaultLines): BashFunction[] {
  return heal.length === 0 ? functions : [...functions, duration === null ? "hold-to-end" : "hold"];
}

interface Trigger {
  lines: string[];
  functions: BashFunction[];
  /** ms, of one that waits for nothing but its time. */
  at: number | null;
}

class Untranslatable extends Error {}

/** @param again an earlier occurrence of the same fault has waited for the same: it must pass and come anew */
function triggerOf(trigger: PlannedFault["trigger"], again: boolean): Trigger {
  if (trigger.kind === "at")
    return { lines: [`at ${secondsWord(trigger.at)} || exit 0`], functions: ["at"], at: trigger.at };
  const never = '{ say "its trigger never came true"; exit 0; }';
  const delay = trigger.delay > 0 ? [`hold ${secondsWord(trigger.delay)}`] : [];
  const waits: BashFunction[] = trigger.delay > 0 ? ["hold"] : [];
  if (trigger.kind === "after")
    return {
      lines: [`wait_fault ${word(shellId(trigger.after))} || ${never}`, ...delay],
      functions: ["wait-fault", ...waits],
      at: null,
    };
  const { when } = trigger;
  const node = nodeWord(when.node);
  if (when.kind === "log") {
    const regex = posixRegex(when.pattern);
    if (regex === null)
      throw new Untranslatable(`it waits for the log line /${when.pattern}/, which grep -E cannot look for.`);
    return {
      lines: [`wait_log ${node.text} ${word(regex)}${when.nth > 1 ? ` ${when.nth}` : ""} || ${never}`, ...delay],
      functions: ["wait-log", ...waits, ...node.functions],
      at: null,
    };
  }
  if (when.kind === "since-start") {
    const wait = `wait_since_start ${node.text} ${secondsWord(when.after)}${again ? " anew" : ""}`;
    return {
      lines: [`${wait} || ${never}`, ...delay],
      functions: ["wait-since-start", ...waits, ...node.functions],
      at: null,
    };
  }
  const state = when.kind === "sync-bytes" ? "full-sync" : when.state;
  const anew = again ? [`wait_no_state ${node.text} ${word(state)} || ${never}`] : [];
  const percent = when.kind === "state" && when.progress !== null ? ` ${Math.ceil(when.progress * 100)}` : "";
  const wait =
    when.kind === "sync-bytes"
      ? `wait_bytes ${node.text} ${when.bytes}`
      : `wait_state ${node.text} ${word(state)}${percent}`;
  const functions: BashFunction[] = [
    when.kind === "sync-bytes" ? "wait-bytes" : "wait-state",
    ...waits,
    ...(again ? ["wait-no-state" as const] : []),
    ...node.functions,
  ];
  return { lines: [...anew, `${wait} || ${never}`, ...delay], functions, at: null };
}

/** "storm#12" → "storm-12": for files and names of toxics. */
function shellId(id: string): string {
  return id.replace(/[^A-Za-z0-9-]/g, "-");
}
