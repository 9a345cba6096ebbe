import type { Random } from "../../base/random.ts";
import { half, maybe, weighted } from "./chance.ts";
import type { Drawn } from "./drawn.ts";
import { DRAWN_FAULTS, type Field } from "./faults.ts";
import { fitted } from "./fit.ts";
import { drawLoads, drawPreload } from "./loads.ts";
import { drawSettings } from "./settings.ts";
import { drawTrigger, type Earlier } from "./triggers.ts";

/** What an exploration may draw from. */
export interface Grammar {
  system: string;
  /** Kinds of faults. */
  faults: readonly string[];
  workloads: readonly string[];
  /** Workloads that can be recorded. */
  recordable: readonly string[];
  /** Workloads whose operations take several commands. */
  talking: readonly string[];
  commands: readonly (readonly string[])[];
  modes: readonly Field["mode"][];
  /** Settings of the servers are drawn, too. */
  settings: boolean;
  /** Servers' locks are looked at in some experiments, most often with noise. */
  locks?: boolean;
  /** Clusters that are drawn instead of topologies, as a file names them, and who is there. */
  clusters?: readonly GivenCluster[];
  /** Regular expressions for lines of logs that faults may wait for. */
  lines?: readonly string[];
  /** How often a kind of fault has come so far: what has seldom come is drawn rather. */
  tried?(kind: string): number;
}

/** A Compose file of the user's. */
export interface GivenCluster extends Pick<Field, "masters" | "replicas" | "mode"> {
  file: string;
}

const GROUND = ["cluster", "config", "full-sync"] as const;
/** What a cluster is made of: experiments with the same ground can have the same one. */
export type Ground = Partial<Record<(typeof GROUND)[number], unknown>>;

export function groundOf(document: Drawn): Ground {
  return Object.fromEntries(GROUND.flatMap((key) => (document[key] === undefined ? [] : [[key, document[key]]])));
}

/** ms */
const SHORTEST = 8_000;
const LONGEST = 20_000;
const MOST_FAULTS = 8;
const TRIES = 3;
/** They take seconds: what comes again before the first is over finds nobody. */
const SLOW: ReadonlySet<string> = new Set(["kill", "restart", "shutdown", "migrate-slots"]);
/** How often locks are looked at: it slows the servers down. */
const LOCKS = 0.08;
/** How often full syncs are to be met, where they can be had: most of what goes wrong in replication goes wrong in them. */
const SYNCS = 0.5;
/** What brings a full sync where they are to be met. */
const BRINGS_SYNC = "switch-master";
/** A kind of fault that has never come is drawn so many times as often, and more. */
const UNTRIED = 3;

/**
 * An experiment that nobody wrote. Each draw does without a random half of the kinds of faults and loads, so that those that are left meet
 * more often (swarm testing, Groce et al. 2012).
 */
export function draw(grammar: Grammar, random: Random, given: Ground | null = null): Drawn {
  const { system } = grammar;
  const ground = given ?? drawGround(grammar, random);
  const length = drawLength(random);
  const field = { ...fieldOf(grammar, ground), random };
  const kinds = half(random, grammar.faults);
  const count = Math.max(random.int(1, MOST_FAULTS), random.int(1, MOST_FAULTS / 2));
  // Who waits for a full sync needs something that brings one.
  const first = field.syncs && drawFault(field, grammar.faults.filter(bringsSync), 1, [], length);
  const faults: Drawn[] = first ? [first] : [];
  // Not every kind can be drawn for every cluster.
  for (let tries = 0; tries < TRIES * count && faults.length < count; tries++) {
    const fault = drawFault(field, kinds, faults.length + 1, faults, length);
    if (fault) faults.push(fault);
  }
  const single = field.masters.length === 1 || field.mode === "cluster";
  const preload = drawPreload(random, field.syncs);
  const { cluster, ...servers } = ground;
  return {
    title: "Drawn by kvchaos explore",
    systems: [system],
    cluster,
    ...(preload && { preload }),
    ...servers,
    // The library that sees locks is there from a server's start on.
    ...(given === null && grammar.locks && maybe(random, LOCKS) && drawLocks(random)),
    load: drawLoads(random, grammar.workloads, single ? grammar.recordable : [], grammar.talking),
    "warm-up": "1s",
    duration: `${length / 1000}s`,
    faults,
    recovery: { within: "30s" },
    // What comes after a server hangs for ever is that hang's doing.
    "stop-on": "first-finding",
  };
}

