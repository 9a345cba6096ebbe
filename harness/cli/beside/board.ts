import { basename } from "node:path";
import { counted, formatTime } from "../../base/units.ts";
import type { JournalEvent } from "../../journal/events.ts";
import { foot, log } from "../print.ts";
import type { RunRequest } from "../run-here.ts";

/*
 *   above:     a line when a run begins, and all that it has to say in one piece when it is over
 *   a TTY:     below that, one line per run, redrawn in place:
 *                quickstart on redis:7.0.15, seed 7     chaos 12 s
 */

/** "quickstart on redis:7.0.15, seed 7" */
export function nameOf({ plan, image }: Pick<RunRequest, "plan" | "image">): string {
  return `${basename(plan.experiment.file).replace(/\.ya?ml$/, "")} on ${image}, seed ${plan.seed}`;
}

/** Shows several runs that go on at the same time. */
export class Board {
  readonly #quiet: boolean;
  readonly #rows = new Set<Row>();

  /** @param quiet only how each ended */
  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  begin(name: string): Row {
    const row = new Row(name, () => this.#draw());
    this.#rows.add(row);
    row.onLeave = () => {
      this.#rows.delete(row);
      this.#draw();
    };
    const others = this.#rows.size - 1;
    if (!this.#quiet) log(`${name}: begins${others === 0 ? "" : ` beside ${counted(others, "other run")}`}`);
    this.#draw();
    return row;
  }

  #draw(): void {
    if (!this.#quiet) foot([...this.#rows].map(({ line }) => line));
  }
}

class Row {
  readonly #name: string;
  readonly #changed: () => void;
  #now = "begins";
  onLeave: () => void = () => {};

  constructor(name: string, changed: () => void) {
    this.#name = name;
    this.#changed = changed;
  }

  get line(): string {
    return `${this.#name}   ${this.#now}`;
  }

  onEvent(event: JournalEvent): void {
    if (event.type === "phase" && event.step === "begin") this.#now = event.phase;
    else if (event.type !== "self") return;
    this.#now = `${this.#now.split(" ", 1)[0]} (${formatTime(event.t)})`;
    this.#changed();
  }

  /** @param said by its own reporters */
  end(said: string, mostOthers: number): void {
    const beside = mostOthers === 0 ? "on its own" : `beside up to ${counted(mostOthers, "other run")}`;
    log(`\n── ${this.#name} (${beside})\n${said.trim()}\n`);
  }

  leave(): void {
    this.onLeave();
  }
}
