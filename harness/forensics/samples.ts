import type { Clock } from "../base/clock.ts";
import { sleep } from "../base/deadline.ts";
import type { WaitEdge } from "../journal/evidence-data.ts";
import { type Memory, readThreads, type ThreadSample } from "./process.ts";
import type { LinkState } from "./sockets.ts";
import { type Descriptors, readDescriptors, waitEdges } from "./wait-edges.ts";

/** One look at a whole process. */
export interface Sample {
  /** When it began, on the caller's clock, ms. */
  at: number;
  threads: readonly ThreadSample[];
  edges: readonly WaitEdge[];
  descriptors: Descriptors;
}

/** One thread over all samples. */
export interface ThreadHistory extends ThreadSample {
  /** State, wchan and system call were the same in every sample. */
  same: boolean;
  /** It never got the CPU between the first and the last sample: its switch counters did not move while it was asleep. */
  asleep: boolean;
  /** CPU it used between the first and the last sample, ms (resolution 10). */
  cpuMs: number;
}

export interface SampleOptions {
  pid: number;
  links: readonly LinkState[];
  /** null: locks are not readable here; edges then only lead to sockets. */
  memory: Pick<Memory, "words"> | null;
  clock: Clock;
  signal?: AbortSignal | undefined;
  /** ms between two samples */
  every: number;
}

/** How many looks a wait must survive. Three, because the middle one lies wholly inside the time the outer two enclose. */
const LOOKS = 3;

/** Looks at the process three times. @throws the system's error when the process is gone or not readable */
export async function takeSamples(options: SampleOptions): Promise<Sample[]> {
  const { pid, links, memory, clock, signal, every } = options;
  const samples: Sample[] = [];
  const begun = clock.now();
  for (let look = 0; look < LOOKS; look++) {
    await sleep(begun + look * every - clock.now(), signal);
    const at = clock.now();
    const threads = readThreads(pid, look === 0);
    const descriptors = readDescriptors(pid, links);
    samples.push({ at, threads, edges: waitEdges(threads, memory, descriptors), descriptors });
  }
  return samples;
}

/** The threads that were there in every sample, as the last one saw them. */
export function threadHistories(samples: readonly Sample[]): ThreadHistory[] {
  const seen = samples.map((sample) => new Map(sample.threads.map((thread) => [thread.tid, thread])));
  const histories: ThreadHistory[] = [];
  for (const last of samples.at(-1)?.threads ?? []) {
    const past = seen.map((threads) => threads.get(last.tid));
    const [first] = past;
    if (!first || past.some((thread) => thread === undefined)) continue;
    const looks = new Set(past.map((thread) => JSON.stringify([thread?.state, thread?.wchan, thread?.syscall])));
    const same = looks.size === 1;
    const ran = last.voluntary !== first.voluntary || last.involuntary !== first.involuntary;
    histories.push({
      ...last,
      stack: first.stack,
      same,
      asleep: same && !ran && last.syscall?.kind === "in",
      cpuMs: last.userMs + last.systemMs - first.userMs - first.systemMs,
    });
  }
  return histories;
}

/**
 * The edges that were there in every sample, of threads that slept all the time.
 *
 * Why that is a proof and no snapshot effect: such a thread was blocked from before the middle sample began until after it
 * ended. What the middle sample read (who waits for what, who owns it) was therefore true of all of them at one moment, and
 * an owner that is itself asleep cannot have let go in between. Under contention the counters move, and the edge is dropped.
 */
export function stableEdges(samples: readonly Sample[], threads: readonly ThreadHistory[]): WaitEdge[] {
  const asleep = new Set(threads.filter((thread) => thread.asleep).map((thread) => thread.tid));
  const kept = samples.map((sample) => new Set(sample.edges.map(identity)));
  return (samples.at(-1)?.edges ?? []).filter(
    (edge) => asleep.has(edge.from) && kept.every((sample) => sample.has(identity(edge))),
  );
}

/** Everything but the number of readers: some may still come and go while a writer waits. */
function identity({ from, kind, address, to }: WaitEdge): string {
  return JSON.stringify([from, kind, address, to.kind === "readers" ? "readers" : to]);
}
