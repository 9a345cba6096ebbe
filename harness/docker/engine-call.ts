import type Dockerode from "dockerode";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { withDeadline } from "../base/deadline.ts";
import type { CallOptions } from "./engine-types.ts";

/** A daemon that answered once, and how messages call it. */
export interface Daemon {
  readonly docker: Dockerode;
  /** "unix:///var/run/docker.sock" */
  readonly address: string;
}

/**
 * One call to the daemon: a deadline, the caller's signal, and every failure as a ChaosError.
 * @param what what is done, as a phrase that fits behind "could not": "start container m1"
 */
export async function call<T>(
  daemon: Daemon,
  what: string,
  options: CallOptions & { default?: number },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const within = options.within ?? options.default ?? 30_000;
  try {
    return await withDeadline({ what: `Docker: ${what}`, within, signal: options.signal }, work);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw engineError(daemon, what, error);
  }
}

/** Of `callUnless`: there is no such thing, or no more. */
export const GONE = /^404 /;

/**
 * Like `call`, but what the daemon refuses because it is so already is the answer `undefined`.
 * @param so matches such a refusal's HTTP status and words: "304 container already started"
 */
export async function callUnless<T>(
  daemon: Daemon,
  so: RegExp,
  what: string,
  options: CallOptions & { default?: number },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  return call(daemon, what, options, async (signal) => {
    try {
      return await work(signal);
    } catch (error) {
      if (so.test(`${statusOf(error)} ${reasonOf(error)}`)) return undefined;
      throw error;
    }
  });
}

/** Adds the signal to dockerode's options; it takes one in every call, but its types know that only in some. */
export function withSignal<T extends object>(options: T, abortSignal: AbortSignal): T & { abortSignal: AbortSignal } {
  return { ...options, abortSignal };
}

/** HTTP status of a daemon's refusal, also through a ChaosError made of it. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof ChaosError) return statusOf(error.cause);
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === "number" ? status : undefined;
}

/** The daemon's own words about an error. */
export function reasonOf(error: unknown): string {
  const body = (error as { json?: { message?: unknown } } | null)?.json;
  if (typeof body?.message === "string") return body.message.replace(/\s+/g, " ").trim();
  return messageOf(error).replace(/^\(HTTP code \d+\) [^-]*- /, "");
}

const UNREACHABLE = new Set(["ECONNREFUSED", "ENOENT", "ECONNRESET", "EPIPE", "EACCES", "ETIMEDOUT", "EHOSTUNREACH"]);

/** dockerode's errors in the harness's own terms. */
export function engineError(daemon: Daemon, what: string, error: unknown): ChaosError {
  if (error instanceof ChaosError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const reason = reasonOf(error);
  if (typeof code === "string" && UNREACHABLE.has(code)) {
    return wentAway(daemon, what, reason, error);
  }
  const hint = hintFor(statusOf(error), reason);
  return new ChaosError("infrastructure", `Docker could not ${what}: ${reason}`, { hint, cause: error });
}

export function wentAway({ address }: Daemon, what: string, why: string, cause?: unknown): ChaosError {
  return new ChaosError("infrastructure", `The Docker daemon at ${address} went away: could not ${what} (${why})`, {
    hint: "Look at the daemon's log, start it again, and run `kvchaos clean` to remove what this run left.",
    cause,
  });
}

function hintFor(status: number | undefined, reason: string): string | undefined {
  const port = /(?:for|listen tcp\d?|on) (?:\S*127\.0\.0\.1|0\.0\.0\.0):(\d+)/.exec(reason)?.[1];
  if (/port is already allocated|address already in use/i.test(reason)) {
    return `Port ${port ?? "(see above)"} on 127.0.0.1 is in use: end what listens there (\`ss -ltnp\`), or, if the Compose file names this host port, leave it out.`;
  }
  if (/no such image|manifest unknown|pull access denied|repository does not exist/i.test(reason)) {
    return "Check the image's name; `kvchaos images list` shows which images are local, can be pulled or can be made here.";
  }
  if (/non-overlapping|pool overlaps|address pools/i.test(reason)) {
    return "No free network address range: `kvchaos clean` removes what earlier runs left; `docker network prune` removes other unused networks.";
  }
  if (/has active endpoints/i.test(reason)) {
    return "`docker network inspect` shows who is in it. Nobody? Then the engine has lost count: start it again (systemctl restart docker), and type `kvchaos clean`.";
  }
  if (/no space left/i.test(reason))
    return "The disk is full: free some space (`docker system df` shows what Docker holds).";
  if (status === 404)
    return "It was removed while the harness used it; `kvchaos doctor` shows whether the engine is well.";
  if (status === 409 && /already in use/i.test(reason)) return "Left by an earlier run? `kvchaos clean` removes it.";
  return undefined;
}
