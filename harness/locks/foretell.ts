import type { LongWait, Prediction } from "../journal/prediction.ts";
import type { LockGraph } from "./graph.ts";
import { GraphNames, type NameOptions } from "./names/graph-names.ts";
import { longWaits } from "./predict/long-waits.ts";
import type { Naming } from "./predict/places.ts";
import { predict } from "./predict/predict.ts";

/** Names lead to stacks, and these to further names: more rounds than this bring nothing new. */
const ROUNDS = 4;

export interface Foretold {
  predictions: Prediction[];
  waits: LongWait[];
  /** What was not looked at or could not be named, in words. */
  incomplete: string[];
}

/**
 * What a graph foretells, with names. Only what is told is looked up: a server's symbols take seconds.
 * @param options.since the run's clock at `graph.started`, ms. Rejects only when aborted
 */
export async function foretell(graph: LockGraph, options: NameOptions & { since: number }): Promise<Foretold> {
  const names = new GraphNames(graph, options);
  const asked = new Asked();
  let named = asked.naming();
  let told = tell(graph, named, options.since);
  for (let round = 0; round < ROUNDS && asked.hasNew; round++) {
    const sites = await names.sites(asked.addresses);
    const stacks = await names.stacks(asked.stacks);
    asked.answered();
    named = asked.naming(
      (address) => sites.get(address)?.site,
      (number) => stacks.get(number)?.names,
    );
    told = tell(graph, named, options.since);
  }
  return { ...told, incomplete: [...told.incomplete, ...names.problems] };
}

function tell(graph: LockGraph, naming: Naming, since: number): Foretold {
  const { predictions, incomplete } = predict(graph, naming, since);
  return { predictions, waits: longWaits(graph, naming, since), incomplete: incomplete === null ? [] : [incomplete] };
}

/** What names are wanted of. */
class Asked {
  readonly addresses = new Set<number>();
  readonly stacks = new Set<number>();
  #answered = 0;

  get hasNew(): boolean {
    return this.addresses.size + this.stacks.size > this.#answered;
  }

  answered(): void {
    this.#answered = this.addresses.size + this.stacks.size;
  }

  naming(
    site: (address: number) => ReturnType<Naming["site"]> | undefined = () => undefined,
    stack: (number: number) => readonly string[] | undefined = () => undefined,
  ): Naming {
    return {
      site: (address) => {
        this.addresses.add(address);
        return site(address) ?? { module: "", offset: address, function: null, source: null };
      },
      stack: (number) => {
        if (number !== null) this.stacks.add(number);
        return number === null ? [] : (stack(number) ?? []);
      },
    };
  }
}
