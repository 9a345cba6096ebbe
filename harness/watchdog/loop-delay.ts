const TICK = 50;

/**
 * Worst delay of this thread's event loop. Not `monitorEventLoopDelay`: its timer runs by the loop's cached time, one
 * turn after a timer callback that blocked, so a reading (and reset) in that same turn would miss just that block.
 */
export class LoopDelay {
  readonly #tick: number;
  #last = performance.now();
  #worst = 0;
  readonly #timer: NodeJS.Timeout;

  /**
   * @param tick ms between two looks; a delay is told too small by up to this
   * @param work done at every look: whoever has something to do on a schedule anyway needs no second timer
   */
  constructor(tick = TICK, work?: () => void) {
    this.#tick = tick;
    this.#timer = setInterval(() => {
      this.#look();
      work?.();
    }, tick);
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
    this.#worst = Math.max(this.#worst, now - this.#last - this.#tick);
    this.#last = now;
  }
}
