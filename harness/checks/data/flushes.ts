import type { EventOf } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { Masters } from "./masters.ts";

/** One flush that may have emptied a shard. Run milliseconds. */
export interface Flush {
  id: string;
  command: string;
  node: string;
  shard: number;
  invoked: number;
  /** Infinity: never answered, it may take effect at any time later, or never. */
  acknowledged: number;
  /** It took effect, and its master was neither replaced nor interrupted since: nothing that it removed may come back. */
  lasting: boolean;
}

/** The flushes of one shard, in order of invocation. */
export interface ShardFlushes {
  all: readonly Flush[];
  /** When the last lasting one was invoked; -Infinity: there is none. */
  lastLasting: number;
  /** Until when one may have taken effect; -Infinity: there is none. */
  latest: number;
}

export interface Flushes {
  shards: readonly ShardFlushes[];
  /** Nodes that were flushed while they were no master, and by what: what they hold cannot be judged. */
  alone: ReadonlyMap<string, string>;
}

/** What the journal's flushes did to which shard; refused ones did nothing. */
export function flushesOf(record: RunRecord, masters: Masters): Flushes {
  const alone = new Map<string, string>();
  const all = record.of("flush").flatMap((event): Flush[] => {
    const { id, command, node, invoked, failed } = event;
    const shard = masters.shardAt(node, invoked);
    if (failed !== null || shard === undefined) return [];
    const sent = { id, command, node, shard, invoked };
    if (masters.isMasterAt(node, invoked)) {
      const acknowledged = event.acknowledged ?? seenOn(record, event) ?? Infinity;
      return [{ ...sent, acknowledged, lasting: acknowledged < Infinity && invoked >= masters.openFrom(node) }];
    }
    alone.set(node, `${command} (${id})`);
    // It may have been the master still, or already: then it emptied the shard, and nobody knows when.
    return [{ ...sent, acknowledged: Infinity, lasting: false }];
  });
  all.sort((a, b) => a.invoked - b.invoked);
  const shards = Array.from({ length: masters.shards }, (_, shard): ShardFlushes => {
    const own = all.filter((one) => one.shard === shard);
    const lasting = own.filter((one) => one.lasting);
    return {
      all: own,
      lastLasting: Math.max(-Infinity, ...lasting.map(({ invoked }) => invoked)),
      latest: Math.max(-Infinity, ...own.map(({ acknowledged }) => acknowledged)),
    };
  });
  return { shards, alone };
}

/** When a flush without an answer was seen to have taken effect on the node that it was sent to: it does so only once. */
function seenOn(record: RunRecord, { id, node }: EventOf<"flush">): number | null {
  return record.ofNode("flush-effect", node).find((one) => one.id === id)?.at ?? null;
}
