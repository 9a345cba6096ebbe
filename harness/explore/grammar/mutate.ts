import type { Random } from "../../base/random.ts";
import { half, maybe, weighted } from "./chance.ts";
import { drawFault, earlierOf, fieldOf, type Grammar } from "./draw.ts";
import type { Drawn } from "./drawn.ts";
import type { Field } from "./faults.ts";
import { fitted } from "./fit.ts";
import { drawLoads, drawPreload } from "./loads.ts";
import { drawSettings } from "./settings.ts";
import { drawTrigger } from "./triggers.ts";

/** What a mutation works on. */
interface Parent {
  document: Drawn;
  grammar: Grammar;
  field: Field;
  /** Length of the chaos phase, ms. */
  length: number;
  /** Another member of the corpus. */
  other: Drawn;
}

type Mutation = (parent: Parent) => Drawn;

const faultsOf = (document: Drawn): Drawn[] => (Array.isArray(document.faults) ? (document.faults as Drawn[]) : []);
const MOST_FAULTS = 10;

/** Rather of a kind that it does not have yet: two of a kind meet in what is drawn anew. */
const add: Mutation = ({ document, grammar, field, length }) => {
  const faults = faultsOf(document);
  const absent = grammar.faults.filter((kind) => faults.every(({ fault }) => fault !== kind));
  const kinds = absent.length > 0 && maybe(field.random, 0.7) ? [field.random.pick(absent)] : grammar.faults;
  const fault = drawFault(field, kinds, 1, faults, length);
  return fault && faults.length < MOST_FAULTS
    ? numbered({ ...document, faults: [...faults, { ...fault, id: "new" }] })
    : document;
};

const drop: Mutation = ({ document, field }) => {
  const faults = faultsOf(document);
  if (faults.length < 2) return document;
  const gone = field.random.pick(faults);
  return withFaults(
    document,
    faults.filter((fault) => fault !== gone),
  );
};

const TRIGGER = ["at", "every", "count", "start", "after", "when", "delay"];

const move: Mutation = ({ document, field, length }) => {
  const faults = faultsOf(document);
  if (faults.length === 0) return document;
  const at = field.random.int(0, faults.length - 1);
  const others = earlierOf(faults.slice(0, at));
  const trigger = drawTrigger(field, others, length, String((faults[at] as Drawn).fault));
  return withFaults(
    document,
    faults.map((fault, i) =>
      i === at
        ? fitted(
            { id: fault.id, fault: fault.fault, ...trigger, ...without(fault, ["id", "fault", ...TRIGGER]) },
            faults,
            length,
          )
        : fault,
    ),
  );
};

/** Another fault of the same kind, at the same time. */
const swap: Mutation = ({ document, field, length }) => {
  const faults = faultsOf(document);
  if (faults.length === 0) return document;
  const at = field.random.int(0, faults.length - 1);
  const old = faults[at] as Drawn;
  const drawn = drawFault(field, [String(old.fault)], 1, [], length);
  if (!drawn) return document;
  const trigger = Object.fromEntries(Object.entries(old).filter(([key]) => TRIGGER.includes(key)));
  const fault = { id: old.id, fault: old.fault, ...trigger, ...without(drawn, ["id", "fault", ...TRIGGER]) };
  return withFaults(
    document,
    faults.map((one, i) => (i === at ? fault : one)),
  );
};

/** Some faults of another one behind its own, as far as they mean something here. */
const splice: Mutation = ({ document, other, field }) => {
  const names = [...field.masters, ...field.replicas];
  const { mode } = fieldOf({ system: field.system, commands: [] }, other);
  const means = (fault: Drawn): boolean =>
    [...JSON.stringify(fault).matchAll(/\b[mrs]\d+\b/g)].every(([name]) => names.includes(name)) &&
    (mode === field.mode || !["switch-master", "migrate-slots"].includes(String(fault.fault)));
  const chosen = half(field.random, faultsOf(other));
  const theirs = chosen.filter(means);
  const renamed = new Map(theirs.map(({ id }, index) => [id, `other-${index}`]));
  const added = theirs.map((fault): Drawn => {
    const { after, delay, ...rest } = fault;
    const follows = after === undefined ? undefined : renamed.get(after);
    // What it followed was left behind.
    const trigger = after === undefined ? { delay } : follows ? { after: follows, delay } : { at: delay ?? "0ms" };
    return { ...rest, id: renamed.get(fault.id), ...defined(trigger) };
  });
  return withFaults(document, [...faultsOf(document), ...added].slice(0, MOST_FAULTS));
};

