import type { Random } from "../../base/random.ts";
import { half, maybe, weighted } from "./chance.ts";
import { DRAWN_FAULTS, type Ground } from "./faults.ts";
import { drawLoads, drawPreload } from "./loads.ts";
import { drawSettings } from "./settings.ts";
import { drawTrigger } from "./triggers.ts";

/** What an exploration may draw from. */
export interface Grammar {
  system: string;
  /** Kinds of faults. */
  faults: readonly string[];
  workloads: readonly string[];
  /** Workloads that can be recorded. */
  recordable: readonly string[];
  commands: readonly (readonly string[])[];
  modes: readonly Ground["mode"][];
  /** Settings of the servers are drawn, too. */
  settings: boolean;
}

export type Drawn = Record<string, unknown>;

/** ms */
const SHORTEST = 8_000;
const LONGEST = 20_000;
const MOST_FAULTS = 8;

/**
 * An experiment that nobody wrote. Each draw does without a random half of the kinds of faults and loads, so that those that are left meet
 * more often (swarm testing, Groce et al. 2012).
 */
export function draw(grammar: Grammar, random: Random): Drawn {
  const { system } = grammar;
  const mode = random.pick(grammar.modes);
  const cluster = drawCluster(random, system, mode);
  const length = 1000 * random.int(SHORTEST / 1000, LONGEST / 1000);
  const ground = { ...groundOf(grammar, cluster), random };
  const kinds = half(random, grammar.faults);
  const count = random.int(1, MOST_FAULTS);
  const faults: Drawn[] = [];
  for (let number = 1; number <= count; number++) {
    const fault = drawFault(
      ground,
      kinds,
      number,
      faults.map(({ id }) => String(id)),
      length,
    );
    if (fault) faults.push(fault);
  }
  const single = ground.masters.length === 1 || mode === "cluster";
  const settings = grammar.settings ? drawSettings(random, system) : {};
  const preload = drawPreload(random);
  return {
    title: "Drawn by kvchaos explore",
    systems: [system],
    cluster,
    ...(preload && { preload }),
    ...(Object.keys(settings).length > 0 && { config: { [system]: settings } }),
    ...(mode === "replication" && maybe(random, 0.4) && { "full-sync": "force" }),
    load: drawLoads(random, grammar.workloads, single ? grammar.recordable : []),
    "warm-up": "1s",
    duration: `${length / 1000}s`,
    faults,
    recovery: { within: "30s" },
  };
}

/** One more fault, of one of these kinds; null: none of them can be drawn here. */
export function drawFault(
  ground: Ground,
  kinds: readonly string[],
  number: number,
  others: readonly string[],
  length: number,
): Drawn | null {
  const known = kinds.flatMap((kind) => {
    const fault = DRAWN_FAULTS[kind];
    return fault ? [[{ kind, fault }, fault.weight] as const] : [];
  });
  if (known.length === 0) return null;
  const { kind, fault } = weighted(ground.random, known);
  const params = fault.draw(ground);
  if (!params) return null;
  return { id: `f${number}`, fault: kind, ...drawTrigger(ground, others, length), ...params };
}

function drawCluster(random: Random, system: string, mode: Ground["mode"]): Drawn {
  if (mode === "cluster") return { mode, masters: system === "redis" ? 3 : 2, replicas: 1 };
  if (mode === "sentinel") return { mode, replicas: 2 };
  return weighted<Drawn>(random, [
    [{ replicas: 1 }, 4],
    [{ replicas: 2 }, 3],
    [{ replicas: 2, chain: 2 }, 1],
    [{ masters: 2, replicas: [1, 0] }, 2],
    [{ replicas: 0 }, 0.5],
  ]);
}

/** Who is there, by the names that nodes of a topology have. */
export function groundOf(
  { system, commands }: Pick<Grammar, "system" | "commands">,
  cluster: Drawn,
): Omit<Ground, "random"> {
  const {
    masters = 1,
    replicas = 1,
    mode = "replication",
  } = cluster as { masters?: number; replicas?: number | number[]; mode?: Ground["mode"] };
  const count = Array.isArray(replicas) ? replicas.reduce((all, one) => all + one, 0) : replicas * masters;
  const names = (letter: string, many: number) => Array.from({ length: many }, (_, index) => `${letter}${index + 1}`);
  return { system, mode, commands, masters: names("m", masters), replicas: names("r", count) };
}
