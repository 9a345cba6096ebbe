/*
 *   cpu-limit#1  ──hold 0.5──┐
 *   cpu-limit#2  ──hold 0.2──┴─► 0.2 ── #2 healed ──► 0.5 ── #1 healed ──► null: as it was before the first
 *
 * Faults of one kind may overlap on a node. Would each restore what it found, the last one healed could bring back a fault.
 */

/** @param least null: as it was when it was made */
type Setter = (least: number | null) => Promise<void>;

/** What faults hold a node to, by kind. */
export class HeldKinds {
  readonly #kinds = new Map<string, Held>();

  /**
   * What all faults of one kind hold it to.
   * @param look looks at how the node is before anything is held, and makes what sets it
   */
  of(kind: string, look: () => Promise<Setter>): Held {
    const held = this.#kinds.get(kind) ?? new Held(look);
    this.#kinds.set(kind, held);
    return held;
  }
}

/** The least of several values counts; with none left it is as before. One change at a time. */
class Held {
  readonly #look: () => Promise<Setter>;
  readonly #values = new Map<string, number>();
  #set: Setter | null = null;
  #turn: Promise<void> = Promise.resolve();

  constructor(look: () => Promise<Setter>) {
    this.#look = look;
  }

  /** Rejects when it could not be set; it counts as held all the same, until let go. */
  hold(id: string, value: number): Promise<void> {
    this.#values.set(id, value);
    return this.#change();
  }

  /** Idempotent. */
  letGo(id: string): Promise<void> {
    this.#values.delete(id);
    return this.#change();
  }

  #change(): Promise<void> {
    const next = async (): Promise<void> => {
      if (this.#values.size > 0) {
        this.#set ??= await this.#look();
        await this.#set(Math.min(...this.#values.values()));
      } else {
        await this.#set?.(null);
        this.#set = null;
      }
    };
    this.#turn = this.#turn.then(next, next);
    return this.#turn;
  }
}
