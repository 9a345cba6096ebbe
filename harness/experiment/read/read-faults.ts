import type { Fault } from "../../faults/fault.ts";
import type { WrittenParams } from "../../faults/parameters.ts";
import { type Mention, ROLES } from "../../faults/selector.ts";
import { migrateSlots } from "../../faults/slots/migrate-slots.ts";
import type { Condition, FaultSpec, Trigger } from "../experiment.ts";
import { wrongExchange } from "../node-images.ts";
import { type FaultItem, faultItem, NO_DELAY } from "../schema.ts";
import { show } from "../schema-parts.ts";
import { checkNode, controlMessage, numbering, type Path, type Reading } from "./reading.ts";
import { wrongMode } from "./rulers.ts";
import type { Mistakes } from "./zod-mistakes.ts";

const TRIGGERS = ["at", "every", "after", "when"] as const;
/** Keys that only make sense beside one of these triggers. */
const COMPANIONS = { count: ["every", "when"], start: ["every"], delay: ["after", "when"] } as const;

/** A fault of the file. What could not be understood is undefined; the mistake about it is noted. */
export interface FaultDraft {
  index: number;
  id: string;
  item: FaultItem | undefined;
  spec: FaultSpec | undefined;
}

/** Reads the whole list, each entry by itself: a mistake in one hides none in the others. */
export function readFaults(raw: unknown, loads: readonly string[], reading: Reading): FaultDraft[] {
  const { mistakes } = reading;
  if (!Array.isArray(raw)) return [];
  const items = raw.map((one, index) => mistakes.parse(faultItem, one, ["faults", index]));
  const ids = nameAll(raw, mistakes);
  return raw.map((one, index) => {
    const item = items[index];
    const id = ids[index] as string;
    const params = readParams(one, ["faults", index], loads, reading);
    const trigger = item && readTrigger(item, ["faults", index], mistakes);
    const state = item?.when?.state ?? "";
    if (OF_SLOTS.includes(state) && !raw.some((other) => textOf(other, "fault") === migrateSlots.kind)) {
      const message = `no slot is ever on its way here: nothing makes a node ${state}`;
      mistakes.add(["faults", index, "when", "state"], message, "add a fault migrate-slots");
    }
    const node = item?.when?.node;
    const told = item?.when?.log !== undefined || item?.when?.["since-start"] !== undefined;
    if (node !== undefined) {
      checkNode(node, ["faults", index, "when", "node"], reading, { selectors: ROLES, helpers: told });
    }
    if (item?.for && params && !params.fault.lasting) {
      const message = `"for" on an instant fault: ${item.fault} is over when it is done`;
      mistakes.addKey(["faults", index, "for"], message, "leave it out");
    }
    const spec = item &&
      params &&
      trigger && { id, fault: item.fault, trigger, duration: item.for ?? null, params: params.value };
    return { index, id, item, spec };
  });
}

/** The given ids, and "partition-1", "partition-2" for faults without one: numbered by kind, so that others stay as they are. */
function nameAll(raw: readonly unknown[], mistakes: Mistakes): string[] {
  const given = raw.map((one) => textOf(one, "id"));
  const numbered = numbering(given);
  return raw.map((one, index) => {
    const id = given[index];
    if (id !== undefined) {
      if (given.indexOf(id) < index) mistakes.add(["faults", index, "id"], `the id ${show(id)} is there twice`);
      return id;
    }
    return numbered(textOf(one, "fault") ?? "fault");
  });
}

function textOf(value: unknown, key: string): string | undefined {
  const found = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  return typeof found === "string" ? found : undefined;
}

