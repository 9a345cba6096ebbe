import { createHash } from "node:crypto";
import type { ClusterMember } from "../systems/system.ts";
import type { Address, Topology } from "./cluster.ts";
import { slotOf, slotShares, tagsWithin } from "./slots.ts";

/*
 *   who has which slots                     what node r1 is told (its own view)
 *   m1 0-8191    ──► intended topology ──►  <m1> <link r1 -> m1> master - 0-8191
 *   m2 8192-…                               <r1> r1:6666         slave <m1>
 *                                           <m2> <link r1 -> m2> master - 8192-16383
 */

interface Share {
  slots: [number, number];
  /** Prefixes of keys that are this shard's, each of another slot. */
  tags: readonly string[];
}

/** The keys of loads and preload are in so many slots of a shard at most. */
export const MOST_TAGS = 64;

/** Cluster mode: which master has which slots, followed through promotions, and the topology as each node should see it. */
export class Shards {
  #shares: Map<string, Share>;
  /** Slots that another master has got since, by slot. */
  readonly #moved = new Map<number, string>();
  /** Slots that are on their way right now. */
  #moving: readonly number[] = [];
  readonly #ids = new Map<string, string>();
  #version = 0;

  constructor(masters: readonly string[]) {
    const slots = slotShares(masters.length);
    this.#shares = new Map(
      masters.map((master, i) => {
        const own = slots[i] as [number, number];
        return [master, { slots: own, tags: tagsWithin(own, MOST_TAGS) }];
      }),
    );
  }

  /** A node has a name of its own: from now on `id` says it. */
  learnId(node: string, id: string): void {
    this.#ids.set(node, id);
  }

  /** A node's name for other nodes: 40 hexadecimal digits. */
  id(node: string): string {
    return this.#ids.get(node) ?? createHash("sha1").update(`kvchaos ${node}`).digest("hex");
  }

  /** Topologies are numbered; a server ignores a number it has seen and refuses a lower one. */
  nextVersion(): number {
    this.#version += 1;
    return this.#version;
  }

  /** The number that was handed out last. */
  get version(): number {
    return this.#version;
  }

  /** Slots that the experiment's own commands gave to another master. */
  get movedSlots(): number[] {
    return [...this.#moved.keys()];
  }

  /** A slot is this master's from now on, and follows it through promotions. */
  moveSlot(slot: number, to: string): void {
    this.#moved.set(slot, to);
  }

  /** These slots are on their way: of them nobody can say whose they are. */
  setMoving(slots: readonly number[]): void {
    this.#moving = slots;
  }

  /** All slots of this master at this moment: first those that loads and preload take first on its shard, then the others in order. */
  ownSlots(master: string): number[] {
    const all = new Set(
      this.#ranges(master).flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i)),
    );
    const tagged = this.tags(master).map(slotOf);
    return [...new Set([...tagged.filter((slot) => all.has(slot)), ...all])];
  }

  /** A slot that this master has had from the beginning, by which its shard is known; null: it has none left. */
  lasting(master: string): number | null {
    const share = this.#shares.get(master)?.slots;
    if (!share) return null;
    for (let slot = share[0]; slot <= share[1]; slot++) {
      if (!this.#moved.has(slot) && !this.#moving.includes(slot)) return slot;
    }
    return null;
  }

  /** Prefix of keys that belong to this master; "" for a node that has no slots. */
  tag(master: string): string {
    return this.tags(master, 1)[0] ?? "";
  }

  /** So many such prefixes, each of another slot; [""] for a node that has no slots. */
  tags(master: string, count = MOST_TAGS): string[] {
    return this.#shares.get(master)?.tags.slice(0, count) ?? [""];
  }

  /** The slots that this master began with, both ends included; null for a node that has none. */
  slots(master: string): readonly [number, number] | null {
    return this.#shares.get(master)?.slots ?? null;
  }

  /** All slots of this master at this moment, as ranges with both ends included. */
  #ranges(master: string): [number, number][] {
    const share = this.#shares.get(master);
    if (!share) return [];
    const away = [...this.#moved].filter(([, to]) => to !== master).map(([slot]) => slot);
    const come = [...this.#moved].filter(([, to]) => to === master).map(([slot]) => slot);
    const ranges: [number, number][] = [];
    let [from, last] = share.slots;
    for (const slot of away.filter((one) => one >= from && one <= last).sort((a, b) => a - b)) {
      if (slot > from) ranges.push([from, slot - 1]);
      from = slot + 1;
    }
    if (from <= last) ranges.push([from, last]);
    const own = come.filter((slot) => slot < share.slots[0] || slot > share.slots[1]);
    return [...ranges, ...own.map((slot): [number, number] => [slot, slot])];
  }

  /** Follows a changed intention: a promoted replica takes over the slots of the master it had. */
  follow(before: Readonly<Topology>, now: Readonly<Topology>): void {
    const shares = new Map<string, Share>();
    for (const master of now.masters) {
      const share = this.#shares.get(master) ?? this.#shares.get(before.replicaOf[master] ?? "");
      if (share) shares.set(master, share);
    }
    this.#shares = shares;
    for (const [slot, master] of this.#moved) {
      const heir = now.masters.find((one) => before.replicaOf[one] === master);
      if (!now.masters.includes(master) && heir !== undefined) this.#moved.set(slot, heir);
    }
  }

  /** The topology as one node should see it: everybody else under the address of its own link to them. */
  members({ masters, replicaOf }: Readonly<Topology>, address: (to: string) => Address): ClusterMember[] {
    return [...masters, ...Object.keys(replicaOf)].map((node) => {
      const master = replicaOf[node];
      return {
        id: this.id(node),
        ...address(node),
        master: master === undefined ? null : this.id(master),
        slots: this.#ranges(node),
      };
    });
  }
}
