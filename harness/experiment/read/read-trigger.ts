import type { Condition, Trigger } from "../experiment.ts";
import { type FaultItem, NO_DELAY } from "../schema.ts";
import type { Mistakes } from "./zod-mistakes.ts";

const TRIGGERS = ["at", "every", "after", "when"] as const;
/** Keys that only make sense beside one of these triggers. */
const COMPANIONS = { count: ["every", "when"], start: ["every"], delay: ["after", "when"] } as const;

/** The one trigger of a fault. Several, none, or a companion key of another trigger are mistakes (then undefined). */
export function readTrigger(item: FaultItem, path: readonly PropertyKey[], mistakes: Mistakes): Trigger | undefined {
  const given = TRIGGERS.filter((key) => item[key] !== undefined);
  const [first] = given;
  if (!first)
    return mistakes.add(
      path,
      "no trigger: nothing says when the fault starts",
      "add at, every + count, after, or when",
    );
  for (const other of given.slice(1)) {
    mistakes.addKey([...path, other], `several triggers: "${other}" beside "${first}"`, "keep one of them");
  }
  if (given.length > 1) return undefined;
  let wrong = false;
  for (const key of ["count", "start", "delay"] as const) {
    const companions: readonly string[] = COMPANIONS[key];
    if (item[key] === undefined || companions.includes(first)) continue;
    mistakes.addKey([...path, key], `"${key}" goes beside ${companions.join(" or ")}, not beside "${first}"`);
    wrong = true;
  }
  if (wrong) return undefined;
  if (item.at) return { kind: "at", at: item.at };
  if (item.every) {
    if (item.count !== undefined)
      return { kind: "every", every: item.every, count: item.count, start: item.start ?? NO_DELAY };
    return mistakes.addKey([...path, "every"], 'missing key "count": how often, beside "every"');
  }
  const delay = item.delay ?? NO_DELAY;
  if (item.after !== undefined) return { kind: "after", after: item.after, delay };
  const when = readCondition(item.when, [...path, "when"], mistakes);
  return when && { kind: "when", when, delay, count: item.count ?? 1 };
}

function readCondition(
  when: FaultItem["when"],
  path: readonly PropertyKey[],
  mistakes: Mistakes,
): Condition | undefined {
  if (!when) return undefined;
  const { node, state, progress, bytes, log, nth, "since-start": sinceStart } = when;
  const given = (["state", "log", "since-start"] as const).filter((key) => when[key] !== undefined);
  const [first, second] = given;
  if (!first) return mistakes.add(path, 'missing key "state", "log" or "since-start": what to wait for', undefined);
  if (second) return mistakes.addKey([...path, second], `"${second}" beside "${first}"`, "keep one of them");
  if (progress !== undefined && state !== "full-sync" && state !== "loading")
    return mistakes.addKey([...path, "progress"], '"progress" goes with state full-sync or loading');
  if (nth !== undefined && first !== "log") return mistakes.addKey([...path, "nth"], '"nth" goes with log');
  if (bytes !== undefined) {
    if (state !== "full-sync") mistakes.addKey([...path, "bytes"], '"bytes" goes with state full-sync');
    else if (progress !== undefined) {
      mistakes.addKey([...path, "bytes"], '"bytes" beside "progress"', "keep one of them");
    } else return { kind: "sync-bytes", node, bytes };
    return undefined;
  }
  if (log !== undefined) return { kind: "log", node, pattern: log, nth: nth ?? 1 };
  if (sinceStart !== undefined) return { kind: "since-start", node, after: sinceStart };
  return state && { kind: "state", node, state, progress: progress ?? null };
}
