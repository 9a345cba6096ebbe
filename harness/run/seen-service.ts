import { until } from "../base/deadline.ts";
import { addTo } from "../base/group-by.ts";
import { baselineOf, isBad, type Service, serviceOf, serviceText, wholeSamples } from "../checks/service/service.ts";
import { goalOf, patienceFor, type ServiceGoal, type ServiceSource } from "../checks/service/service-goal.ts";
import type { EventOf, JournalEvent } from "../journal/events.ts";

/** Between the end of recovery and the end of load: what clients see then is judged. ms */
const JUDGED_MS = 2_000;
/** For a load of which nothing is heard, or that is not served: what is only late is no finding. ms */
const PATIENCE_MS = 10_000;
/** However long an operation may take. ms */
const MOST_MS = 30_000;
/** So many of the latest samples say how a load is served now. */
const LATEST = 2;
/** Seconds that are kept of each load. */
const KEPT = 60;

type Sample = EventOf<"load">;

/** What the clients of every load see while the run goes on: fed with the journal's events. */
export class SeenService {
  readonly #warmUp = new Map<string, Sample[]>();
  readonly #latest = new Map<string, Sample[]>();
  readonly #source: ServiceSource & { topologies: EventOf<"topology">[]; moved: EventOf<"load-moved">[] };
  readonly #down = new Set<string>();
  #isWarmUp = false;

  constructor(experiment: ServiceSource["experiment"]) {
    this.#source = { experiment, topologies: [], moved: [], warmUpEnd: null, down: [] };
  }

  see(event: JournalEvent): void {
    if (event.type === "topology") this.#source.topologies.push(event);
    if (event.type === "load-moved") this.#source.moved.push(event);
    if (event.type === "condition") {
      if (event.now === "down") this.#down.add(event.node);
      else this.#down.delete(event.node);
    }
    if (event.type === "phase" && event.phase === "warm-up") {
      this.#isWarmUp = event.step === "begin";
      if (event.step === "end") this.#source.warmUpEnd = event.t;
    }
    if (event.type !== "load") return;
    if (this.#isWarmUp) addTo(this.#warmUp, event.load, event);
    this.#latest.set(event.load, [...(this.#latest.get(event.load) ?? []), event].slice(-KEPT));
  }

  /**
   * Clients that are not served, as far as the latest seconds tell.
   * @param since only what was sampled after that is believed, run ms
   * @param excused nodes that the experiment has taken away
   */
  pending(since: number, excused: readonly string[]): { node: string; what: string; load: string }[] {
    return [...this.#latest.keys()].flatMap((load) => {
      const goal = this.#goal(load, excused);
      if (goal.targets?.length === 0) return [];
      const whole = this.#after(load, since).slice(-LATEST);
      if (whole.length === 0) return [{ node: load, what: `no word of the load ${load} since heal`, load }];
      return this.#services(load, whole, goal)
        .filter((service) => isBad(service) && !excused.includes(service.node ?? ""))
        .map((service) => ({ node: service.node ?? load, what: `clients of ${load}: ${serviceText(service)}`, load }));
    });
  }

  /**
   * Resolves when what clients see after recovery has been seen for long enough to be judged: a load that is not served is given as
   * long as an operation of it may take.
   */
  async observed(recovered: number, now: () => number, signal: AbortSignal): Promise<void> {
    const goals = [...this.#latest.keys()].map((load) => ({ load, goal: this.#goal(load, [...this.#down]) }));
    const longest = Math.max(0, ...goals.map(({ goal }) => patienceFor(goal) + JUDGED_MS));
    const within = Math.min(MOST_MS, Math.max(PATIENCE_MS, longest));
    await until({ what: "a word of every load after recovery", within, signal, every: 100 }, () => {
      return now() - recovered >= JUDGED_MS && goals.every(({ load, goal }) => this.#isServed(load, goal, recovered));
    }).catch(() => signal.throwIfAborted());
  }

  #isServed(load: string, goal: ServiceGoal, since: number): boolean {
    if (goal.targets?.length === 0) return true;
    const samples = this.#after(load, since);
    const ended = samples.some(({ ok, fail, info }) => ok + fail + info > 0);
    return ended && !this.#services(load, samples, goal).some(isBad);
  }

  /** A sample tells of the second before it. */
  #after(load: string, since: number): Sample[] {
    return wholeSamples(this.#latest.get(load) ?? [], { from: since, to: Infinity });
  }

  #goal(load: string, down: readonly string[]): ServiceGoal {
    return goalOf(load, { ...this.#source, down });
  }

  #services(load: string, samples: readonly Sample[], goal: ServiceGoal): Service[] {
    return serviceOf(load, samples, baselineOf(this.#warmUp.get(load) ?? [], goal.allow), goal);
  }
}
