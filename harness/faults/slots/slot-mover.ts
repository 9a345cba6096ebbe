import { ChaosError } from "../../base/chaos-error.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { OpenMove, SlotTransit } from "../../cluster/slot-moves/slot-transit.ts";

/** How fast slots are moved, and who is told of it. */
export interface MovePace {
  /** Keys in one step, where the operator carries them. */
  batch: number;
  /** Keys a second; null: as fast as it goes. */
  pace: number | null;
  /** So many keys of the slot are over, of so many; null: nobody tells. */
  onKeys(moved: number, of: number | null): void;
  signal: AbortSignal;
}

/** One way to move a slot. Each step rejects with what a server says, or that it does not answer; all may be taken again. */
export interface SlotMover {
  /** Both ends are told that it is on its way. */
  begin(move: OpenMove, signal: AbortSignal): Promise<void>;
  /** Its keys go over. Returns how many. */
  carry(move: OpenMove, how: MovePace): Promise<number>;
  /** Every server that must know is told that it is the other's now. */
  give(move: OpenMove, signal: AbortSignal): Promise<void>;
  /** Its keys come back, and it is not on its way any more. `given`: that was too late, and it is the other's. */
  takeBack(move: OpenMove, how: MovePace): Promise<{ keys: number; given: boolean }>;
  /** Its end is known: a server that was master when it began, and comes back, must not have it on its way any more. */
  settle(move: OpenMove, signal: AbortSignal): Promise<void>;
  /** Is it the other's already, by that one's own word? */
  isGiven(move: OpenMove, signal: AbortSignal): Promise<boolean>;
}

/** What a cluster must have for its slots to be moved. */
export interface SlotScene {
  cluster: Cluster;
  slots: SlotTransit;
}

/** @throws ChaosError internal: no masters that share the key space, which the loader has refused */
export function slotScene(cluster: Cluster): SlotScene {
  if (cluster.slots) return { cluster, slots: cluster.slots };
  throw new ChaosError("internal", "the masters do not share the key space: there are no slots to move");
}
