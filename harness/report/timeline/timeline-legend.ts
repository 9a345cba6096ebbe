import { clip } from "../../base/shorten.ts";
import { type Html, html } from "../html/markup.ts";
import { type Frame, type Lane, round } from "./time-scale.ts";

const MARK = 20;
const BETWEEN = 14;
const LINE = 16;
const MOST_CHARS = 34;

/** The lane's legend: right-aligned on its title line (at `y`), or in lines of its own below it where there is no room. */
export function legendOf(lane: Lane, y: number, frame: Frame): { svg: Html; height: number } {
  const entries = lane.legend.map(entryOf);
  return frame.name === "wide" ? onTitleLine(entries, lane, y, frame) : below(entries, y, frame);
}

type Entry = ReturnType<typeof entryOf>;

function entryOf({ label, mark }: Lane["legend"][number]) {
  const shown = clip(label, MOST_CHARS);
  return { shown, mark, width: MARK + textWidth(shown) + BETWEEN };
}

function onTitleLine(entries: readonly Entry[], { title }: Lane, y: number, { left, right }: Frame) {
  let x = right + BETWEEN;
  const parts: Html[] = [];
  for (const entry of [...entries].reverse()) {
    x -= entry.width;
    // A title that reaches this far would be written over.
    if (x < left + title.length * 6.4) break;
    parts.push(entrySvg(entry, x, y));
  }
  return { svg: html`${parts}`, height: 0 };
}

function below(entries: readonly Entry[], y: number, { width }: Frame) {
  let x = 4;
  let line = 0;
  const parts: Html[] = [];
  for (const entry of entries) {
    if (x > 4 && x + entry.width - BETWEEN > width) {
      x = 4;
      line++;
    }
    parts.push(entrySvg(entry, x, y + (line + 1) * LINE));
    x += entry.width;
  }
  return { svg: html`${parts}`, height: entries.length === 0 ? 0 : (line + 1) * LINE };
}

function entrySvg({ shown, mark }: Entry, x: number, y: number): Html {
  const isLine = /^s(\d|-)/.test(mark);
  const drawn = /^d\d/.test(mark)
    ? html`<path class="line ${mark}" d="M${round(x + 10)} ${y - 4}h.01"/>`
    : isLine
      ? html`<line class="line ${mark}" x1="${round(x)}" x2="${round(x + 16)}" y1="${y - 4}" y2="${y - 4}"/>`
      : html`<rect class="${mark}" x="${round(x + 2)}" y="${mark === "master" ? y - 5 : y - 9}" width="13" height="${mark === "master" ? 2.5 : 10}"/>`;
  return html`<text class="tick" x="${round(x + MARK)}" y="${y}">${shown}</text>${drawn}`;
}

/** About how wide a text of the small type is, in units of the drawing: SVG cannot measure it without a script. */
function textWidth(text: string): number {
  let width = 0;
  for (const letter of text) width += /[ijlt.,:' ]/.test(letter) ? 3.6 : /[mwMW]/.test(letter) ? 10 : 6.6;
  return width;
}
