import { KIND, type LoadHistory, NOT_ASKED, OUTCOME } from "../../journal/history.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { Masters } from "./masters.ts";

export type Durability = ReturnType<typeof durabilityOf>;

/**
 * Which acknowledged writes of a load had to stay. Replication is asynchronous: what a master acknowledged may be gone when
 * that master was replaced or interrupted later, unless WAIT had confirmed the write on every replica that the shard had.
 * An experiment may ask for all of them ("none" may be lost), or for none ("any" may: they are counted and no finding).
 */
export function durabilityOf({ nodes, operations }: LoadHistory, masters: Masters, record: RunRecord) {
  const { length, kind, outcome, node, invoked, replicas } = operations;
  const losses = record.plan?.experiment.losses ?? "unconfirmed";
  /** By node number: since when it has been a master to which nothing happened. */
  const openFrom = nodes.map((name) => masters.openFrom(name));

  const isEverywhere = (row: number): boolean => {
    // Its replicas may have had it, and not those of the master that its slot came to.
    if (masters.isMoved) return false;
    const confirmed = replicas[row] as number;
    if (confirmed === NOT_ASKED || confirmed === 0) return false;
    const t = invoked[row] as number;
    const shard = masters.shardAt(nodes[node[row] as number] as string, t);
    return shard !== undefined && confirmed >= masters.replicasAt(shard, t);
  };

  /** What an operation did had to stay, also if it was a read that took something. @param row of an operation of the load */
  const lasts = (row: number): boolean => {
    if (outcome[row] !== OUTCOME.ok) return false;
    if (losses !== "unconfirmed") return losses === "none";
    return (invoked[row] as number) >= (openFrom[node[row] as number] as number) || isEverywhere(row);
  };

  /** The same of a write. */
  const hadToStay = (row: number): boolean => kind[row] !== KIND.read && lasts(row);

  /** How many writes were acknowledged, and how many of them were allowed to be lost. */
  const count = (): { acknowledged: number; allowed: number } => {
    let acknowledged = 0;
    let stay = 0;
    for (let row = 0; row < length; row++) {
      if (kind[row] !== KIND.write || outcome[row] !== OUTCOME.ok) continue;
      acknowledged++;
      if (hadToStay(row)) stay++;
    }
    return { acknowledged, allowed: acknowledged - stay };
  };

  return { losses, hadToStay, lasts, count };
}
