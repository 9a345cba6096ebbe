import { setTimeout as timer } from "node:timers/promises";
import { ChaosError } from "./chaos-error.ts";

/** How long a caller waits. */
export interface WaitLimits {
  /** ms */
  within?: number;
  signal?: AbortSignal | undefined;
}

export interface WaitOptions extends WaitLimits {
  /** What is waited for; becomes the error's text: "<what> did not happen within 5000 ms". */
  what: string;
  /** Milliseconds until the wait fails with code `timeout`. */
  within: number;
}

/** Sleeps `ms`; rejects with the signal's reason when aborted. For schedules only: to wait for a state, use `until`. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  try {
    await timer(Math.max(0, ms), undefined, signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/**
 * Runs `work` with a signal that fires at the deadline or when the caller's signal does.
 * Rejects at the deadline even if `work` ignores its signal.
 */
export async function withDeadline<T>(options: WaitOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { what, within, signal } = options;
  signal?.throwIfAborted();
  const controller = new AbortController();
  const expired = new ChaosError("timeout", `${what} did not happen within ${Math.round(within)} ms`);
  const timer = setTimeout(() => controller.abort(expired), within);
  const onAbort = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await unlessAborted(work(controller.signal), controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/**
 * Asks `probe` again and again until it returns something other than undefined/false, and returns that.
 * A probe that throws counts as "not yet"; its last message is in the timeout's text.
 * @param options.every milliseconds between questions (default 50)
 * @param options.first milliseconds before the second question, twice as many before each further one until they are `every`
 */
export async function until<T>(
  options: WaitOptions & { every?: number; first?: number },
  probe: (signal: AbortSignal) => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const { what, within, signal, every = 50, first = every } = options;
  const end = performance.now() + within;
  let last: unknown;
  for (let pause = first; ; pause = Math.min(every, 2 * pause)) {
    signal?.throwIfAborted();
    const left = end - performance.now();
    if (left <= 0) {
      const why = last instanceof Error ? `: ${last.message}` : "";
      throw new ChaosError("timeout", `${what} did not happen within ${Math.round(within)} ms${why}`, { cause: last });
    }
    let cutOff: AbortSignal | undefined;
    try {
      const answer = await withDeadline({ what, within: left, signal }, async (inner) => {
        cutOff = inner;
        return probe(inner);
      });
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      signal?.throwIfAborted();
      // The last try is cut off by the deadline: what the one before said tells more.
      if (error !== cutOff?.reason) last = error;
    }
    await sleep(Math.min(pause, Math.max(1, end - performance.now())), signal);
  }
}

/** What becomes of `work`; rejects with the signal's reason when that fires first, whatever becomes of it then. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** A promise and what resolves it. (Promise.withResolvers is newer than the oldest Node we support.) */
export function withResolvers<T = void>(): { promise: Promise<T>; resolve(value: T | PromiseLike<T>): void } {
  let resolve = (_: T | PromiseLike<T>): void => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
