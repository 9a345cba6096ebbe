/** The value 0 of a register: it holds nothing. */
export const NO_VALUE = 0;

/**
 * Operations on one register, in order of invocation, as columns that grow. Values are small numbers: NO_VALUE, which may
 * be written again and again, and others, each written at most once.
 */
export class RegisterHistory {
  length = 0;
  /** How many values there are, NO_VALUE included. */
  values = 1;
  invoked = new Float64Array(64);
  /** Infinity: a write that may take effect at any time later, or never. Reads have all ended. */
  completed = new Float64Array(64);
  /** 1: a read. */
  isRead = new Uint8Array(64);
  value = new Int32Array(64);

  /** @param room for so many operations: growing would take memory twice */
  clear(room = 0): void {
    this.length = 0;
    this.values = 1;
    if (room > this.invoked.length) this.#resize(room, 0);
  }

  /** @param value NO_VALUE … */
  add(invoked: number, completed: number, isRead: boolean, value: number): void {
    const i = this.length++;
    if (i === this.invoked.length) this.#resize(2 * i, i);
    this.invoked[i] = invoked;
    this.completed[i] = completed;
    this.isRead[i] = isRead ? 1 : 0;
    this.value[i] = value;
    if (value >= this.values) this.values = value + 1;
  }

  /** @param kept operations that are there */
  #resize(size: number, kept: number): void {
    const resized = <T extends Float64Array | Uint8Array | Int32Array>(to: T, from: T): T => {
      if (kept > 0) to.set(from);
      return to;
    };
    this.invoked = resized(new Float64Array(size), this.invoked);
    this.completed = resized(new Float64Array(size), this.completed);
    this.isRead = resized(new Uint8Array(size), this.isRead);
    this.value = resized(new Int32Array(size), this.value);
  }
}