const load: Mutation = ({ document, grammar, field }) => {
  const single = field.masters.length === 1 || field.mode === "cluster";
  return {
    ...document,
    load: drawLoads(field.random, grammar.workloads, single ? grammar.recordable : [], grammar.talking),
  };
};

const timing: Mutation = ({ document, field }) => {
  const factor = field.random.pick([0.3, 0.5, 2, 3]);
  const scaled = (value: unknown): unknown => {
    const [, digits, unit] = (typeof value === "string" && /^(\d+(?:\.\d+)?)(ms|s)$/.exec(value)) || [];
    return digits === undefined ? value : `${Number((Number(digits) * factor).toPrecision(2))}${unit}`;
  };
  const faults = faultsOf(document).map((fault) => {
    return maybe(field.random, 0.6)
      ? Object.fromEntries(
          Object.entries(fault).map(([key, value]) => [
            key,
            key === "delay" || key === "for" || key === "at" ? scaled(value) : value,
          ]),
        )
      : fault;
  });
  return { ...document, faults };
};

const settings: Mutation = ({ document, grammar, field }) => {
  const drawn = grammar.settings ? drawSettings(field.random, grammar.system, field.syncs) : {};
  return Object.keys(drawn).length === 0
    ? without(document, ["config"])
    : { ...document, config: { [grammar.system]: drawn } };
};

const data: Mutation = ({ document, field }) => {
  const preload = drawPreload(field.random, field.syncs);
  return preload ? { ...document, preload } : without(document, ["preload"]);
};

const MUTATIONS: readonly (readonly [Mutation, number])[] = [
  [add, 6],
  [drop, 1.5],
  [move, 3],
  [swap, 2],
  [splice, 2],
  [load, 1],
  [timing, 2],
  [settings, 1],
  [data, 1],
];

const STAYING = MUTATIONS.filter(([mutation]) => mutation !== settings);

/**
 * The experiment with one to three changes; `other` is another one of the corpus.
 * @param stays the servers are configured as they are
 */
export function mutate(document: Drawn, other: Drawn, grammar: Grammar, random: Random, stays = false): Drawn {
  const field = { ...fieldOf(grammar, document), random };
  const length = Number.parseFloat(String(document.duration)) * 1000;
  let mutated = document;
  for (let count = random.int(1, 3); count > 0; count--)
    mutated = weighted(random, stays ? STAYING : MUTATIONS)({ document: mutated, grammar, field, length, other });
  return mutated;
}

/** Those that wait for one that is gone go with it. */
function withFaults(document: Drawn, faults: readonly Drawn[]): Drawn {
  const ids = new Set(faults.map(({ id }) => id));
  const left = faults.filter(({ after }) => after === undefined || ids.has(after));
  return left.length < faults.length ? withFaults(document, left) : numbered({ ...document, faults: left });
}

/** Faults are named f1, f2, … in their order. */
function numbered(document: Drawn): Drawn {
  const faults = faultsOf(document);
  const names = new Map(faults.map(({ id }, index) => [id, `f${index + 1}`]));
  return {
    ...document,
    faults: faults.map((fault) => ({
      ...fault,
      id: names.get(fault.id),
      ...(fault.after !== undefined && { after: names.get(fault.after) }),
    })),
  };
}

function defined(document: Drawn): Drawn {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined));
}

function without(document: Drawn, keys: readonly string[]): Drawn {
  return Object.fromEntries(Object.entries(document).filter(([key]) => !keys.includes(key)));
}
