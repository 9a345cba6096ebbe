import { sleep, until } from "../../base/deadline.ts";
import type { EventOf } from "../../journal/events.ts";
import type { Reply } from "../../resp/reply.ts";
import { replyText } from "../../resp/reply-text.ts";
import type { System } from "../../systems/system.ts";
import { type ConnectionView, PROBE_NAME } from "../observation.ts";
import type { Placement } from "./worker-silence.ts";
import type { WorkerView } from "./worker-threads.ts";

/*
 * A server with SO_REUSEPORT listeners (Kvrocks) lets the kernel's hash choose the worker of each connection. A hung worker
 * that none of our connections lies on is invisible, so connections are added until there is one on each.
 *
 *   our connection n ── CLIENT SETNAME ──► CLIENT LIST: name → fd ──► fdinfo of the epoll instances: fd → epoll ──► thread
 *
 * (Ports would not do: through Docker's proxy the server sees others than ours.) Where /proc cannot be read, numbers argue:
 * 8 connections per worker leave none out with more than 99 %.
 */

export type Cover = Omit<EventOf<"cover">, "t" | "type" | "node"> & { placed: ReadonlyMap<number, Placement> };

export interface CoverOptions {
  workerThreads: NonNullable<System["workerThreads"]>;
  /** The server's threads right now, or why they cannot be seen. */
  look(): WorkerView | { why: string };
  /** The server's own word on how many workers it has. */
  told(): number | null;
  ask(argv: readonly string[]): Promise<Reply>;
  /** The connections as last reported. */
  views(): readonly ConnectionView[];
  /** Opens established connections until there are so many. */
  grow(connections: number): void;
  signal: AbortSignal;
}

/** Every new connection answers within this. ms */
const ANSWER_WITHIN = 5000;
const PER_WORKER = 8;
const SURE = 0.99;
/** A busy thread is seen waiting only now and then: looks, and ms between two, until every worker's thread has a name. */
const LOOKS = 6;
const LOOK_EVERY = 50;
/** With proof, chance decides how many are needed; above twice the number that is almost certainly enough it is no chance. */
const PATIENCE = 2;

/**
 * Adds connections until every worker thread has one. Takes some hundred milliseconds on a healthy server.
 * @throws ChaosError `timeout` when the server does not answer, `infrastructure` when it refuses CLIENT LIST
 */
export async function coverWorkers(options: CoverOptions): Promise<Cover> {
  const { grow, views, signal } = options;
  const names = new Map<number, string>();
  let looks = 0;
  for (;;) {
    await answered(options);
    const view = options.look();
    if ("why" in view) return byNumbers(options, view.why);
    const workers = view.threads.length;
    if (workers === 0) return byNumbers(options, "none of its threads is known as a worker");
    const placed = place(view, names, probeDescriptors(replyText(await options.ask(["CLIENT", "LIST"]))), views());
    const connections = established(views());
    const used = new Set(connections.map(({ number }) => placed.get(number)?.worker).filter(Boolean));
    if (used.size === 0) return byNumbers(options, "CLIENT LIST does not tell which connections are ours");
    const covered = Math.min(workers, used.size);
    if (covered < workers && connections.length < PATIENCE * enoughFor(workers)) {
      grow(connections.length + Math.max(4, workers));
    } else if (names.size < workers && ++looks < LOOKS) {
      await sleep(LOOK_EVERY, signal);
    } else {
      const why = covered === workers ? null : "chance left some workers out";
      return { workers, covered, connections: connections.length, proof: "proc", chance: null, why, placed };
    }
  }
}

async function byNumbers(options: CoverOptions, why: string): Promise<Cover> {
  const workers = options.told() ?? (await setting(options));
  if (workers !== null) {
    options.grow(enoughFor(workers));
    await answered(options, enoughFor(workers));
  }
  return unseenCover(workers, options.views(), why);
}

/** What numbers say of connections of which nobody saw where they lie. */
export function unseenCover(workers: number | null, views: readonly ConnectionView[], why: string): Cover {
  const connections = established(views).length;
  const chance = workers === null ? null : chanceOfCover(workers, connections);
  return { workers, covered: null, connections, proof: "numbers", chance, why, placed: new Map() };
}

/** The server's configuration, where its threads cannot be counted. */
async function setting({ ask, workerThreads }: CoverOptions): Promise<number | null> {
  const reply = await ask(["CONFIG", "GET", workerThreads.setting]).catch(() => null); // refused: nobody knows
  const value = Array.isArray(reply) ? Number(replyText(reply[1] ?? null)) : Number.NaN;
  return Number.isInteger(value) && value > 0 ? value : null;
}

async function answered({ views, signal }: CoverOptions, atLeast = 1): Promise<void> {
  const what = "an answer on every probe connection";
  await until({ what, within: ANSWER_WITHIN, every: 50, signal }, () => {
    const connections = established(views());
    return (
      connections.length >= atLeast &&
      connections.every(({ link, answeredAt }) => link === "open" && answeredAt !== null)
    );
  });
}

function established(views: readonly ConnectionView[]): ConnectionView[] {
  return views.filter(({ kind }) => kind === "established");
}

/** "id=1 addr=… fd=50 name=kvchaos-probe-0 …" → 0: 50 */
function probeDescriptors(clientList: string): Map<number, number> {
  const found = new Map<number, number>();
  for (const line of clientList.split("\n")) {
    const fd = /(?:^| )fd=(\d+)/.exec(line);
    const number = new RegExp(`(?:^| )name=${PROBE_NAME}(\\d+)(?: |$)`).exec(line);
    if (fd && number) found.set(Number(number[1]), Number(fd[1]));
  }
  return found;
}

/** @param names epoll descriptor → thread that was seen waiting on it, now or before */
function place(
  { threads, epolls }: WorkerView,
  names: Map<number, string>,
  descriptors: ReadonlyMap<number, number>,
  views: readonly ConnectionView[],
): Map<number, Placement> {
  for (const { tid, comm, epoll } of threads) if (epoll !== null) names.set(epoll, `${comm} ${tid}`);
  const placed = new Map<number, Placement>();
  for (const { number, localPort } of views) {
    const fd = descriptors.get(number);
    if (fd === undefined || localPort === null) continue;
    const [epoll] = [...epolls].find(([, watched]) => watched.has(fd)) ?? [];
    if (epoll !== undefined) placed.set(number, { localPort, worker: names.get(epoll) ?? `thread of epoll ${epoll}` });
  }
  return placed;
}

function enoughFor(workers: number): number {
  let connections = PER_WORKER * workers;
  while (chanceOfCover(workers, connections) <= SURE) connections += workers;
  return connections;
}

/** The chance that `connections`, each put on one of `workers` at random, leave none out. */
export function chanceOfCover(workers: number, connections: number): number {
  // used[k]: the chance that exactly k workers have one.
  let used = [1, ...Array<number>(workers).fill(0)];
  for (let i = 0; i < connections; i++) {
    used = used.map((chance, k) => (chance * k) / workers + ((used[k - 1] ?? 0) * (workers - k + 1)) / workers);
  }
  return used[workers] ?? 0;
}
