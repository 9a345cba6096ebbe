import type { NamedLockUse, PredictedSide, Prediction } from "../../journal/prediction.ts";
import { placeOf } from "../../locks/predict/places.ts";
import type { WaitArrow, WaitBox, WaitPicture } from "../finding/wait-boxes.ts";
import { waitPictureSvg } from "../finding/wait-graph-svg.ts";
import type { Html } from "../html/markup.ts";

/** What a box has room for. */
const PLACE_CHARS = 36;

/** The sides as boxes, each with an arrow to the one that holds what it wants. @param label the same in words */
export function foreseenSvg(prediction: Prediction, label: string): Html | null {
  return waitPictureSvg(foreseenPicture(prediction), label);
}

function foreseenPicture({ sides, writers }: Prediction): WaitPicture {
  const keys = sides.map((_, i) => `s${i}`);
  const boxes = sides.map((side, i) => boxOf(side, `s${i}`, true));
  const arrows = sides.map((side, i): WaitArrow => {
    const to = keys[(i + 1) % keys.length] ?? "s0";
    return { from: `s${i}`, to, label: wantText(side.wants), inCycle: true, maybe: false };
  });
  for (const [i, writer] of writers.entries()) {
    const holder = sides.findIndex(({ holds }) => holds.some(({ lock }) => lock === writer.wants.lock));
    if (holder === -1) continue;
    boxes.push(boxOf(writer, `w${i}`, false));
    arrows.push({ from: `w${i}`, to: `s${holder}`, label: wantText(writer.wants), inCycle: false, maybe: true });
  }
  return { boxes, arrows, cycle: keys };
}

function boxOf({ thread, holds, wants }: PredictedSide, key: string, inCycle: boolean): WaitBox {
  return {
    key,
    kind: "thread",
    title: thread,
    lines: [
      holds.length === 0 ? "holds nothing" : `holds ${holds.map(({ lock }) => lock).join(", ")}`,
      `in ${lastNames(placeOf(wants))}`,
    ],
    inCycle,
    cutBy: null,
    depth: inCycle ? 0 : 1,
  };
}

/** The end of a long name says more than its namespaces. */
function lastNames(place: string): string {
  const names = place.split("::");
  while (names.length > 1 && names.join("::").length > PLACE_CHARS) names.shift();
  return names.join("::");
}

function wantText(use: NamedLockUse): string {
  if (use.kind === "thread") return `waits for ${use.lock}`;
  return `wants ${use.lock}${modeText(use)}`;
}

/** " (shared)" of a lock that can be taken in two ways. */
export function modeText({ kind, mode }: NamedLockUse): string {
  return kind === "rwlock" ? ` (${mode})` : "";
}
