import type { Random } from "../../base/random.ts";
import { half, maybe, weighted } from "./chance.ts";
import { type Drawn, drawFault, type Grammar, groundOf } from "./draw.ts";
import type { Ground } from "./faults.ts";
import { drawLoads, drawPreload } from "./loads.ts";
import { drawSettings } from "./settings.ts";
import { drawTrigger } from "./triggers.ts";

/** What a mutation works on. */
interface Parent {
  document: Drawn;
  grammar: Grammar;
  ground: Ground;
  /** Length of the chaos phase, ms. */
  length: number;
  /** Another member of the corpus. */
  other: Drawn;
}

type Mutation = (parent: Parent) => Drawn;

const faultsOf = (document: Drawn): Drawn[] => (Array.isArray(document.faults) ? (document.faults as Drawn[]) : []);
const MOST_FAULTS = 10;

const add: Mutation = ({ document, grammar, ground, length }) => {
  const faults = faultsOf(document);
  const fault = drawFault(
    ground,
    grammar.faults,
    1,
    faults.map(({ id }) => String(id)),
    length,
  );
  return fault && faults.length < MOST_FAULTS
    ? numbered({ ...document, faults: [...faults, { ...fault, id: "new" }] })
    : document;
};

const drop: Mutation = ({ document, ground }) => {
  const faults = faultsOf(document);
  if (faults.length < 2) return document;
  const gone = ground.random.pick(faults);
  return withFaults(
    document,
    faults.filter((fault) => fault !== gone),
  );
};

const TRIGGER = ["at", "every", "count", "start", "after", "when", "delay"];

const move: Mutation = ({ document, ground, length }) => {
  const faults = faultsOf(document);
  if (faults.length === 0) return document;
  const at = ground.random.int(0, faults.length - 1);
  const others = faults.slice(0, at).map(({ id }) => String(id));
  const trigger = drawTrigger(ground, others, length);
  return withFaults(
    document,
    faults.map((fault, i) =>
      i === at
        ? { id: fault.id, fault: fault.fault, ...trigger, ...without(fault, ["id", "fault", ...TRIGGER]) }
        : fault,
    ),
  );
};

/** Another fault of the same kind, at the same time. */
const swap: Mutation = ({ document, ground, length }) => {
  const faults = faultsOf(document);
  if (faults.length === 0) return document;
  const at = ground.random.int(0, faults.length - 1);
  const old = faults[at] as Drawn;
  const drawn = drawFault(ground, [String(old.fault)], 1, [], length);
  if (!drawn) return document;
  const trigger = Object.fromEntries(Object.entries(old).filter(([key]) => TRIGGER.includes(key)));
  const fault = { id: old.id, fault: old.fault, ...trigger, ...without(drawn, ["id", "fault", ...TRIGGER]) };
  return withFaults(
    document,
    faults.map((one, i) => (i === at ? fault : one)),
  );
};

/** Some faults of another one behind its own. */
const splice: Mutation = ({ document, other, ground }) => {
  const theirs = half(ground.random, faultsOf(other));
  const renamed = new Map(theirs.map(({ id }, index) => [id, `other-${index}`]));
  const added = theirs.map((fault): Drawn => {
    const after = fault.after === undefined ? {} : { after: renamed.get(fault.after) };
    return { ...fault, id: renamed.get(fault.id), ...after };
  });
  return withFaults(document, [...faultsOf(document), ...added].slice(0, MOST_FAULTS));
};

const load: Mutation = ({ document, grammar, ground }) => {
  const single = ground.masters.length === 1 || ground.mode === "cluster";
  return { ...document, load: drawLoads(ground.random, grammar.workloads, single ? grammar.recordable : []) };
};

const timing: Mutation = ({ document, ground }) => {
  const factor = ground.random.pick([0.3, 0.5, 2, 3]);
  const scaled = (value: unknown): unknown => {
    const [, digits, unit] = (typeof value === "string" && /^(\d+(?:\.\d+)?)(ms|s)$/.exec(value)) || [];
    return digits === undefined ? value : `${Number((Number(digits) * factor).toPrecision(2))}${unit}`;
  };
  const faults = faultsOf(document).map((fault) => {
    return maybe(ground.random, 0.6)
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

const settings: Mutation = ({ document, grammar, ground }) => {
  const drawn = grammar.settings ? drawSettings(ground.random, grammar.system) : {};
  return Object.keys(drawn).length === 0
    ? without(document, ["config"])
    : { ...document, config: { [grammar.system]: drawn } };
};

const data: Mutation = ({ document, ground }) => {
  const preload = drawPreload(ground.random);
  return preload ? { ...document, preload } : without(document, ["preload"]);
};

const MUTATIONS: readonly (readonly [Mutation, number])[] = [
  [add, 4],
  [drop, 2],
  [move, 3],
  [swap, 2],
  [splice, 2],
  [load, 1],
  [timing, 2],
  [settings, 1],
  [data, 1],
];

/** The experiment with one to three changes; `other` is another one of the corpus. */
export function mutate(document: Drawn, other: Drawn, grammar: Grammar, random: Random): Drawn {
  const ground = { ...groundOf(grammar, document.cluster as Drawn), random };
  const length = Number.parseFloat(String(document.duration)) * 1000;
  let mutated = document;
  for (let count = random.int(1, 3); count > 0; count--)
    mutated = weighted(random, MUTATIONS)({ document: mutated, grammar, ground, length, other });
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

function without(document: Drawn, keys: readonly string[]): Drawn {
  return Object.fromEntries(Object.entries(document).filter(([key]) => !keys.includes(key)));
}
