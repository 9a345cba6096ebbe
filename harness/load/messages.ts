import type { LoadSpec, LoadTarget } from "./load.ts";
import type { LoadSample } from "./sample.ts";

/** What a load thread is started with (`workerData`). */
export interface ThreadPlan {
  origin: bigint;
  seed: string;
  password: string | undefined;
  loads: { spec: LoadSpec; targets: readonly LoadTarget[]; share: { index: number; of: number } }[];
}

export type ToThread =
  | { type: "start"; at: number }
  | { type: "sample"; tick: number }
  | { type: "retarget"; load: string; targets: readonly LoadTarget[] }
  | { type: "stop" };

export type FromThread =
  | { type: "ready" }
  | { type: "sample"; tick: number; loads: LoadSample[] }
  | { type: "stopped"; loads: LoadSample[] };
