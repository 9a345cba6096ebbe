import path from "node:path";
import type { LockPlace, LockSite } from "../../journal/prediction.ts";
import type { Dependency, HeldWait, LockGraph } from "../graph.ts";
import type { LockCall } from "../names/graph-names.ts";
import { KeptStacks } from "../names/kept-stacks.ts";

/** Names of what stands in a lock graph: GraphNames. */
export interface Naming {
  /** In the order in which the calls come. */
  places(calls: readonly LockCall[]): Promise<readonly LockPlace[]>;
  /** @param numbers of kept stacks */
  stacks(numbers: Iterable<number>): Promise<Stacks>;
  /** What could not be named, in words. */
  readonly problems: readonly string[];
}

/** Names of functions, innermost first. */
type Stacks = ReadonlyMap<number, { names: readonly string[] }>;

/** A moment of a thread that is told of. */
type Moment = Dependency | HeldWait;

/** Where a lock is taken, for people: "Server::AddMaster", or "libstorage.so+0x1f20". */
export function placeOf({ site, caller }: LockPlace): string {
  const own = caller ?? site;
  return own.function ?? offsetIn(own);
}

/** Where in a file, as addr2line and pauses take it: "libstorage.so+0x1f20". */
export function offsetIn({ module, offset }: LockSite): string {
  return `${path.posix.basename(module)}+0x${offset.toString(16)}`;
}

const NOWHERE: LockPlace = { site: { module: "", offset: 0, function: null, source: null }, caller: null };

/** The names of what is told, all asked for at once: a server's symbols take seconds. */
export class Places {
  /** Where it wanted or waited, and then where it had taken each lock that it held. */
  readonly #places: ReadonlyMap<Moment, readonly LockPlace[]>;
  readonly #stacks: Stacks;

  private constructor(places: ReadonlyMap<Moment, readonly LockPlace[]>, stacks: Stacks) {
    this.#places = places;
    this.#stacks = stacks;
  }

  static async find(
    { dependencies }: Pick<LockGraph, "dependencies">,
    told: Iterable<Moment>,
    naming: Naming,
  ): Promise<Places> {
    const kept = new KeptStacks(dependencies);
    const moments = [...new Set(told)].map((moment) => ({ moment, calls: callsOf(moment, kept) }));
    // First: what is known of stacks is not looked up again for places.
    const stacks = await naming.stacks(moments.flatMap(({ calls }) => calls.flatMap(({ stack }) => stack ?? [])));
    const places = (await naming.places(moments.flatMap(({ calls }) => calls))).values();
    const byMoment = moments.map(
      ({ moment, calls }) => [moment, calls.map(() => places.next().value ?? NOWHERE)] as const,
    );
    return new Places(new Map(byMoment), stacks);
  }

  /** Where it wanted a lock, or waited. */
  of(moment: Moment): LockPlace {
    return this.#places.get(moment)?.[0] ?? NOWHERE;
  }

  /** @param i of those that it held */
  held(moment: Moment, i: number): LockPlace {
    return this.#places.get(moment)?.[i + 1] ?? NOWHERE;
  }

  /** Empty: it could not be had. */
  stack({ stack }: Moment): string[] {
    return stack === null ? [] : [...(this.#stacks.get(stack)?.names ?? [])];
  }
}

function callsOf(moment: Moment, kept: KeptStacks): LockCall[] {
  const { thread, holds, stack } = moment;
  const own =
    "wants" in moment
      ? { site: moment.wants.site, stack: stack ?? kept.find(thread, holds, moment.wants) }
      : { site: moment.site, stack };
  return [own, ...holds.map((use, i) => ({ site: use.site, stack: kept.find(thread, holds.slice(0, i), use) }))];
}
