import { FullSyncLog } from "../checks/limits/full-sync-log.ts";
import { overLimit } from "../checks/limits/full-syncs.ts";
import { type Broken, LimitCourse } from "../checks/limits/limit-course.ts";
import { brokenText } from "../checks/limits/limits.ts";
import { growthText } from "../checks/limits/memory.ts";
import { MemoryGrowth } from "../checks/limits/memory-growth.ts";
import type { Emit, JournalEvent } from "../journal/events.ts";
import type { Limits } from "../journal/limits.ts";
import type { RunContext } from "./run-context.ts";
import type { WatchedCluster } from "./watched-cluster.ts";

type Watched = Pick<WatchedCluster, "foundOne" | "endChaos">;

/** Tells on the way, once for each server and kind, that it was passed: fed with the journal's events. The checks judge the whole run. */
export class LimitWatch {
  readonly #limits: Limits;
  readonly #emit: Emit;
  readonly #watched: () => Watched | null;
  readonly #own: readonly LimitCourse[];
  readonly #syncs = new FullSyncLog();
  readonly #memory: MemoryGrowth | null;
  readonly #told = new Set<string>();

  /** @param watched who is told that a finding is certain, or that the chaos phase is to end with it */
  constructor({ options, emit }: Pick<RunContext, "options" | "emit">, watched: () => Watched | null) {
    const { limits, allow } = options.plan.experiment;
    this.#limits = limits;
    this.#emit = emit;
    this.#watched = watched;
    this.#own = (limits.own ?? []).map((limit) => new LimitCourse(limit, allow));
    this.#memory = limits.memory && new MemoryGrowth(limits.memory);
  }

  see(event: JournalEvent): void {
    if (this.#limits.fullSyncs) this.#syncs.see(event);
    this.#memory?.see(event);
    for (const course of this.#own) {
      const broken = course.see(event);
      if (broken) this.#broken(course, broken, event.t);
    }
    if (event.type === "full-sync" && this.#limits.fullSyncs) {
      const over = overLimit(this.#syncs, event.node, this.#limits.fullSyncs);
      if (over) this.#tell("full-syncs", event.node, over.what, over.kind);
    } else if (event.type === "process" && this.#limits.memory) {
      const growth = this.#memory?.of(event.node);
      if (growth && growth.passed !== null) {
        this.#tell("memory", event.node, growthText(event.node, growth, this.#limits.memory));
      }
    }
  }

  /** Told while the harness was well only: the check takes nothing else for a finding. */
  #broken(course: LimitCourse, broken: Broken, now: number): void {
    if (course.starvedShare({ from: broken.from, to: now }) > 0) return;
    const { limit } = course;
    this.#tell("limits", broken.node, brokenText(limit, broken), `${limit.text} ${broken.load}`);
    if (limit.abort) this.#watched()?.endChaos();
  }

  #tell(check: "full-syncs" | "memory" | "limits", node: string | null, what: string, kind = ""): void {
    const key = `${check} ${kind} ${node}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#emit({ type: "limit-passed", check, node, what });
    this.#watched()?.foundOne();
  }
}
