import { type CellShape, keyOf } from "../../journal/history.ts";
import { GROUP } from "../../load/workloads/stream.ts";
import { type Outcome, type Reply, RespError } from "../../resp/reply.ts";
import { replyText } from "../../resp/reply-text.ts";

/**
 * The elements of a list, or the entries of a stream that its group has not been given yet: the reply is an array of values.
 * @param ask sends a command to the node
 */
export async function elementsLeft(
  shape: CellShape,
  cell: number,
  ask: (argv: string[]) => Promise<Outcome>,
): Promise<Outcome> {
  const key = keyOf(shape, cell);
  if (shape.type === "queue") return ask(["LRANGE", key, "0", "-1"]);
  const groups = await ask(["XINFO", "GROUPS", key]);
  // A stream that is not there has no groups.
  if (groups.outcome === "fail" && /no such key/i.test(groups.reply?.message ?? ""))
    return { outcome: "ok", reply: [] };
  if (groups.outcome !== "ok") return groups;
  const last = lastDelivered(groups.reply) ?? "0-0";
  const entries = await ask(["XRANGE", key, `(${last}`, "+"]);
  return entries.outcome === "ok" ? { outcome: "ok", reply: valuesOf(entries.reply) } : entries;
}

/** Of the loads' group; undefined: there is none yet. */
function lastDelivered(groups: Reply): string | undefined {
  if (!Array.isArray(groups)) return undefined;
  for (const group of groups) {
    if (!Array.isArray(group)) continue;
    const words = group.map((word) => (word instanceof RespError ? word.message : replyText(word)));
    const of = (name: string) => words[words.indexOf(name) + 1];
    if (of("name") === GROUP) return of("last-delivered-id");
  }
  return undefined;
}

/** Each entry is [id, [field, value]]. */
function valuesOf(entries: Reply): Reply[] {
  if (!Array.isArray(entries)) return [];
  return entries.map((entry) => (Array.isArray(entry) && Array.isArray(entry[1]) ? (entry[1][1] ?? null) : null));
}
