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
  const all = record.of("flush").flatMap((told): Flush[] => {
    const event = { ...told, acknowledged: told.acknowledged ?? seenOn(record, told) };
    const shard = masters.shardAt(event.node, event.invoked);
    if (event.failed !== null || shard === undefined) return [];
    if (masters.isMasterAt(event.node, event.invoked)) return [onMaster(event, shard, masters)];
    alone.set(event.node, `${event.command} (${event.id})`);
    // It may have been the master still, or already: then it emptied the shard, and nobody knows when.
    return [{ ...flush(event, shard), acknowledged: Infinity, lasting: false }];
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
  return record.of("flush-effect").find((one) => one.id === id && one.node === node)?.at ?? null;
}

function onMaster(event: EventOf<"flush">, shard: number, masters: Masters): Flush {
  const lasting = event.acknowledged !== null && event.invoked >= masters.openFrom(event.node);
  return { ...flush(event, shard), lasting };
}

function flush({ id, command, node, invoked, acknowledged }: EventOf<"flush">, shard: number): Flush {
  return { id, command, node, shard, invoked, acknowledged: acknowledged ?? Infinity, lasting: false };
}
