import { wallClockLess } from "../base/clock.ts";
import { operationsFile } from "../history/format.ts";
import type { LoadSpec } from "../journal/plan.ts";
import type { LoadOptions } from "./load.ts";
import { cellShape } from "./operation-log.ts";
import type { ShareEnd, ShareHistory } from "./thread-messages.ts";

/** The main thread's side of recorded loads: which file each thread writes, and the journal's words about them. */
export class LoadRecording {
  readonly #options: LoadOptions;
  readonly #files = new Map<string, Map<string, number | null>>();

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Where thread `index` records its share; undefined when the load is not recorded. */
  fileOf(spec: LoadSpec, index: number): ShareHistory | undefined {
    const { history } = this.#options;
    if (!spec.record || !history) return undefined;
    const file = operationsFile(spec.name, index);
    this.#files.set(spec.name, (this.#files.get(spec.name) ?? new Map()).set(file, null));
    return { ...history, file };
  }

  /** Files of a load's operations, below the run's folder; none when it is not recorded. */
  files(load: string): string[] {
    return [...(this.#files.get(load)?.keys() ?? [])];
  }

  /** One thread has written everything. */
  ended({ load, file, operations, failure }: ShareEnd): void {
    this.#files.get(load)?.set(file, operations);
    if (failure !== null) this.#options.emit({ type: "note", about: "history", text: `${file}: ${failure}` });
  }

  /** `end`: all threads are gone; of one that died nobody knows how much it recorded. */
  tell(step: "begin" | "end"): void {
    const { specs, emit, clock, history } = this.#options;
    for (const spec of specs) {
      const files = this.#files.get(spec.name);
      if (!files || !history) continue;
      emit({
        type: "history",
        step,
        load: spec.name,
        files: [...files].map(([file, operations]) => ({ file, final: false, operations })),
        shape: cellShape(spec),
        nodes: [...history.nodes],
        wallClock: wallClockLess(clock),
      });
    }
  }
}
