import { onDataPath, type ProbeKind } from "./observation.ts";

/** A question whose connection ends after it has waited this long still keeps a thread of the server. ms */
const STUCK = 1000;
/** A server that hangs closes connections that wait (Pika after 60 s): so often one more question finds out whether it lives again. ms */
const TRY_EVERY = 60_000;

/**
 * How many questions on the data path one server may be left with. Where a pool of threads serves all connections, each of
 * them keeps one thread for as long as the server hangs, even when its connection has been closed: probes that ask on would
 * take what INFO, and the server's recovery, need.
 */
export class UnansweredLimit {
  readonly #atMost: number | null;
  #stuck = 0;
  #tryAt = 0;

  /** @param atMost null: no limit */
  constructor(atMost: number | null) {
    this.#atMost = atMost;
  }

  /** @param open the kinds of all questions without answer, those on the data path count */
  mayAsk(kind: ProbeKind, open: readonly ProbeKind[], now: number): boolean {
    if (this.#atMost === null || !onDataPath(kind)) return true;
    const waiting = open.filter(onDataPath);
    if (this.#stuck > 0) return waiting.length === 0 && now >= this.#tryAt;
    // One of each kind may wait all the same: it tells which classes of command still answer.
    return waiting.length < this.#atMost || !waiting.includes(kind);
  }

  /** So many questions wait that no further ones are asked, but for one of each kind. */
  holds(open: readonly ProbeKind[]): boolean {
    return this.#atMost !== null && (this.#stuck > 0 || open.filter(onDataPath).length >= this.#atMost);
  }

  asked(kind: ProbeKind, now: number): void {
    if (onDataPath(kind)) this.#tryAt = now + TRY_EVERY;
  }

  /** It lives: what was stuck has been answered, or will be. */
  answered(kind: ProbeKind): void {
    if (onDataPath(kind)) this.#stuck = 0;
  }

  /** @param waited how long a question on that connection had no answer, ms; null: none was asked */
  lost(kind: ProbeKind, waited: number | null, now: number): void {
    if (!onDataPath(kind) || waited === null || waited < STUCK) return;
    if (this.#stuck === 0) this.#tryAt = now;
    this.#stuck++;
  }

  /** Another process than the one that was asked. */
  reset(): void {
    this.#stuck = 0;
  }
}
