import { slotOf } from "../../cluster/slots.ts";
import type { EventOf } from "../../journal/events.ts";
import { loadInSlot } from "../../journal/loads/load-in-slot.ts";
import type { RunRecord } from "../../journal/record.ts";
import { lineage } from "../causes.ts";
import { interruptions } from "./interruptions.ts";
import { settledFrom, type Term } from "./term.ts";

/*
 *   topology     m1 ════════════════╗ r1 ═══════════════════════►      who is master of a shard, as the operator wants it
 *   kill                  ✗──✓      ║                                   interruptions: state may be lost, role may be another
 *   terms        [──m1───]  [──m1───][··│──────r1────────────────►      └ settled: INFO has said "master" since
 *                                                              open: nothing happened to it until the end
 */

/** What one topology event made of the shards. */
interface Layout {
  t: number;
  /** Master → shard. */
  masters: Map<string, number>;
  /** Every node → shard. */
  shardOf: Map<string, number>;
}

/**
 * Shards, each a dataset with one master and its replicas, followed through promotions as Shards does it for slots: a
 * promoted replica takes over what its master had.
 */
export class Masters {
  /** In order of time. */
  readonly terms: readonly Term[];
  readonly shards: number;
  /** Why shards cannot be told apart, or null. */
  readonly doubt: string | null;
  readonly #layouts: readonly Layout[];
  readonly #moves: readonly EventOf<"load-moved">[];
  /** Those, and the slot's migrations that were begun: some of its keys may have been at the other end, or be there. In order of time. */
  readonly #visits: readonly { t: number; from: string; to: string }[];

  /** @param load as this load's keys see them; absent: as those do that stay in their shard */
  constructor(record: RunRecord, load?: string) {
    const { layouts, shards, doubt } = layoutsOf(record);
    this.#moves = load === undefined ? [] : movesOf(record, load);
    const slot = load === undefined ? null : slotOfLoad(record, load);
    const begun = record.of("slot-move").filter((event) => event.slot === slot && event.step === "begin");
    this.#visits = [...this.#moves, ...begun].sort((a, b) => a.t - b.t);
    this.#layouts = layouts;
    this.shards = shards;
    this.doubt = doubt;
    this.terms = termsOf(record, layouts);
  }

  /** undefined: the node belonged to no shard at that time. */
  shardAt(node: string, t: number): number | undefined {
    const shard = this.#layoutAt(t)?.shardOf.get(node);
    if (this.#visits.length === 0 || shard === undefined) return shard;
    const homes = this.#homes();
    return homes.includes(shard) ? homes[0] : shard;
  }

  /** The shards that the load's keys were in, the first one first. */
  #homes(): (number | undefined)[] {
    return this.#visits.flatMap(({ t, from, to }) => [from, to].map((one) => this.#layoutAt(t)?.shardOf.get(one)));
  }

  /** The load's keys were, or may have been, in more shards than one: what one master had confirmed another may have lost. */
  get isMoved(): boolean {
    return this.#visits.length > 0;
  }

  /** The slot of one load's keys went from shard to shard: whose operations are all of the first one, whoever did them. */
  get moves(): readonly EventOf<"load-moved">[] {
    return this.#moves;
  }

  /** The shards that a moved load's keys came to, in order; [] for one that stayed. */
  get movedTo(): readonly number[] {
    return this.#moves.flatMap(({ t, to }) => this.#layoutAt(t)?.shardOf.get(to) ?? []);
  }

  isMasterAt(node: string, t: number): boolean {
    return this.#layoutAt(t)?.masters.has(node) ?? false;
  }

  /** How many replicas a shard had. */
  replicasAt(shard: number, t: number): number {
    const { shardOf, masters } = this.#layoutAt(t) ?? {};
    return [...(shardOf ?? [])].filter(([node, own]) => own === shard && !masters?.has(node)).length;
  }

