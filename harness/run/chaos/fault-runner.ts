import { setMaxListeners } from "node:events";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { sleep, unlessAborted, withDeadline, withResolvers } from "../../base/deadline.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { Fault, FaultContext, Injected } from "../../faults/fault.ts";
import type { EventOf } from "../../journal/events.ts";
import { occurrenceOf, type PlannedFault } from "../../journal/plan.ts";
import type { RunContext } from "../run-context.ts";
import { Injection } from "./injection.ts";
import type { TriggerSource } from "./triggers.ts";

/*
 *   planned fault ─► trigger ─► inject ─► effect ─► (its duration, or the heal phase) ─► heal
 *                      │           │                     └ or `effectAt: "heal"`: effect ─┘
 *                      │           └ throws: inject-failed, what it had registered is undone when it has ended (injection.ts)
 *                      └ chaos ends first: not-fired
 */

const INJECT_MS = 60_000;
const EFFECT_MS = 20_000;

export interface FaultRunnerOptions extends Pick<RunContext, "claims" | "clock" | "emit" | "examinations"> {
  planned: readonly PlannedFault[];
  registry: ReadonlyMap<string, Fault>;
  cluster: Cluster;
  triggers: TriggerSource;
  /** Awaited before anything is healed: evidence of a hang must not be healed away. One that rejects is noted. */
  beforeHeal(): Promise<void>;
  /** For faults that find something out themselves: see FaultContext. */
  capture: FaultContext["capture"];
  keep: FaultContext["keep"];
  /** A fault is in place. */
  onInjected?(planned: PlannedFault, targets: readonly string[]): void;
  /** How long heal waits for an inject that goes on, ms. Default: injection.ts. */
  settleWithin?: number;
}

type FaultEvent = EventOf<"fault">;

/** A fault that is in place, and for how long, ms; null: until the heal phase. */
interface Placed {
  injected: Injected;
  duration: number | null;
}

/** Runs the faults of one chaos phase, each on its own schedule. */
export class FaultRunner {
  readonly #options: FaultRunnerOptions;
  readonly #injected = new Map<string, ReturnType<typeof withResolvers<void>>>();
  /** Each occurrence's whole life: the next one of the same fault may wait for it. */
  readonly #lives = new Map<string, Promise<void>>();
  /** What is injected, or being injected, and not healed yet. */
  readonly #injections = new Map<string, Injection>();
  /** Whose effect is measured when they are healed. */
  readonly #unmeasured = new Map<string, Injected>();
  /** What is injected right now: fault id → what it touches. */
  readonly #active = new Map<string, readonly string[]>();
  #over = false;

  constructor(options: FaultRunnerOptions) {
    this.#options = options;
    for (const { id } of options.planned) this.#injected.set(id, withResolvers());
  }

