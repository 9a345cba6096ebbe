import type { Clock } from "../base/clock.ts";
import type { Emit } from "../journal/events.ts";

/** What the parts of a watch share. */
export interface LiveContext {
  clock: Clock;
  emit: Emit;
  directory: string;
  hide(text: string): string;
  signal: AbortSignal;
}
