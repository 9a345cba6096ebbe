import { KIND, type LoadHistory, NOT_ASKED, OUTCOME } from "../../journal/history.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { Masters } from "./masters.ts";

/** Which losses of acknowledged writes an experiment allows. */
export type AllowedLosses =
  /** The configuration promises more than asynchronous replication does: every write must be there. */
  | "none"
  | "unconfirmed"
  /** They are counted and no finding. */
  | "any";

/** What the run's experiment says; "unconfirmed" where it says nothing. */
export function allowedLosses(record: RunRecord): AllowedLosses {
  return record.plan?.experiment.losses ?? "unconfirmed";
}

/**
 * Which acknowledged writes of a load had to stay. Replication is asynchronous: what a master acknowledged may be gone when
 * that master was replaced or interrupted later, unless WAIT had confirmed the write on every replica that the shard had.
 * An experiment may ask for all of them, or for none.
 */
export class Durability {
  readonly #load: LoadHistory;
  readonly #masters: Masters;
  readonly #allowed: AllowedLosses;
  /** By node number: since when it has been a master to which nothing happened. */
  readonly #openFrom: readonly number[];

  constructor(load: LoadHistory, masters: Masters, allowed: AllowedLosses) {
    this.#allowed = allowed;
    this.#load = load;
    this.#masters = masters;
    this.#openFrom = load.nodes.map((node) => masters.openFrom(node));
  }

  /** @param row of an operation of the load */
  hadToStay(row: number): boolean {
    const { kind, outcome, node, invoked } = this.#load.operations;
    if (kind[row] !== KIND.write || outcome[row] !== OUTCOME.ok) return false;
    if (this.#allowed !== "unconfirmed") return this.#allowed === "none";
    return (invoked[row] as number) >= (this.#openFrom[node[row] as number] as number) || this.#isEverywhere(row);
  }

  /** How many writes were acknowledged, and how many of them were allowed to be lost. */
  count(): { acknowledged: number; allowed: number } {
    const { length, kind, outcome } = this.#load.operations;
    let acknowledged = 0;
    let stay = 0;
    for (let row = 0; row < length; row++) {
      if (kind[row] !== KIND.write || outcome[row] !== OUTCOME.ok) continue;
      acknowledged++;
      if (this.hadToStay(row)) stay++;
    }
    return { acknowledged, allowed: acknowledged - stay };
  }

  #isEverywhere(row: number): boolean {
    const { replicas, node, invoked } = this.#load.operations;
    const confirmed = replicas[row] as number;
    if (confirmed === NOT_ASKED || confirmed === 0) return false;
    const t = invoked[row] as number;
    const shard = this.#masters.shardAt(this.#load.nodes[node[row] as number] as string, t);
    return shard !== undefined && confirmed >= this.#masters.replicasAt(shard, t);
  }
}
