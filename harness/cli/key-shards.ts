import type { Topology } from "../cluster/cluster.ts";
import { Shards } from "../cluster/shards.ts";
import { slotOf } from "../cluster/slots.ts";

/**
 * Which keys belong to which shard of a cluster whose masters share the key space, before anything is started: lines of text, without an end.
 * @param loads their names; each has its keys on every shard
 */
export function shardLines({ masters, replicaOf }: Readonly<Topology>, loads: readonly string[]): string[] {
  const shards = new Shards(masters);
  const rows = masters.map((master) => {
    const replicas = Object.keys(replicaOf).filter((replica) => replicaOf[replica] === master);
    const tag = shards.tag(master);
    const nodes = [master, ...replicas].join(", ");
    return `  ${nodes}: slots ${shards.slots(master)?.join("-")}, tag ${tag}, whose slot is ${slotOf(tag)}`;
  });
  const example = `"${shards.tag(masters[0] ?? "")}${loads[0]}:17"`;
  const ofLoads = loads.length === 0 ? "" : `, and those of its part of ${loads.join(", ")} do (${example})`;
  return [`Keys that begin with a shard's tag are that shard's${ofLoads}:`, ...rows];
}