  /** Resolves when every fault had its turn, or the signal (end of chaos, interrupt) fired. Never rejects. */
  async run(chaosStart: number, signal: AbortSignal): Promise<void> {
    // Every occurrence of a storm waits for its time or for the end: hundreds of listeners are no leak.
    setMaxListeners(0, signal);
    for (const planned of this.#options.planned) {
      this.#lives.set(planned.id, this.#one(planned, chaosStart, signal));
    }
    await Promise.all(this.#lives.values());
  }

  /** The fault that touches this link or node right now. */
  holding(target: string): string | null {
    for (const [id, targets] of this.#active) if (targets.includes(target)) return id;
    return null;
  }

  /** Heals what is still injected, latest first; no further fault begins. Idempotent; never rejects. */
  async healAll(): Promise<void> {
    this.#over = true;
    for (const id of [...this.#injections.keys()].reverse()) await this.#heal(id);
  }

  async #one(planned: PlannedFault, chaosStart: number, signal: AbortSignal): Promise<void> {
    const fault = this.#options.registry.get(planned.fault);
    if (!fault) return this.#tell(planned, "inject-failed", { detail: `there is no fault "${planned.fault}"` });
    try {
      await this.#trigger(planned, chaosStart, signal);
    } catch (error) {
      const ended = "the chaos phase ended before its trigger came true";
      const why = error instanceof ChaosError && error !== signal.reason ? `: ${error.message}` : "";
      return this.#tell(planned, "not-fired", { detail: ended + why });
    }
    if (this.#over) {
      const detail = "everything was being healed when its trigger came true";
      return this.#tell(planned, "not-fired", { detail });
    }
    const placed = await this.#inject(planned, fault, signal);
    if (!placed) return;
    this.#injected.get(planned.id)?.resolve();
    const { duration, injected } = placed;
    if (injected.effectAt === "heal") this.#unmeasured.set(planned.id, injected);
    else await this.#measure(planned, injected);
    if (!fault.lasting) {
      await this.#heal(planned.id);
    } else if (duration !== null) {
      await sleep(duration, signal).catch(() => {});
      // When chaos ended first, the heal phase does it, after the evidence.
      if (!signal.aborted) await this.#heal(planned.id);
    }
  }

  async #trigger(planned: PlannedFault, chaosStart: number, signal: AbortSignal): Promise<void> {
    const { clock, triggers, emit } = this.#options;
    const { trigger } = planned;
    if (trigger.kind === "at") {
      await sleep(chaosStart + trigger.at - clock.now(), signal);
      return;
    }
    if (trigger.kind === "after") {
      const other = this.#injected.get(trigger.after)?.promise;
      await unlessAborted(other ?? Promise.resolve(), signal);
    } else {
      // The next occurrence is for the next time that the state comes about, not for the same moment again. Of pauses the plan tells which.
      const previous = trigger.when.kind === "pause" ? undefined : previousOccurrence(planned.id);
      const before = this.#lives.get(previous ?? "");
      await before;
      const seen = await triggers.wait(trigger.when, signal, before !== undefined);
      if (seen !== null) emit({ type: "note", about: planned.id, text: seen });
    }
    await sleep(trigger.delay, signal);
  }

  async #inject(planned: PlannedFault, fault: Fault, signal: AbortSignal): Promise<Placed | null> {
    const { clock, cluster, claims, examinations, triggers, emit } = this.#options;
    const { id, params } = planned;
    const injection = new Injection(id, signal, () => this.#gone(id), this.#options.settleWithin);
    this.#injections.set(id, injection);
    this.#tell(planned, "inject", { params });
    const started = clock.now();
    const context: FaultContext = {
      id,
      cluster,
      clock,
      signal: injection.signal,
      onHeal: (what, undo) => injection.onHeal(what, undo),
      claim: (node, as, forEver) => claims.add(id, node, as, forEver),
      heldBy: (node) => claims.of(node),
      pausing: (node) => {
        triggers.paused(id);
        return examinations.begin(node);
      },
      note: (text) => emit({ type: "note", about: id, text }),
      emit,
      capture: this.#options.capture,
      keep: this.#options.keep,
    };
    try {
      const within = fault.injectWithin?.(params) ?? INJECT_MS;
      const duration = planned.duration ?? fault.ownDuration?.(params) ?? null;
      const injected = await injection.run(within, async () => fault.inject(context, params));
      this.#tell(planned, "injected", { targets: [...injected.targets], ms: clock.now() - started });
      this.#active.set(id, injected.targets);
      this.#options.onInjected?.(planned, injected.targets);
      return { injected, duration };
    } catch (error) {
      const detail = signal.aborted ? "the chaos phase ended before it was in place" : messageOf(error);
      this.#tell(planned, "inject-failed", { ms: clock.now() - started, detail });
      await this.#heal(id);
      return null;
    }
  }

  async #measure(planned: PlannedFault, injected: Injected): Promise<void> {
    const what = `measuring the effect of ${planned.id}`;
    const effect = await withDeadline({ what, within: EFFECT_MS }, () => injected.effect()).catch((error: unknown) => ({
      measured: false,
      summary: messageOf(error),
    }));
    this.#tell(planned, "effect", { targets: [...injected.targets], effect });
  }

  async #heal(id: string): Promise<void> {
    const injection = this.#injections.get(id);
    const planned = this.#options.planned.find((one) => one.id === id);
    if (!injection || !planned) return;
    this.#injections.delete(id);
    const { clock, emit, beforeHeal } = this.#options;
    await beforeHeal().catch((error: unknown) => emit({ type: "note", about: id, text: messageOf(error) }));
    await injection.ended();
    const unmeasured = this.#unmeasured.get(id);
    if (unmeasured) await this.#measure(planned, unmeasured);
    const started = clock.now();
    if (injection.steps > 0) this.#tell(planned, "heal");
    const failures = await injection.heal();
    const ms = clock.now() - started;
    if (failures.length > 0) {
      const detail = failures.map(({ what, error }) => `${what}: ${messageOf(error)}`).join("; ");
      this.#tell(planned, "heal-failed", { ms, detail });
    } else {
      this.#tell(planned, "healed", { ms });
    }
  }

  #tell({ id, fault }: PlannedFault, step: FaultEvent["step"], more: Partial<FaultEvent> = {}): void {
    this.#options.emit({ type: "fault", id, fault, step, targets: [], ...more });
  }

  /** Nothing of it is in place any more. */
  #gone(id: string): void {
    this.#options.claims.release(id);
    this.#active.delete(id);
  }
}

/** "cut#3" → "cut#2"; undefined for the first one and for a fault that occurs once. */
function previousOccurrence(id: string): string | undefined {
  const { fault, number } = occurrenceOf(id);
  return number !== null && number > 1 ? `${fault}#${number - 1}` : undefined;
}
