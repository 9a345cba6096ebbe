import { NO_VALUE, type RegisterHistory } from "./register-history.ts";

/*
 *   w(1) ├───┤         r(1) ├──┤        From the first end of an operation on 1 to the last beginning of one the register
 *            └─── zone of 1 ┘           holds 1: nothing else has a place in there (Gibbons and Korach).
 *              w(2) ├──┤                Here 2 would have been between.
 *
 *   w(3) ├──────┤                       The first end comes after the last beginning: no zone, only a stretch. All of it may
 *          r(3) ├───────┤               be put at one moment of that, unless a zone covers the whole stretch.
 *               └┘
 *
 * With every value written once this is exact, whatever overlaps. Of NO_VALUE, which may be written again, only single
 * operations are looked at: then it may miss a contradiction.
 */

/** Finds values that cannot both have been in a register. */
export class Zones {
  /** By value: the first end and the last beginning of its operations, and which that is; its write, -1: there is none. */
  #firstEnd = new Float64Array(64);
  #lastStart = new Float64Array(64);
  #last = new Int32Array(64);
  #write = new Int32Array(64);
  /** Values with a zone, in order of its beginning. */
  #zones = new Uint32Array(64);
  #count = 0;
  /** NO_VALUE is written once at most: in the beginning. */
  #isExact = true;

  /** @param start what the register holds in the beginning @returns an operation that contradicts others; -1: none is found */
  conflict(history: RegisterHistory, start: number): number {
    this.#gather(history, start);
    const early = this.#tooEarly(history, start);
    return early === -1 ? this.#crossing(history) : early;
  }

  /** Where the last history had no conflict, it has an order. */
  get isExact(): boolean {
    return this.#isExact;
  }

  #gather({ length, values, invoked, completed, isRead, value }: RegisterHistory, start: number): void {
    if (this.#last.length < values) {
      const size = Math.ceil(1.25 * values);
      [this.#firstEnd, this.#lastStart] = [new Float64Array(size), new Float64Array(size)];
      [this.#last, this.#write, this.#zones] = [new Int32Array(size), new Int32Array(size), new Uint32Array(size)];
    }
    this.#firstEnd.fill(Infinity, 0, values);
    this.#lastStart.fill(-Infinity, 0, values);
    this.#last.fill(-1, 0, values);
    this.#write.fill(-1, 0, values);
    this.#firstEnd[start] = -Infinity;
    for (let i = 0; i < length; i++) {
      const of = value[i] as number;
      this.#lastStart[of] = invoked[i] as number;
      this.#last[of] = i;
      if ((completed[i] as number) < (this.#firstEnd[of] as number)) this.#firstEnd[of] = completed[i] as number;
      if (!isRead[i]) this.#write[of] = i;
    }
    this.#isExact = this.#write[NO_VALUE] === -1;
    this.#count = 0;
    for (let of = this.#isExact ? 0 : 1; of < values; of++) {
      if ((this.#firstEnd[of] as number) < (this.#lastStart[of] as number)) this.#zones[this.#count++] = of;
    }
    const begin = this.#firstEnd;
    this.#zones.subarray(0, this.#count).sort((a, b) => (begin[a] as number) - (begin[b] as number));
  }

  /** A read that was over before its value was written, or of one that nobody wrote. */
  #tooEarly({ length, invoked, completed, isRead, value }: RegisterHistory, start: number): number {
    for (let i = 0; i < length; i++) {
      const of = value[i] as number;
      if (!isRead[i] || of === start || (of === NO_VALUE && !this.#isExact)) continue;
      const write = this.#write[of] as number;
      if (write === -1 || (completed[i] as number) < (invoked[write] as number)) return i;
    }
    return -1;
  }

  /** The last operation of a zone that another one crosses, or that something else is all within. */
  #crossing({ length, values, invoked, completed, value }: RegisterHistory): number {
    for (let n = 1; n < this.#count; n++) {
      const before = this.#zones[n - 1] as number;
      const begin = this.#firstEnd[this.#zones[n] as number] as number;
      if (begin < (this.#lastStart[before] as number)) return this.#last[before] as number;
    }
    for (let of = this.#isExact ? 0 : 1; of < values; of++) {
      const zone = this.#around(this.#lastStart[of] as number, this.#firstEnd[of] as number);
      if (zone !== -1) return this.#last[zone] as number;
    }
    for (let i = 0; i < length && !this.#isExact; i++) {
      const zone = value[i] === NO_VALUE ? this.#around(invoked[i] as number, completed[i] as number) : -1;
      if (zone !== -1) return this.#last[zone] as number;
    }
    return -1;
  }

  /** The value whose zone covers a stretch; -1: none does. Zones do not cross. */
  #around(from: number, to: number): number {
    if (from > to) return -1;
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#firstEnd[this.#zones[middle] as number] as number) < from) low = middle + 1;
      else high = middle;
    }
    const zone = low === 0 ? -1 : (this.#zones[low - 1] as number);
    return zone !== -1 && to < (this.#lastStart[zone] as number) ? zone : -1;
  }
}
