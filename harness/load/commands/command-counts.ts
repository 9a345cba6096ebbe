import type { Emit } from "../../journal/events.ts";
import { addErrors } from "../../journal/outcomes.ts";
import type { LoadSample } from "../tally.ts";

/** How often each command was done, of loads that draw theirs from the server's table. */
export class CommandCounts {
  readonly #loads = new Map<string, Pick<LoadSample, "done" | "notDone">>();

  add(load: string, { done, notDone }: Pick<LoadSample, "done" | "notDone">): void {
    if (Object.keys(done).length + Object.keys(notDone).length === 0) return;
    const before = this.#loads.get(load) ?? { done: {}, notDone: {} };
    const sum = { done: addErrors(before.done, done), notDone: addErrors(before.notDone, notDone) };
    this.#loads.set(load, sum);
  }

  tell(emit: Emit): void {
    for (const [load, counts] of this.#loads) emit({ type: "command-counts", load, ...counts });
  }
}
