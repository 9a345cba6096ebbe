import { formatSeconds } from "../base/units.ts";
import type { ProcessSample, ThreadSample } from "./process-sample.ts";

/** Is a silent process waiting or burning? */
export interface HangKind {
  condition: "deadlocked" | "livelocked" | "unresponsive";
  /** Cores used, or null when the process cannot be read. */
  cores: number | null;
  why: string;
}

const IDLE_CORES = 0.05;
const BUSY_CORES = 0.5;
/** Of the time a thread runs or waits for a CPU: it has always something to do, however little of the CPU it gets. */
const BUSY_SHARE = 0.8;
/** CPU time is counted in steps of 10 ms. */
const CPU_STEP = 10;

/*
 *   cores used    threads that answered while healthy     result
 *   ≥ 0.5         all frozen                              deadlocked (background threads burn the CPU)
 *   ≥ 0.5         at least one moves                      livelocked
 *   ≥ 0.05        one runs or waits for a CPU, always     livelocked (others leave it little of the CPU)
 *   < 0.5         at least half of them frozen            deadlocked
 *   < 0.5         most of them move                       unresponsive (a loop that turns, or waits with a time-out: CLIENT PAUSE)
 *   < 0.05        some serve INFO, which still answers    deadlocked (those that move have work to do)
 *   unknown       unknown                                 deadlocked, and `why` says that it is not known
 *
 * "Threads that answered while healthy" are those that ran between two samples while all probes were answered; when
 * the node was never seen healthy, the main thread. A thread is frozen when its CPU time, its context switches and
 * the place where it waits are the same at both ends of the window.
 */

/** The last samples of one server process. */
export class ProcessWindow {
  readonly #keep: number;
  #samples: ProcessSample[] = [];
  #active: ReadonlySet<number> = new Set();
  /** Takes effect with the next healthy sample: the last one before a hang shows its first moments already. */
  #candidate: ReadonlySet<number> = new Set();

  /** @param keep how long samples are kept, ms */
  constructor(keep: number) {
    this.#keep = keep;
  }

  get last(): ProcessSample | undefined {
    return this.#samples.at(-1);
  }

  /** @param healthy the node answers everything: whoever runs now is who answers */
  add(sample: ProcessSample, healthy: boolean): void {
    const before = this.last;
    if (before && before.pid !== sample.pid) {
      this.#samples = [];
      this.#active = new Set();
      this.#candidate = new Set();
    } else if (before && healthy && sample.alive) {
      const moved = sample.threads.filter((thread) => moves(before, thread)).map(({ tid }) => tid);
      if (this.#candidate.size > 0) this.#active = this.#candidate;
      this.#candidate = new Set(moved);
    }
    this.#samples.push(sample);
    while (this.#samples.length > 2 && sample.t - (this.#samples[1]?.t ?? sample.t) > this.#keep) this.#samples.shift();
  }

  /**
   * Judges the time from `from` until the last sample.
   * @param serving INFO was answered in that time, by some of the threads that answered everything while healthy
   */
  judge(from: number, serving = false): HangKind {
    const last = this.last;
    const first = this.#samples.find((sample) => sample.t >= from) ?? last;
    if (!last?.alive || !first?.alive || first === last || first.cpuMs === null || last.cpuMs === null) {
      return {
        condition: "deadlocked",
        cores: null,
        why: "whether it burns CPU is not known: no readings of its process in /proc",
      };
    }
    const cores = (last.cpuMs - first.cpuMs) / (last.t - first.t);
    const active = last.threads.filter(({ tid }) => this.#active.has(tid));
    const answering = active.length > 0 ? active : last.threads.filter(({ tid }) => tid === last.pid);
    const frozen = answering.filter((thread) => !moves(first, thread)).length;
    const of = answering.length;
    const stopped = last.state === "T" || last.state === "t" ? "; its state is T (stopped)" : "";
    const whose = active.length > 0 ? "threads that answered while healthy" : "main thread";
    const why = `${cores.toFixed(2)} cores used over ${formatSeconds(last.t - first.t)}, ${frozen} of ${of} ${whose} did not move${stopped}`;
    const busy = answering.some((thread) => busyShare(first, thread, last.t - first.t) >= BUSY_SHARE);
    const burning = cores >= BUSY_CORES || (cores >= IDLE_CORES && busy);
    if (burning) return { condition: frozen === of && of > 0 ? "deadlocked" : "livelocked", cores, why };
    const idle = cores < IDLE_CORES && (of === 0 || serving);
    return { condition: frozen * 2 >= of || idle ? "deadlocked" : "unresponsive", cores, why };
  }
}

/** Which share of the time a thread ran or waited for a CPU, 0..1; 0 where the kernel does not tell. */
function busyShare(before: ProcessSample, now: ThreadSample, ms: number): number {
  const then = before.threads.find(({ tid }) => tid === now.tid);
  if (!then || now.waitMs === null || then.waitMs === null) return 0;
  return (now.cpuMs - then.cpuMs + now.waitMs - then.waitMs) / ms;
}

function moves(before: ProcessSample, now: ThreadSample): boolean {
  const then = before.threads.find(({ tid }) => tid === now.tid);
  if (!then) return true;
  return now.cpuMs - then.cpuMs >= CPU_STEP || now.switches !== then.switches || now.fingerprint !== then.fingerprint;
}
