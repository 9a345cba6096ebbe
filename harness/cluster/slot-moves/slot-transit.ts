/** A slot that was begun to be moved, and is not anybody's for certain. Names are those at its beginning: masters change. */
export interface OpenMove {
  slot: number;
  from: string;
  to: string;
  /** Plan id of the fault. */
  by: string;
  /** What heal does with it. */
  close: "finish" | "roll-back";
}

/** How far a migration of slots is. */
export interface SlotStep {
  by: string;
  /** Masters at this moment. */
  from: string;
  to: string;
  /** 0..1: slots that are moved, and the share of the keys of the one that is on its way, where that is known. */
  progress: number;
  /** A slot is on its way. */
  open: boolean;
}

/** Slots that the experiment moves from shard to shard, and where each is. */
export interface SlotTransit {
  /** As a server dials another one: where the servers rule, at the one address that it announces. */
  addressOf(from: string, to: string): { host: string; port: number };
  /** Who is master of a node's shard now. */
  masterOf(node: string): string;
  /** So many slots of a master: first the one with the keys of loads and preload. */
  of(master: string, count: number): number[];
  isOwner(master: string, slot: number): boolean;
  /** Begun and neither moved nor taken back. */
  readonly open: readonly OpenMove[];
  begin(move: OpenMove): void;
  /** All servers that could be told know that it is the other's now. */
  moved(move: OpenMove, keys: number): void;
  rolledBack(move: OpenMove, keys: number): void;
  /** It stays open: the operator's tool has given up, or was stopped. @param refused a server would not, of its own accord */
  leftOpen(move: OpenMove, keys: number, detail: string, refused: boolean): void;
  /** Where a migration is now. */
  step(step: SlotStep): void;
  /** The last of each migration. */
  readonly steps: readonly SlotStep[];
  /** Calls `listener` for every step from now on; returns the unsubscribe. */
  onStep(listener: (step: SlotStep) => void): () => void;
}
