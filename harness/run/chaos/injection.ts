import { ChaosError } from "../../base/chaos-error.ts";
import { withDeadline } from "../../base/deadline.ts";
import { type CleanupFailure, CleanupScope } from "../../base/scope.ts";

/*
 *   inject ───────────────┬─ settles ──────────────► undo, last step first ─► claims go
 *                         │
 *   deadline, end of chaos, interrupt: its signal fires, and heal waits until it has settled
 *                         └─ does not within SETTLE_MS ─► undo what is known ─► told as not healed, the claims stay
 *                                                          └─ settles after all: undo everything again ─► claims go
 *
 * A pause, a signal or a toxic that is on its way when it is undone would land afterwards, and stay: a hang that we made.
 */

/** After its signal has fired an inject only has to end the call to the engine, to Toxiproxy or to a server that is under way. */
const SETTLE_MS = 30_000;
const UNDO_MS = 60_000;

/** One occurrence of a fault: what injecting it may have changed, until that is undone. */
export class Injection {
  /** Fires when the fault is to be over: at its deadline, with the chaos phase, or when it is healed. */
  readonly signal: AbortSignal;
  readonly #what: string;
  readonly #settleMs: number;
  readonly #release: () => void;
  readonly #stop = new AbortController();
  readonly #steps: { what: string; undo: () => Promise<void> }[] = [];
  #settled: Promise<void> = Promise.resolve();
  #isSettled = true;
  #healing: Promise<CleanupFailure[]> | undefined;

  /**
   * @param what in messages: the fault's id
   * @param chaos fires at the end of the chaos phase and on an interrupt
   * @param release called once when nothing of the fault can be in place any more
   * @param settleMs how long heal waits for an inject that goes on
   */
  constructor(what: string, chaos: AbortSignal, release: () => void, settleMs = SETTLE_MS) {
    this.#what = what;
    this.signal = AbortSignal.any([chaos, this.#stop.signal]);
    this.#release = release;
    this.#settleMs = settleMs;
  }

  /** Registers an undo step; it is run again should the inject end only after the heal. Idempotent steps only. */
  onHeal(what: string, undo: () => Promise<void>): void {
    this.#steps.push({ what, undo });
  }

  get steps(): number {
    return this.#steps.length;
  }

  /** Injects, within so many ms. Rejects at the deadline or with the signal, while the work may still go on. */
  run<T>(within: number, work: () => Promise<T>): Promise<T> {
    return withDeadline({ what: `injecting ${this.#what}`, within, signal: this.signal }, () => {
      const going = work();
      this.#isSettled = false;
      const settle = (): void => {
        this.#isSettled = true;
      };
      this.#settled = going.then(settle, settle);
      return going;
    });
  }

  /** Resolves when the inject has ended, or SETTLE_MS after its signal fired; true when it has. */
  async ended(): Promise<boolean> {
    this.#stop.abort(new ChaosError("interrupted", `${this.#what} is being healed`));
    await withDeadline({ what: `the end of ${this.#what}`, within: this.#settleMs }, () => this.#settled).catch(
      () => {},
    );
    return this.#isSettled;
  }

  /** Undoes everything, after the inject has ended. Never rejects: failures are returned. Idempotent. */
  heal(): Promise<CleanupFailure[]> {
    this.#healing ??= this.#heal();
    return this.#healing;
  }

  async #heal(): Promise<CleanupFailure[]> {
    const hasEnded = await this.ended();
    const failures = await this.#undo();
    if (hasEnded) {
      this.#release();
      return failures;
    }
    void this.#settled.then(async () => {
      await this.#undo();
      this.#release();
    });
    const error = new ChaosError(
      "timeout",
      `injecting it was still under way ${this.#settleMs} ms after it was told to end`,
    );
    return [...failures, { what: `wait for ${this.#what} to end`, error }];
  }

  #undo(): Promise<CleanupFailure[]> {
    const scope = new CleanupScope();
    for (const { what, undo } of this.#steps) scope.defer(what, undo, UNDO_MS);
    return scope.close();
  }
}
