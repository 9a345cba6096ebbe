import { FullSyncLog } from "../checks/limits/full-sync-log.ts";
import { overLimit } from "../checks/limits/full-syncs.ts";
import { growthText } from "../checks/limits/memory.ts";
import { MemoryGrowth } from "../checks/limits/memory-growth.ts";
import type { Emit, JournalEvent } from "../journal/events.ts";
import type { Limits } from "../journal/limits.ts";
import type { RunContext } from "./run-context.ts";

/** Tells on the way, once for each server and kind, that it was passed: fed with the journal's events. The checks judge the whole run. */
export class LimitWatch {
  readonly #limits: Limits;
  readonly #emit: Emit;
  readonly #onPassed: () => void;
  readonly #syncs = new FullSyncLog();
  readonly #memory: MemoryGrowth | null;
  readonly #told = new Set<string>();

  /** @param onPassed a finding is certain */
  constructor({ options, emit }: Pick<RunContext, "options" | "emit">, onPassed: () => void) {
    const { limits } = options.plan.experiment;
    this.#limits = limits;
    this.#emit = emit;
    this.#onPassed = onPassed;
    this.#memory = limits.memory && new MemoryGrowth(limits.memory);
  }

  see(event: JournalEvent): void {
    if (this.#limits.fullSyncs) this.#syncs.see(event);
    this.#memory?.see(event);
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

  #tell(check: "full-syncs" | "memory", node: string, what: string, kind = ""): void {
    const key = `${check} ${kind} ${node}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#emit({ type: "limit-passed", check, node, what });
    this.#onPassed();
  }
}
