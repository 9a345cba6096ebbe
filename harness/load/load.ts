import type { Clock } from "../base/clock.ts";
import type { Emit } from "../journal/events.ts";
import type { LoadSpec } from "../journal/plan.ts";
import type { Login } from "../resp/login.ts";
import type { DrawnCommand } from "./commands/choice.ts";

/*
 *   main thread                                 load thread (load-thread.ts), one or more
 *   startLoad ─► LoadRunner ─► LoadThread ──► LoadGenerator, one per load ─► Pipe, one per connection ─► node, or its client link
 *                    │  ▲                       │        ▲
 *      journal ◄─────┘  └── samples, 1/s ───────┘        └── OpenLoopSchedule (open loop), Workload (commands)
 */

export interface LoadTarget {
  node: string;
  host: string;
  port: number;
}

export interface LoadTotals {
  load: string;
  ok: number;
  fail: number;
  info: number;
}

export interface HistoryPlace {
  /** The run's folder. */
  directory: string;
  /** Every node that may get load, in the order in which recorded operations number them. */
  nodes: readonly string[];
}

export interface LoadOptions {
  specs: readonly LoadSpec[];
  /** Loads that are parts of one, by name: under which name the journal counts what they do together. Absent: their own. */
  partOf?: Readonly<Record<string, string>> | undefined;
  /** First targets of each load, by its name; connections are spread over them evenly. May be empty. */
  targets: Readonly<Record<string, readonly LoadTarget[]>>;
  seed: string;
  clock: Clock;
  emit: Emit;
  login?: Login | undefined;
  /** Where the masters share the key space, by load: "host:port" as servers name each other → where its clients dial that node. */
  peers?: Readonly<Record<string, Readonly<Record<string, LoadTarget>>>> | undefined;
  /** What loads draw their commands from that draw from the server's table, by load. */
  tables?: Readonly<Record<string, readonly DrawnCommand[]>> | undefined;
  /** Where histories go; needed when a load is recorded. */
  history?: HistoryPlace | undefined;
  /** Cluster mode: a target says that the slot of a load's keys, or of its part's, is another server's ("MOVED 2843 host:port"). */
  onMoved?: ((load: string, from: LoadTarget, text: string) => void) | undefined;
  /** Aborting does what `stop` does. */
  signal: AbortSignal;
}
