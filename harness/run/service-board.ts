import { until } from "../base/deadline.ts";
import { baselineOf, type Service, serviceOf, serviceText } from "../checks/service.ts";
import type { EventOf, JournalEvent } from "../journal/events.ts";

/** Between the end of recovery and the end of load: what clients see then is judged. ms */
const JUDGED_MS = 2_000;
/** For a load of which nothing is heard. ms */
const PATIENCE_MS = 10_000;
/** So many of the latest samples say how a load is served now. */
const LATEST = 2;

type Sample = EventOf<"load">;

/** What the clients of every load see while the run goes on: fed with the journal's events. */
export class ServiceBoard {
  readonly #allow: readonly string[];
  readonly #warmUp = new Map<string, Sample[]>();
  readonly #latest = new Map<string, Sample[]>();
  #isWarmUp = false;

  /** @param allow error kinds that the experiment takes for service */
  constructor(allow: readonly string[]) {
    this.#allow = allow;
  }

  see(event: JournalEvent): void {
    if (event.type === "phase" && event.phase === "warm-up") this.#isWarmUp = event.step === "begin";
    if (event.type !== "load") return;
    if (this.#isWarmUp) this.#warmUp.set(event.load, [...(this.#warmUp.get(event.load) ?? []), event]);
    this.#latest.set(event.load, [...(this.#latest.get(event.load) ?? []), event].slice(-LATEST));
  }

  /**
   * Clients that are not served, as far as the latest seconds tell.
   * @param since only what was sampled after that is believed, run ms
   * @param excused nodes that the experiment has taken away
   */
  pending(since: number, excused: readonly string[]): { node: string; what: string; load: string }[] {
    return [...this.#latest.keys()].flatMap((load) => {
      const samples = this.#after(load, since);
      // A sample tells of the second before it.
      const whole = samples.filter(({ t, seconds }) => t - seconds * 1000 >= since);
      if (whole.length === 0) return [{ node: load, what: `no word of the load ${load} since heal`, load }];
      return this.#services(load, whole)
        .filter(({ state, node }) => state !== "served" && !(node !== null && excused.includes(node)))
        .map((service) => ({ node: service.node ?? load, what: `clients of ${load}: ${serviceText(service)}`, load }));
    });
  }

  /** Resolves when what clients see after recovery has been seen for long enough to be judged. */
  async observed(recovered: number, now: () => number, signal: AbortSignal): Promise<void> {
    const what = "a word of every load after recovery";
    await until({ what, within: PATIENCE_MS, signal, every: 100 }, () => {
      const all = [...this.#latest.keys()].every((load) => {
        const counts = this.#after(load, recovered).reduce((sum, { ok, fail, info }) => sum + ok + fail + info, 0);
        return counts > 0;
      });
      return all && now() - recovered >= JUDGED_MS;
    }).catch(() => signal.throwIfAborted());
  }

  #after(load: string, since: number): Sample[] {
    return (this.#latest.get(load) ?? []).filter(({ t }) => t > since);
  }

  #services(load: string, samples: readonly Sample[]): Service[] {
    return serviceOf(load, samples, baselineOf(this.#warmUp.get(load) ?? []), this.#allow);
  }
}
