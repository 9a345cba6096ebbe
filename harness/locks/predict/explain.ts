import { formatSeconds } from "../../base/units.ts";
import type { LongWait, NamedLockUse, PredictedSide, Prediction } from "../../journal/prediction.ts";
import { placeOf } from "./places.ts";

const WAITS_FOR: Record<LongWait["for"], string> = {
  condition: "a condition",
  join: "the end of a thread",
  io: "input or output",
  sleep: "a sleep to be over",
  semaphore: "a semaphore",
};

/** A prediction in a few sentences, for terminal and ticket. */
export function explain(prediction: Prediction): string {
  const { sides, kind, gap, writers, instances } = prediction;
  const sentences = kind === "itself" ? sides.map(ofItself) : [`${sides.map((_, i) => ofSide(sides, i)).join("; ")}.`];
  if (writers.length > 0)
    sentences.push(`It takes a writer between the readers: ${writers.map(ofWriter).join(", and ")}.`);
  if (gap !== null && (kind === "cycle" || writers.length > 0)) {
    const who = sides.length + writers.length === 2 ? "The two" : "They";
    sentences.push(`${who} came as close as ${formatGap(gap)}${ofInstances(instances)}.`);
  } else if (instances > 1) {
    sentences.push(`It was so${ofInstances(instances)}.`);
  }
  for (const { thread, wants, alreadyEnded } of sides)
    if (alreadyEnded) sentences.push(`Whenever ${thread} waited for ${wants.lock}, that had come already.`);
  return sentences.join(" ");
}

/** "worker-# held rwlock A (exclusive, in Server::AddMaster) for 9.1 s while it waited for the end of a thread (in …)." */
export function explainWait(wait: LongWait): string {
  const { thread, for: what, longest, count, holds } = wait;
  const held = holds.length === 0 ? "a lock" : holds.map(ofUse).join(" and ");
  const often = count > 1 ? `; ${count} times, this was the longest` : "";
  return `${thread} held ${held} for ${formatGap(longest)} while it waited for ${WAITS_FOR[what]} (in ${placeOf(wait)})${often}.`;
}

/** 340 → "340 ms", 2300 → "2.3 s" */
function formatGap(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : formatSeconds(ms);
}

function ofInstances(instances: number): string {
  return instances > 1 ? `, with ${instances} sets of such locks` : "";
}

function ofSide(sides: readonly PredictedSide[], i: number): string {
  const side = sides[i];
  if (!side) return "";
  const { thread, wants } = side;
  const again = sides.slice(0, i).some((other) => other.thread === thread);
  const held = heldOf(sides, i);
  const wish = `${wants.kind === "thread" ? "waits for" : "wants"} ${ofUse(wants)}`;
  return `${again ? "another " : ""}${thread} ${held ? `holds ${ofUse(held)} and ` : ""}${wish}`;
}

/** What the side before wants of this one; undefined: its end. */
function heldOf(sides: readonly PredictedSide[], i: number): NamedLockUse | undefined {
  const wanted = sides.at(i - 1)?.wants.lock;
  const uses = sides[i]?.holds.filter(({ lock }) => lock === wanted) ?? [];
  return uses.find(({ mode }) => mode === "exclusive") ?? uses[0];
}

function ofItself(side: PredictedSide): string {
  const held = heldOf([side], 0);
  const { thread, wants } = side;
  return `${thread} holds ${held ? ofUse(held) : wants.lock} and wants it again (${modeAndPlace(wants)}): it waits for itself.`;
}

function ofWriter({ thread, wants }: PredictedSide): string {
  return `${thread} wants ${ofUse(wants)}`;
}

function ofUse(use: NamedLockUse): string {
  return `${use.lock} (${modeAndPlace(use)})`;
}

function modeAndPlace(use: NamedLockUse): string {
  return `${use.kind === "rwlock" ? `${use.mode}, ` : ""}in ${placeOf(use)}`;
}
