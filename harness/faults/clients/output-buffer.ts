import type { ClusterNode } from "../../cluster/cluster.ts";
import { replyText } from "../../resp/reply-text.ts";

const ASK_MS = 2_000;

/**
 * The largest output buffer of a server's clients and replicas, bytes; null when it does not tell or does not answer.
 * CLIENT LIST calls it `omem` in Redis and `obuf` in Kvrocks; Pika does not tell.
 */
export async function largestOutputBuffer(node: ClusterNode): Promise<number | null> {
  try {
    return largestIn(replyText(await node.admin(["CLIENT", "LIST"], { within: ASK_MS })));
  } catch {
    return null;
  }
}

/** The same in the text of CLIENT LIST. */
export function largestIn(clients: string): number | null {
  const sizes = [...clients.matchAll(/\b(?:omem|obuf)=(\d+)/g)].map(([, size]) => Number(size));
  return sizes.length === 0 ? null : Math.max(...sizes);
}
