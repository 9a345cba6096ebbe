import { plainLine } from "../base/escape.ts";
import { groupBy } from "../base/group-by.ts";
import { formatDuration } from "../base/units.ts";
import { occurrenceOf, type PlannedCondition, type PlannedFault } from "../journal/plan.ts";
import { comment, indented, secondsWord, word } from "./bash.ts";
import { posixRegex } from "./ere.ts";
import { type FaultLines, nodeWord, type ScriptContext, Untranslatable } from "./fault-script.ts";
import { faultScripts } from "./registry.ts";

/*
 *   (                                        one block per fault of the experiment, all at the same time
 *     at 3.2 || exit 0                       its trigger; nothing begins after the chaos phase
 *     say ...; add_toxic ...                 inject
 *     hold 4; remove_toxic ...               what lasts, and its undo
 *   ) &
 */

/** What the script leaves out, and why. */
interface LeftOut {
  title: string;
  why: string;
}

export interface Blocks {
  lines: string[];
  missing: LeftOut[];
}

/** The faults of a plan, each as a block that runs in the background. */
export function faultBlocks(faults: readonly PlannedFault[], context: ScriptContext): Blocks {
  const groups = groupBy(faults, ({ id }) => occurrenceOf(id).fault);
  // A fault that another one waits for says when it was injected.
  const awaited = new Set(faults.flatMap(({ trigger }) => (trigger.kind === "after" ? [trigger.after] : [])));
  const blocks = [...groups].map(([name, own]) => blockOf(name, own, context, awaited));
  return {
    lines: blocks.flatMap(({ lines }) => ["", ...lines]),
    missing: blocks.flatMap(({ missing }) => missing),
  };
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
    const said = leftOutText([title], why);
    const lines = [...comment(said), `say ${word(plainLine(said))}`, ...standIn(own, awaited)];
    return { lines, missing: [{ title, why }] };
  };
  if (!script) return leaveOut("this version of kvchaos knows no shell form of it.");
  let steps: Step[];
  try {
    steps = own.map((one, i): Step => {
      const waits = waitLines(one.trigger, i > 0);
      const fault = script.read(one.params);
      if (!fault) throw new Untranslatable("its parameters are of another version of kvchaos.");
      const lines = fault.write(shellId(one.id), context);
      const at = one.trigger.kind === "at" ? one.trigger.at : null;
      return { at, waits, body: bodyOf(one, lines, awaited.has(one.id)), differs: lines.differs ?? [] };
    });
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error;
    return leaveOut(error.message);
  }
  const differs = [...new Set(steps.flatMap((step) => step.differs))];
  const lines = [
    ...comment(title),
    ...differs.flatMap((text) => comment(`Differs: ${text}`)),
    "(",
    ...indented(inside(steps)),
    ") &",
  ];
  return { lines, missing: [] };
}

/** One line for a reason, whatever it leaves out. */
export function leftOutLines(missing: readonly LeftOut[]): string[] {
  return [...groupBy(missing, ({ why }) => why)].map(([why, all]) =>
    leftOutText(
      all.map(({ title }) => title),
      why,
    ),
  );
}

function leftOutText(titles: readonly string[], why: string): string {
  return `LEFT OUT: ${titles.join(", ")}: ${why}`;
}

/** Whoever starts with a fault that is left out starts all the same, at that fault's time. */
function standIn(own: readonly PlannedFault[], awaited: ReadonlySet<string>): string[] {
  return own.flatMap(({ id, trigger }, i) => {
    if (!awaited.has(id)) return [];
    try {
      return ["(", ...indented([...waitLines(trigger, i > 0), `did ${word(shellId(id))}`]), ") &"];
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error;
      return [];
    }
  });
}

/** One occurrence. */
interface Step {
  /** ms, of one that waits for nothing but its time. */
  at: number | null;
  /** Lines that wait for its trigger. */
  waits: string[];
  body: string[];
  differs: readonly string[];
}

