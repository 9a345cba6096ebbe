import type { Clock } from "../base/clock.ts";
import type { Link } from "../network/link.ts";
import { RawConnection } from "../resp/connection.ts";

const OPEN_MS = 1_000;

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
