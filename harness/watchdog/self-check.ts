import { readSmallFile } from "../base/small-file.ts";
import { covered } from "../base/span.ts";
import type { EventOf } from "../journal/events.ts";
import { MAIN_DELAY, type Starvation } from "./starvation.ts";

/** The harness's own health, once a second: the main thread's delay, the host's pressure, the control probe. */
export class SelfCheck {
  #mainDelay = 0;
  #probeDelay = 0;
  #from: number;

  constructor(startedAt: number) {
    this.#from = startedAt;
  }

  /** A delay of the main thread, ms; the worst of a second is kept. */
  mainDelayed(ms: number): void {
    this.#mainDelay = Math.max(this.#mainDelay, ms);
  }

  /** A delay of the probe thread, ms; the worst of a second is kept. */
  probeDelayed(ms: number): void {
    this.#probeDelay = Math.max(this.#probeDelay, ms);
  }

  /** The second that ends now. */
  take(t: number, starvation: Starvation): Omit<EventOf<"self">, "t" | "type"> {
    const [mainDelay, probeDelay] = [this.#mainDelay, this.#probeDelay];
    this.#mainDelay = 0;
    this.#probeDelay = 0;
    const starved = covered(starvation.spans, { from: this.#from, to: t }) > 0 || mainDelay > MAIN_DELAY;
    this.#from = t;
    return {
      mainDelay,
      probeDelay,
      cpuPressure: pressure("cpu"),
      memoryPressure: pressure("memory"),
      ioPressure: pressure("io"),
      ...starvation.takeSecond(),
      starved,
    };
  }
}

/** "some avg10" of /proc/pressure (percent); null where the kernel was built without PSI. */
function pressure(what: "cpu" | "memory" | "io"): number | null {
  const match = /^some avg10=([\d.]+)/m.exec(readSmallFile(`/proc/pressure/${what}`) ?? "");
  return match ? Number(match[1]) : null;
}
