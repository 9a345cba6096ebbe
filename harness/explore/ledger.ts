/** A bug, as far as its findings have one signature. */
export interface Bug {
  signature: string;
  /** Name of its folder below `found/`. */
  name: string;
  /** Experiments that showed it. */
  experiments: number[];
  /** Of the same plan: so many runs showed it again. null: not tried yet. */
  again: { shown: number; of: number } | null;
  /** One of its findings carries a proof of its own. */
  proved: boolean;
  /** Kinds of the faults that it takes, once it was shrunk. */
  kinds: string[] | null;
  /** Kinds of faults that all experiments have that showed it. */
  common: string[];
  /** The issue that is known for it. */
  known: string | null;
}

/** What a finding counts for. */
export type Standing = "proved" | "came back" | "seen once";

/** So few kinds of faults in common say what leads to a bug. */
const FEW = 3;

/** It counts only when it came back, or proves itself. */
export function standingOf({ proved, again, experiments }: Pick<Bug, "proved" | "again" | "experiments">): Standing {
  if ((again?.shown ?? 0) > 0 || experiments.length > 1) return "came back";
  return proved ? "proved" : "seen once";
}

/** Every signature that an exploration has seen. */
export class Ledger {
  readonly #bugs = new Map<string, Bug>();

  get bugs(): readonly Bug[] {
    return [...this.#bugs.values()];
  }

  /** The bug of a signature, and whether this is the first time. */
  note(
    signature: string,
    {
      experiment,
      proved,
      known,
      faults = new Set(),
    }: { experiment: number; proved: boolean; known: string | null; faults?: ReadonlySet<string> },
  ): { bug: Bug; first: boolean } {
    const before = this.#bugs.get(signature);
    if (before) {
      before.common = before.common.filter((kind) => faults.has(kind));
      if (!before.experiments.includes(experiment)) before.experiments.push(experiment);
      before.proved ||= proved;
      return { bug: before, first: false };
    }
    const bug: Bug = {
      signature,
      name: this.#nameFor(signature),
      experiments: [experiment],
      again: null,
      proved,
      kinds: null,
      common: [...faults],
      known,
    };
    this.#bugs.set(signature, bug);
    return { bug, first: true };
  }

  /** Puts one back that an earlier session has noted. */
  restore(bug: Bug): void {
    this.#bugs.set(bug.signature, bug);
  }

  /** Would faults of these kinds lead to a bug that is known by now? As long as it is not shrunk, what its experiments have in common tells. */
  leadsToKnown(kinds: ReadonlySet<string>): boolean {
    return this.bugs.some((bug) => {
      const takes = bug.kinds ?? (bug.experiments.length > 1 && bug.common.length <= FEW ? bug.common : []);
      return takes.length > 0 && takes.every((kind) => kinds.has(kind));
    });
  }

  #nameFor(signature: string): string {
    const plain = signature
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .slice(0, 60)
      .replace(/^-|-$/g, "");
    const taken = new Set(this.bugs.map(({ name }) => name));
    for (let number = 1; ; number++) {
      const name = number === 1 ? plain : `${plain}-${number}`;
      if (!taken.has(name)) return name;
    }
  }
}
