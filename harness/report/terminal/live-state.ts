import { plainLine } from "../../base/escape.ts";
import { clip } from "../../base/shorten.ts";
import { formatCount, formatTime } from "../../base/units.ts";
import type { EventOf, JournalEvent } from "../../journal/events.ts";
import { conditionTone, type EventLine, type Tone } from "./event-line.ts";

const WORST: readonly Tone[] = ["bad", "warn", "quiet", "plain", "good"];

/** What is going on right now, gathered from events as they come. */
export class LiveState {
  #phase = "";
  #phaseBegan = 0;
  #now = 0;
  readonly #loads = new Map<string, EventOf<"load">>();
  readonly #faults = new Map<string, string>();
  readonly #conditions = new Map<string, string>();

  add(event: JournalEvent): void {
    this.#now = Math.max(this.#now, event.t);
    if (event.type === "phase") {
      this.#phase = event.step === "begin" ? event.phase : "";
      this.#phaseBegan = event.t;
    } else if (event.type === "load") this.#loads.set(event.load, event);
    else if (event.type === "condition") this.#conditions.set(event.node, event.now);
    else if (event.type === "fault") {
      if (event.step === "inject") this.#faults.set(event.id, event.fault);
      else if (event.step === "healed" || event.step === "inject-failed") this.#faults.delete(event.id);
    }
  }

  /** The block to redraw; each line fits into `width` columns. */
  lines(width: number): EventLine[] {
    const cut = (text: string) => clip(plainLine(text), width);
    const nodes = [...this.#conditions].map(([node, condition]) => `${node} ${condition}`);
    const tones = [...this.#conditions.values()].map(conditionTone);
    const worst = WORST.find((tone) => tones.includes(tone));
    const faults = [...this.#faults.keys()];
    const time = `${this.#phase || "…"} ${formatTime(this.#now - this.#phaseBegan)}`;
    return [
      { text: cut(`${time} (run ${formatTime(this.#now)}) · ${this.#throughput()}`), tone: "plain" },
      { text: cut(`faults: ${faults.join(", ") || "none"}`), tone: faults.length > 0 ? "warn" : "quiet" },
      { text: cut(`nodes:  ${nodes.join("   ") || "none yet"}`), tone: worst ?? "quiet" },
    ];
  }

  #throughput(): string {
    // A load that has stopped sends no more samples: its last one is not news.
    const recent = [...this.#loads.values()].filter((event) => this.#now - event.t < 3000);
    if (recent.length === 0) return "no load";
    const rate = (of: "ok" | "fail" | "info") =>
      recent.reduce((sum, event) => sum + event[of] / Math.max(event.seconds, 0.001), 0);
    return `${formatCount(rate("ok"))} ok/s, ${formatCount(rate("fail"))} fail/s, ${formatCount(rate("info"))} unknown/s`;
  }
}