  /** Nodes and their shards in the end. Of a moved load only the master that has it: its replicas may not know of the slot yet. */
  get members(): ReadonlyMap<string, number> {
    const last = this.#layouts.at(-1);
    const [home, to] = [this.#moves[0]?.from, this.#moves.at(-1)?.to];
    if (home === undefined || to === undefined) return last?.shardOf ?? new Map();
    const shard = this.shardAt(home, this.#moves[0]?.t ?? 0);
    const master = [...(last?.masters ?? [])].find(([, own]) => own === last?.shardOf.get(to))?.[0];
    return new Map(master === undefined || shard === undefined ? [] : [[master, shard]]);
  }

  /** The same, when no node ever changed its shard: one look-up instead of one per operation. null: some did. */
  get fixed(): ReadonlyMap<string, number> | null {
    if (this.#visits.length > 0) return null;
    const all = new Map<string, number>();
    for (const { shardOf } of this.#layouts) {
      for (const [node, shard] of shardOf) {
        if ((all.get(node) ?? shard) !== shard) return null;
        all.set(node, shard);
      }
    }
    return all;
  }

  /**
   * Since when the node has been a master to which nothing happened until the end, and so have those of all shards in which the load's keys
   * were; Infinity: it is none.
   */
  openFrom(node: string): number {
    const homes = this.#homes();
    const others = [...(this.#layouts.at(-1)?.masters ?? [])].flatMap(([name, shard]) =>
      homes.includes(shard) ? name : [],
    );
    return Math.max(...[node, ...others].map((name) => this.#ownOpenFrom(name)));
  }

  #ownOpenFrom(node: string): number {
    return this.terms.findLast((term) => term.node === node && term.to === Infinity)?.from ?? Infinity;
  }

  #layoutAt(t: number): Layout | undefined {
    return this.#layouts.findLast((layout) => layout.t <= t) ?? this.#layouts[0];
  }
}

/** Of a load's part in one slot; of older journals, of a shard's part, all of which was in one. */
function movesOf(record: RunRecord, load: string): EventOf<"load-moved">[] {
  return record.of("load-moved").filter((move) => move.load === load || loadInSlot(move.load, move.slot) === load);
}

/** The slot of a recorded load's keys, which all have the same tag; null: it is not known. */
function slotOfLoad(record: RunRecord, load: string): number | null {
  const prefix = record.of("history").find((event) => event.load === load)?.shape.prefix;
  return prefix === undefined ? null : slotOf(prefix);
}

function layoutsOf(record: RunRecord): { layouts: Layout[]; shards: number; doubt: string | null } {
  const layouts: Layout[] = [];
  let shards = 0;
  let doubt: string | null = null;
  for (const { t, masters: names, replicaOf } of record.of("topology")) {
    const before = layouts.at(-1);
    const masters = new Map<string, number>();
    const taken = new Set<number>();
    const stayed = names.filter((name) => before?.masters.has(name));
    for (const name of [...stayed, ...names.filter((one) => !stayed.includes(one))]) {
      const own = before?.masters.get(name) ?? before?.shardOf.get(name);
      if (own !== undefined && taken.has(own)) doubt = `${name} was made a master beside the master that it had`;
      const shard = own === undefined || taken.has(own) ? shards++ : own;
      taken.add(shard);
      masters.set(name, shard);
    }
    const shardOf = new Map(masters);
    for (const replica of Object.keys(replicaOf)) {
      const shard = masters.get(lineage(replica, replicaOf).at(-1) ?? replica);
      if (shard !== undefined) shardOf.set(replica, shard);
    }
    layouts.push({ t, masters, shardOf });
  }
  return { layouts, shards, doubt };
}

function termsOf(record: RunRecord, layouts: readonly Layout[]): Term[] {
  const terms: Term[] = [];
  const seen = new Set<number>();
  const open = new Map<string, Term>();
  for (const { t, masters } of layouts) {
    for (const term of open.values()) {
      if (masters.get(term.node) === term.shard) continue;
      term.to = t;
      open.delete(term.node);
    }
    for (const [node, shard] of masters) {
      if (open.has(node)) continue;
      const first = !seen.has(shard);
      seen.add(shard);
      const term = { shard, node, from: t, settled: t, to: Infinity, first };
      terms.push(term);
      open.set(node, term);
    }
  }
  const settled = terms.flatMap((term) => (term.first ? [term] : settledFrom(record, term)));
  return settled.flatMap((term) => interrupted(record, term)).sort((a, b) => a.from - b.from);
}

/** A term without the stretches in which something happened to its node. */
function interrupted(record: RunRecord, whole: Term): Term[] {
  const parts: Term[] = [];
  let rest: Term | null = whole;
  for (const { from, to } of interruptions(record, whole)) {
    if (!rest || to <= rest.from || from >= rest.to) continue;
    if (from > rest.from) parts.push({ ...rest, to: from, settled: Math.min(rest.settled, from) });
    rest = to < rest.to ? { ...rest, from: to, settled: Math.max(rest.settled, to), first: false } : null;
  }
  return rest ? [...parts, rest] : parts;
}