/** Rather long than short: what comes before and after it takes as long for both. ms */
function drawLength(random: Random): number {
  const [shortest, longest] = [SHORTEST / 1000, LONGEST / 1000];
  return 1000 * Math.max(random.int(shortest, longest), random.int(shortest, longest));
}

const bringsSync = (kind: string): boolean => kind === BRINGS_SYNC;

/** Which locks threads take; and short pauses where they ask for them, so that races become wider. */
function drawLocks(random: Random): Drawn {
  if (maybe(random, 0.25)) return { locks: true };
  return {
    locks: true,
    noise: { probability: random.pick(["0.5%", "2%", "10%"]), longest: random.pick(["1ms", "5ms", "20ms"]) },
  };
}

function drawGround({ system, modes, settings, clusters = [] }: Grammar, random: Random): Ground {
  const given = clusters.length > 0 ? random.pick(clusters) : null;
  const mode = given?.mode ?? random.pick(modes);
  const syncs = mode === "replication" && maybe(random, SYNCS);
  const cluster = given?.file ?? drawCluster(random, system, { mode, syncs });
  const config = settings ? drawSettings(random, system, syncs) : {};
  return {
    cluster,
    ...(Object.keys(config).length > 0 && { config: { [system]: config } }),
    ...(syncs && { "full-sync": "force" }),
  };
}

/** One more fault, of one of these kinds; null: none of them can be drawn here. */
export function drawFault(
  field: Field,
  kinds: readonly string[],
  number: number,
  others: readonly Drawn[],
  length: number,
): Drawn | null {
  const known = kinds.flatMap((kind) => {
    const fault = DRAWN_FAULTS[kind];
    if (!fault) return [];
    const untried = field.tried ? UNTRIED / (1 + field.tried(kind)) : 0;
    return [[{ kind, fault }, fault.weight * (1 + untried)] as const];
  });
  if (known.length === 0) return null;
  const { kind, fault } = weighted(field.random, known);
  const params = fault.draw(field);
  if (!params) return null;
  const drawn = drawTrigger(field, earlierOf(others), length, kind);
  const trigger = drawn.every !== undefined && SLOW.has(kind) ? { at: drawn.start } : drawn;
  return fitted({ id: `f${number}`, fault: kind, ...trigger, ...params }, others, length);
}

function drawCluster(random: Random, system: string, { mode, syncs }: Pick<Field, "mode" | "syncs">): Drawn {
  if (mode === "cluster") return { mode, masters: system === "redis" ? 3 : 2, replicas: 1 };
  if (mode === "sentinel") return { mode, replicas: 2 };
  return weighted<Drawn>(random, [
    [{ replicas: 1 }, syncs ? 2 : 4],
    [{ replicas: 2 }, syncs ? 2 : 3],
    [{ replicas: 2, chain: 2 }, 1],
    // Of two masters with data of their own a replica has to copy everything, whenever it goes from one to the other.
    [{ masters: 2, replicas: [1, 0] }, syncs ? 8 : 2],
    [{ replicas: 0 }, syncs ? 0 : 0.5],
  ]);
}

export function earlierOf(faults: readonly Drawn[]): Earlier[] {
  return faults.map(({ id, fault }) => ({ id: String(id), fault: String(fault) }));
}

/** Who is there, by the names that nodes of a topology have. */
export function fieldOf(
  {
    system,
    commands,
    clusters = [],
    lines = [],
    tried,
  }: Pick<Grammar, "system" | "commands" | "clusters" | "lines" | "tried">,
  ground: Ground,
): Omit<Field, "random"> {
  const { cluster } = ground;
  const common = { system, commands, lines, syncs: ground["full-sync"] === "force", ...(tried && { tried }) };
  const given = clusters.find(({ file }) => file === cluster);
  if (given) return { ...given, ...common };
  const {
    masters = 1,
    replicas = 1,
    mode = "replication",
  } = cluster as { masters?: number; replicas?: number | number[]; mode?: Field["mode"] };
  const count = Array.isArray(replicas) ? replicas.reduce((all, one) => all + one, 0) : replicas * masters;
  const names = (letter: string, many: number) => Array.from({ length: many }, (_, index) => `${letter}${index + 1}`);
  return { ...common, mode, masters: names("m", masters), replicas: names("r", count) };
}
