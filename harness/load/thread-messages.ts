import type { WriterEnd } from "../history/writer.ts";
import type { LoadSpec } from "../journal/plan.ts";
import type { Login } from "../resp/login.ts";
import type { DrawnCommand } from "./commands/choice.ts";
import type { HistoryPlace, LoadTarget } from "./load.ts";
import type { LoadSample } from "./tally.ts";

/** What a load thread is started with (`workerData`). */
export interface ThreadPlan {
  origin: bigint;
  seed: string;
  login: Login | undefined;
  loads: LoadShare[];
}

/** What one thread does of one load. */
export interface LoadShare {
  spec: LoadSpec;
  targets: readonly LoadTarget[];
  share: { index: number; of: number };
  /** "host:port" as servers name each other → where clients dial that node; undefined: the masters do not share the key space. */
  peers: Readonly<Record<string, LoadTarget>> | undefined;
  /** What it draws its commands from; undefined: it does not. */
  table: readonly DrawnCommand[] | undefined;
  /** Where its operations are recorded; undefined: nowhere. */
  history: ShareHistory | undefined;
}

export interface ShareHistory extends HistoryPlace {
  /** Its path below the run's folder. */
  file: string;
}

/** How the recording of one share ended. */
export interface ShareEnd extends WriterEnd {
  load: string;
  file: string;
}

export type ToThread =
  | { type: "start"; at: number }
  | { type: "sample"; tick: number }
  | { type: "retarget"; load: string; targets: readonly LoadTarget[] }
  | { type: "stop" };

export type FromThread =
  | { type: "ready" }
  | { type: "sample"; tick: number; loads: LoadSample[] }
  | { type: "lost"; load: string; node: string; words: string }
  | { type: "out-of-step"; load: string; node: string; text: string; command: string | null }
  | { type: "moved"; load: string; from: LoadTarget; text: string }
  | { type: "stopped"; loads: LoadSample[]; histories: ShareEnd[] };
