import type { ComposeFile } from "../docker/compose.ts";
import type { Engine } from "../docker/engine.ts";
import type { Finding, JournalEvent, Verdict } from "../journal/events.ts";
import type { Plan } from "../journal/plan.ts";
import type { RunRecord } from "../journal/record.ts";
import type { SubscriberFailure } from "../journal/writer.ts";
import type { System } from "../systems/system.ts";
import type { AttachedServers } from "./attached/attached-servers.ts";
import type { WarmCluster } from "./warm/warm-cluster.ts";

export interface RunOptions {
  plan: Plan;
  compose: ComposeFile;
  engine: Engine;
  system: System;
  image: string;
  toxiproxyImage: string;
  /** Has redis-benchmark; null: the plan needs none. */
  benchmarkImage: string | null;
  /** The folder that gets this run's folder. */
  reports: string;
  /** What a reader types to see it again, given the run's folder. */
  command(directory: string): readonly string[];
  /** Leave the cluster running at the end (`kvchaos clean` removes it). */
  keep: boolean;
  /** Ctrl-C: heal, report what there is, leave nothing behind. */
  interrupt: AbortSignal;
  live: readonly LiveReporter[];
  /** Holds the cluster of the run before in this process, and gets this one's; absent: every run has its own. */
  warm?: WarmCluster | undefined;
  /** The servers of the run are there: none is started. */
  attached?: AttachedServers | undefined;
  /** Runs beside this one, at this moment; absent: it is on its own. */
  others?: (() => number) | undefined;
}

/** Told of every event while the run goes on. One that throws is not called again; the others are. */
export interface LiveReporter {
  readonly name: string;
  onEvent?(event: JournalEvent): void;
}

export interface RunResult {
  verdict: Verdict;
  reasons: readonly string[];
  findings: readonly Finding[];
  /** Absolute path of the run's folder. */
  directory: string;
  record: RunRecord;
  /** What broke the run itself (verdict `error`). */
  error: unknown;
  /** Live reporters that threw. */
  liveFailures: readonly SubscriberFailure[];
}