/** The keys beside id, fault, trigger and for belong to the fault itself, which has its own schema. */
function readParams(
  raw: unknown,
  path: Path,
  loads: readonly string[],
  reading: Reading,
): { fault: Fault; value: WrittenParams } | undefined {
  const { registries, mistakes } = reading;
  const kind = textOf(raw, "fault");
  if (kind === undefined) return undefined;
  const fault = registries.faults.get(kind);
  if (!fault) return mistakes.unknown([...path, "fault"], "fault", kind, registries.faults.keys());
  const common = Object.keys(faultItem.shape);
  const known = fault.parameters.names;
  const own = Object.fromEntries(Object.entries(raw as object).filter(([key]) => !common.includes(key)));
  for (const key of Object.keys(own)) {
    if (known.includes(key)) continue;
    mistakes.unknownKey(path, key, [...known, ...common]);
    delete own[key];
  }
  const value = mistakes.parse(fault.parameters.written, own, path);
  if (value === undefined) return undefined;
  for (const mention of fault.parameters.mentions(value)) {
    checkMention(mention, path, { loads, helpers: fault.harmsHelpers ?? false }, reading);
  }
  return { fault, value };
}

function checkMention(
  mention: Mention,
  base: Path,
  { loads, helpers }: { loads: readonly string[]; helpers: boolean },
  reading: Reading,
): void {
  const { shape, mistakes } = reading;
  if (!shape) return;
  const path = [...base, ...mention.path];
  if (mention.kind === "image") {
    const wrong = wrongExchange(mention, shape, reading.systems);
    if (wrong !== null) mistakes.add(path, wrong);
  } else if (mention.kind === "mode") {
    const wrong = wrongMode(mention.name, shape, reading);
    if (wrong !== null) mistakes.add(path, wrong);
  } else if (mention.kind === "load") {
    if (!loads.includes(mention.name)) mistakes.unknown(path, "load", mention.name, loads);
  } else if (mention.kind === "node") {
    checkNode(mention.name, path, reading, { helpers });
  } else if (!shape.links.includes(mention.name)) {
    const control = shape.controls.find((name) => mention.name.split(/\s*->\s*/).includes(name));
    if (control !== undefined) mistakes.add(path, controlMessage(control));
    else mistakes.unknown(path, "link", mention.name, shape.links);
  }
}

/** The one trigger of a fault. Several, none, or a companion key of another trigger are mistakes (then undefined). */
function readTrigger(item: FaultItem, path: Path, mistakes: Mistakes): Trigger | undefined {
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

const OF_SLOTS: readonly string[] = ["migrating", "importing"];
/** States that have a beginning and an end. */
const PROGRESSING: readonly string[] = ["full-sync", "loading", ...OF_SLOTS];

const CONDITIONS = ["state", "log", "since-start", "pause"] as const;

function readCondition(when: FaultItem["when"], path: Path, mistakes: Mistakes): Condition | undefined {
  if (!when) return undefined;
  const { node, state, progress, bytes, log, nth, "since-start": sinceStart, pause } = when;
  const [first, second] = CONDITIONS.filter((key) => when[key] !== undefined);
  if (!first)
    return mistakes.add(path, 'missing key "state", "log", "since-start" or "pause": what to wait for', undefined);
  if (second) return mistakes.addKey([...path, second], `"${second}" beside "${first}"`, "keep one of them");
  if (progress !== undefined && !PROGRESSING.includes(state ?? ""))
    return mistakes.addKey([...path, "progress"], `"progress" goes with state ${PROGRESSING.join(", ")}`);
  if (nth !== undefined && first !== "log" && first !== "pause")
    return mistakes.addKey([...path, "nth"], '"nth" goes with log or pause');
  if (bytes !== undefined && state !== "full-sync")
    return mistakes.addKey([...path, "bytes"], '"bytes" goes with state full-sync');
  if (bytes !== undefined && progress !== undefined)
    return mistakes.addKey([...path, "bytes"], '"bytes" beside "progress"', "keep one of them");
  if (pause !== undefined) {
    if (node === undefined) return { kind: "pause", fault: pause, nth: nth ?? 1 };
    return mistakes.addKey([...path, "node"], '"node" beside "pause": the fault has one', "leave it out");
  }
  if (node === undefined) return mistakes.add(path, 'missing key "node": whose it is');
  if (bytes !== undefined) return { kind: "sync-bytes", node, bytes };
  if (log !== undefined) return { kind: "log", node, pattern: log, nth: nth ?? 1 };
  if (sinceStart !== undefined) return { kind: "since-start", node, after: sinceStart };
  return state && { kind: "state", node, state, progress: progress ?? null };
}
