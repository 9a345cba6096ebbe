import type { Clock } from "../../base/clock.ts";
import { httpCall } from "../../cluster/controllers/http-call.ts";
import type { Link } from "../../network/link.ts";
import { RawConnection } from "../../resp/connection.ts";

const OPEN_MS = 1_000;
/** The echo that measures a cap: half a second of it, at most 4 MiB. */
const ECHO_SECONDS = 0.5;
const ECHO_MAX = 4 * 1024 ** 2;

/**
 * How long a command takes through a link, over a new connection, ms; null when no answer came in time or the
 * connection broke. Asking through the link is evidence that does not depend on what else uses it just then.
 */
export async function timeThrough(
  link: Link,
  clock: Clock,
  argv: readonly (string | Buffer)[],
  within: number,
): Promise<number | null> {
  let connection: RawConnection | undefined;
  try {
    connection = await RawConnection.open({ ...link.published, within: OPEN_MS });
    const started = clock.now();
    const outcome = await connection.send(argv, { within });
    return outcome.outcome === "info" ? null : clock.now() - started;
  } catch {
    return null;
  } finally {
    connection?.close();
  }
}

/** The same of any answer over HTTP, for what speaks no RESP. */
export async function httpThrough({ published }: Link, clock: Clock, within: number): Promise<number | null> {
  const started = clock.now();
  return httpCall(published, { method: "GET", path: "/health" }, { within }).then(
    () => clock.now() - started,
    () => null,
  );
}

/** An ECHO that takes half a second through a link of `rate` bytes per second. */
export interface CapEcho {
  bytes: number;
  /** ms */
  expected: number;
  /** How long it takes, ms; null when no answer came in time. */
  through(link: Link, clock: Clock): Promise<number | null>;
}

/** The ECHO that shows a cap of `rate` bytes per second. */
export function echoOf(rate: number): CapEcho {
  const bytes = Math.min(ECHO_MAX, Math.max(1_000, Math.round(rate * ECHO_SECONDS)));
  const expected = (bytes / rate) * 1000;
  const argv = ["ECHO", Buffer.alloc(bytes, "x")];
  return { bytes, expected, through: (link, clock) => timeThrough(link, clock, argv, expected * 4 + 5_000) };
}

/** Did it take as long as the cap says? 20 % of slack: the toxic lets the first chunk through at once. */
export function capTook(took: number | null, expected: number): boolean {
  return took === null || took >= expected * 0.8;
}
