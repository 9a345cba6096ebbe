import { valueText } from "../../checks/limits/limits.ts";
import type { Finding } from "../../journal/events.ts";
import { type Html, html } from "../html/markup.ts";
import { seriesLane } from "../timeline/series-lane.ts";
import { type Point, round, tickLabel, timeScale, timeTicks, WIDE } from "../timeline/time-scale.ts";

const AXIS = 20;

/** How what a limit is about went, and where the limit lies; null: the finding is about no limit of the user's own. */
export function limitCurveHtml({ from, to, detail }: Finding): Html | null {
  const { limit, curve, bound, unit, load } = detail ?? {};
  if (limit === undefined || !curve || bound === undefined || unit === undefined) return null;
  const points: Point[] = curve.map(([t, value]) => [t, value]);
  const [first = [from, 0], last = first] = [points[0], points.at(-1)];
  const scale = timeScale(first[0], last[0], WIDE);
  const measure = { scale: "linear", merge: "max", format: (value: number) => valueText(value, unit) } as const;
  const { height, draw } = seriesLane(
    limit,
    measure,
    [
      { label: "measured", mark: "s1", points },
      { label: "the limit", mark: "s-fail", points: ends(first[0], last[0], bound) },
    ],
    [{ from, to: to ?? last[0], label: "did not hold" }],
  );
  const ticks = timeTicks(scale).map(
    (t) => html`<text class="tick mid" x="${scale.x(t)}" y="${height + 12}">${tickLabel(t)}</text>`,
  );
  return html.lines([
    html`<h4>${limit}${load === null || load === undefined ? "" : ` of ${load}`}: as measured, and where the limit lies</h4>`,
    html`<svg class="timeline limit-curve" viewBox="0 0 ${WIDE.width} ${round(height + AXIS)}" role="img" aria-label="Course of ${limit}: at worst ${valueText(detail?.worst ?? bound, unit)}">${draw(scale, 0)}${ticks}</svg>`,
  ]);
}

/** The limit over the whole time, dense enough to be one line. */
function ends(from: number, to: number, bound: number): Point[] {
  const steps = 200;
  return Array.from({ length: steps + 1 }, (_, i): Point => [from + ((to - from) * i) / steps, bound]);
}