/** Occurrences that only differ in their times are a loop. */
function inside(steps: readonly Step[]): string[] {
  const [first] = steps;
  const texts = new Set(steps.map(({ body }) => withoutNumber(body).join("\n")));
  const times = steps.flatMap(({ at }) => at ?? []);
  const lasts = ({ body }: Step): boolean => body.some((line) => /hold/.test(line));
  if (first && steps.length > 2 && texts.size === 1 && times.length === steps.length && !lasts(first))
    return [
      `for t in ${times.map(secondsWord).join(" ")}; do`,
      ...indented(['at "$t" || exit 0', ...withoutNumber(first.body)]),
      "done",
    ];
  if (steps.length === 1 || !steps.some(lasts)) return steps.flatMap(({ waits, body }) => [...waits, ...body]);
  // Occurrences may overlap: one that lasts does not keep the next one waiting.
  const apart = (step: Step): string[] => (lasts(step) ? ["(", ...indented(step.body), ") &"] : step.body);
  return [...steps.flatMap((step) => [...step.waits, ...apart(step)]), "wait"];
}

/** "say 'storm#12 …'" → "say 'storm …'": a loop's occurrences have one text. */
function withoutNumber(body: readonly string[]): string[] {
  return body.map((line) => (line.startsWith("say ") ? line.replace(/#\d+/, "") : line));
}

function bodyOf({ id, fault, duration }: PlannedFault, { inject, heal = [] }: FaultLines, marks: boolean): string[] {
  const lasts = heal.length > 0;
  const hold = duration === null ? "hold_to_end" : `hold ${secondsWord(duration)}`;
  return [
    `say ${word(`${id}: ${fault}${lasts && duration !== null ? ` for ${formatDuration(Math.round(duration))}` : ""}`)}`,
    ...inject,
    ...(marks ? [`did ${word(shellId(id))}`] : []),
    ...(lasts ? [hold, ...heal, `say ${word(`${id} is over`)}`] : []),
  ];
}

/** @param again an earlier occurrence of the same fault has waited for the same: it must pass and come anew */
function waitLines(trigger: PlannedFault["trigger"], again: boolean): string[] {
  if (trigger.kind === "at") return [`at ${secondsWord(trigger.at)} || exit 0`];
  const waits =
    trigger.kind === "after" ? [`wait_fault ${word(shellId(trigger.after))}`] : conditionWaits(trigger.when, again);
  return [
    ...waits.map((wait) => `${wait} || { say "its trigger never came true"; exit 0; }`),
    ...(trigger.delay > 0 ? [`hold ${secondsWord(trigger.delay)}`] : []),
  ];
}

function conditionWaits(when: PlannedCondition, again: boolean): string[] {
  if (when.kind === "pause") throw new Untranslatable(`it waits for a pause of ${when.fault}, which is left out.`);
  const node = nodeWord(when.node);
  const gone = (state: string): string[] => (again ? [`wait_no_state ${node} ${word(state)}`] : []);
  switch (when.kind) {
    case "log": {
      const regex = posixRegex(when.pattern);
      if (regex === null)
        throw new Untranslatable(`it waits for the log line /${when.pattern}/, which grep -E cannot look for.`);
      return [`wait_log ${node} ${word(regex)}${when.nth > 1 ? ` ${when.nth}` : ""}`];
    }
    case "since-start":
      return [`wait_since_start ${node} ${secondsWord(when.after)}${again ? " anew" : ""}`];
    case "sync-bytes":
      return [...gone("full-sync"), `wait_bytes ${node} ${when.bytes}`];
    case "state": {
      const percent = when.progress === null ? "" : ` ${Math.ceil(when.progress * 100)}`;
      if (when.state === "migrating" || when.state === "importing")
        return [
          ...(again ? [`wait_no_slots ${node} ${when.state}`] : []),
          `wait_slots ${node} ${when.state}${percent}`,
        ];
      return [...gone(when.state), `wait_state ${node} ${word(when.state)}${percent}`];
    }
  }
}

/** "storm#12" → "storm-12": for files and names of toxics. */
function shellId(id: string): string {
  return id.replace(/[^A-Za-z0-9-]/g, "-");
}
