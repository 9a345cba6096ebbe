import { counted } from "../../base/units.ts";
import type { Diary } from "../../explore/diary.ts";
import { kindsOf, type Tried } from "../../explore/explorer.ts";
import type { Drawn } from "../../explore/grammar/drawn.ts";
import { standingOf } from "../../explore/ledger.ts";
import { foot, log } from "../print.ts";

/** How far back "new" reaches, ms. */
const LATELY = 600_000;
const HOUR = 3_600_000;
/** Without a terminal: a line so often, ms. */
const TOLD_EVERY = 60_000;

/** One line that tells how an exploration goes: on a terminal in place, elsewhere once a minute. */
export class Progress {
  readonly #diary: Diary;
  readonly #running = new Map<number, string>();
  readonly #began = performance.now();
  readonly #fresh: number[] = [];
  #ended = 0;
  #told = performance.now();

  constructor(diary: Diary) {
    this.#diary = diary;
  }

  begin(number: number, document: Drawn): void {
    this.#running.set(number, [...kindsOf(document)].join("+") || "no fault");
    this.draw();
  }

  end({ number, fresh }: Tried): void {
    this.#running.delete(number);
    this.#ended++;
    const now = performance.now();
    for (const _ of fresh) this.#fresh.push(now);
  }

  draw(): void {
    const now = performance.now();
    const hours = (now - this.#began) / HOUR;
    const lately = this.#fresh.filter((at) => now - at < LATELY).length;
    const share = this.#diary.shareOfChaos;
    const { bugs } = this.#diary.ledger;
    const firm = bugs.filter((bug) => standingOf(bug) !== "seen once").length;
    const line = [
      `${counted(this.#diary.lines.length, "experiment")}, ${Math.round(this.#ended / Math.max(hours, 1 / 60))} an hour${share === null ? "" : `, ${Math.round(share * 100)} % of them chaos`}`,
      `${lately} new in 10 min`,
      `${counted(firm, "finding")}${bugs.length > firm ? ` (${bugs.length - firm} seen once)` : ""}`,
      `trying ${[...this.#running.values()].join("; ")}`,
    ].join(" · ");
    foot([line]);
    if (process.stderr.isTTY || now - this.#told < TOLD_EVERY) return;
    this.#told = now;
    log(line);
  }
}
