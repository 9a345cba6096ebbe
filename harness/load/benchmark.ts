import type { Clock } from "../base/clock.ts";
import type { Engine } from "../docker/engine.ts";
import type { Labels } from "../docker/engine-types.ts";
import type { Emit } from "../journal/events.ts";
import type { BenchmarkSpec } from "../journal/plan.ts";
import type { LoadTarget } from "./load.ts";

/*
 *   container on the data network, one per target              harness
 *     sh: redis-benchmark -h toxiproxy -p 10003 … ──► link client -> m1 ──► m1
 *          └─ ends: again, until it is removed
 *          └─ "SET: rps=41720.3 …" ──► log of the container ──► BenchmarkOutput ──► `load` event, 1/s
 */

export interface BenchmarkOptions {
  engine: Pick<Engine, "createContainer" | "start" | "kill" | "remove" | "followLogs" | "inspectContainer">;
  spec: BenchmarkSpec;
  /** Addresses as containers on `network` see them. May be empty. */
  targets: readonly LoadTarget[];
  /** One that has redis-benchmark and a shell: Redis's. */
  image: string;
  network: string;
  labels: Labels;
  password: string | undefined;
  clock: Clock;
  emit: Emit;
  /** Aborting does what `stop` does. */
  signal: AbortSignal;
}

/** A running redis-benchmark. */
export interface RunningBenchmark {
  /** Points it at other nodes (the master moved): it is ended, and started there. */
  retarget(targets: readonly LoadTarget[]): void;
  /** Ends it and journals its last second. Idempotent; never rejects. */
  stop(): Promise<void>;
}
