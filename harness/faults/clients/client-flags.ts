import type { ClusterNode, Connection } from "../../cluster/cluster.ts";
import { replyText } from "../../resp/reply-text.ts";

const ASK_MS = 3_000;

/**
 * The flags that a server shows in CLIENT LIST for clients of ours ("b": blocked), asked on a connection of its own. Found by
 * their ports, or as the only ones that show this command as their last. null: it does not tell, or does not answer.
 */
export async function clientFlags(
  node: ClusterNode,
  connections: readonly Connection[],
  argv: readonly string[],
): Promise<string | null> {
  const observer = await node.connect({ within: ASK_MS }).catch(() => null);
  if (!observer) return null;
  try {
    const outcome = await observer.send(["CLIENT", "LIST"], { within: ASK_MS });
    return outcome.outcome === "ok" ? flagsIn(replyText(outcome.reply), portsOf(node, connections), argv) : null;
  } finally {
    observer.close();
  }
}

/** Behind the engine's forwarding the server sees other ports than ours. */
function portsOf(node: ClusterNode, connections: readonly Connection[]): number[] {
  const { host, port } = node.nearest();
  if (host === node.direct.host && port === node.direct.port) return [];
  return connections.flatMap(({ localPort }) => localPort ?? []);
}

/**
 * @param list what CLIENT LIST said: one client a line, "id=3 addr=172.18.0.1:5000 … flags=b … cmd=blpop …"
 * @param ports of our ends; [] when the server sees others
 */
export function flagsIn(list: string, ports: readonly number[], argv: readonly string[]): string | null {
  const clients = list.split("\n").map((line) => ({
    port: Number(/\baddr=\S*:(\d+)\b/.exec(line)?.[1]),
    flags: /\bflags=([A-Za-z]{1,32})\b/.exec(line)?.[1],
    command: /\bcmd=(\S+)/.exec(line)?.[1],
  }));
  const own = clients.filter(({ port }) => ports.includes(port));
  const name = argv[0]?.toLowerCase() ?? "";
  const alike = clients.filter(({ command }) => command?.split("|")[0]?.toLowerCase() === name);
  const found = (own.length > 0 ? own : alike).flatMap(({ flags }) => flags ?? []);
  return found.length === 0 ? null : [...new Set(found)].sort().join(", ");
}
