import type { Emit, EventOf } from "../../journal/events.ts";
import type { Ruler } from "../../journal/ruler.ts";
import type { Address, Topology } from "../cluster.ts";
import type { Shards } from "../shards.ts";
import type { OpenMove, SlotStep, SlotTransit } from "./slot-transit.ts";

/*
 *   fault migrate-slots ─► begin ─► m1 says "migrating", m2 says "importing" ─► moved, or left open ─► heal closes it
 *                            │                                                    │
 *                            └► triggers: how far it is                           └► topology, loads, agreement: whose it is
 */

type Told = EventOf<"slot-move">;

/** The cluster around them. */
interface Scene {
  readonly topology: Readonly<Topology>;
  readonly ruler: Ruler;
  readonly namesOf: (node: string) => string[];
  addressFrom(from: string, to: string): Address;
}

/** Slots that the experiment moves from shard to shard, and where each is. */
export class SlotMoves implements SlotTransit {
  readonly #shards: Shards;
  readonly #scene: Scene;
  readonly #emit: Emit;
  readonly #open = new Map<number, OpenMove>();
  readonly #steps = new Map<string, SlotStep>();
  readonly #listeners = new Set<(step: SlotStep) => void>();

  constructor(shards: Shards, scene: Scene, emit: Emit) {
    this.#shards = shards;
    this.#scene = scene;
    this.#emit = emit;
  }

  /** As a server dials another one: where the servers rule, at the one address that it announces. */
  addressOf(from: string, to: string): Address {
    const { ruler, namesOf, addressFrom } = this.#scene;
    const [host = "", port] = (ruler === "servers" ? namesOf(to)[0] : undefined)?.split(":") ?? [];
    return host === "" ? addressFrom.call(this.#scene, from, to) : { host, port: Number(port) };
  }

  /** Who is master of a node's shard now. */
  masterOf(node: string): string {
    return this.#scene.topology.replicaOf[node] ?? node;
  }

  /** So many slots of a master: first those with the keys of loads and preload. */
  of(master: string, count: number): number[] {
    return this.#shards.ownSlots(master).slice(0, count);
  }

  isOwner(master: string, slot: number): boolean {
    return this.#shards.ownSlots(master).includes(slot);
  }

  /** Begun and neither moved nor taken back. */
  get open(): readonly OpenMove[] {
    return [...this.#open.values()];
  }

  begin(move: OpenMove): void {
    this.#open.set(move.slot, move);
    this.#shards.setMoving([...this.#open.keys()]);
    this.#tell(move, "begin", 0);
  }

  /** All servers that could be told know that it is the other's now. */
  moved(move: OpenMove, keys: number): void {
    this.#close(move);
    this.#shards.moveSlot(move.slot, this.masterOf(move.to));
    this.#tell(move, "moved", keys);
  }

  rolledBack(move: OpenMove, keys: number): void {
    this.#close(move);
    this.#tell(move, "rolled-back", keys);
  }

  /** It stays open: the operator's tool has given up, or was stopped. @param refused a server would not, of its own accord */
  leftOpen(move: OpenMove, keys: number, detail: string, refused: boolean): void {
    this.#tell(move, "left-open", keys, { detail, refused });
  }

  /** Where a migration is now. */
  step(step: SlotStep): void {
    this.#steps.set(step.by, step);
    for (const listener of [...this.#listeners]) listener(step);
  }

  get steps(): readonly SlotStep[] {
    return [...this.#steps.values()];
  }

  /** Calls `listener` for every step from now on; returns the unsubscribe. */
  onStep(listener: (step: SlotStep) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #close({ slot }: OpenMove): void {
    this.#open.delete(slot);
    this.#shards.setMoving([...this.#open.keys()]);
  }

  #tell(
    { by, slot, from, to }: OpenMove,
    step: Told["step"],
    keys: number,
    more: Pick<Told, "detail" | "refused"> = {},
  ): void {
    const names = { from: this.masterOf(from), to: this.masterOf(to) };
    this.#emit({ type: "slot-move", id: by, slot, ...names, step, keys, ...more });
  }
}
