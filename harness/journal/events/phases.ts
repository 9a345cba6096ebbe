/** Of a run, in their order; `watch` is that of servers which kvchaos did not start. */
export const PHASES = [
  "setup",
  "preload",
  "warm-up",
  "chaos",
  "watch",
  "heal",
  "recovery",
  "quiesce",
  "checks",
  "teardown",
] as const;
export type Phase = (typeof PHASES)[number];
