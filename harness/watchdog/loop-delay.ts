const TICK = 100;

/**
 * Worst delay of this thread's event loop. Not `monitorEventLoopDelay`: its timer runs by the loop's cached time, one
 * turn after a timer callback that blocked, so a reading (and reset) in that same turn would miss just that block.
 */
export class LoopDelay {
  #last = performance.now();
  #worst = 0;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#look(), TICK);
    this.#timer.unref();
  }

  /** The worst delay since the last call, ms. */
  take(): number {
    this.#look();
    const worst = this.#worst;
    this.#worst = 0;
    return worst;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    this.#worst = Math.max(this.#worst, now - this.#last - TICK);
    this.#last = now;
  }
}
