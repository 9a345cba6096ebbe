/** Which way data flows on a link "r1 -> m1": `to-master` is what r1 sends, `to-replica` what m1 sends back. */
export type Direction = "to-master" | "to-replica";

/** One directed TCP path through Toxiproxy. A link carries every port that its system needs (Pika: three proxies). */
export interface Link {
  /** "r1 -> m1" or "client -> m1" */
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** What the replica is told to dial (inside the network), for the system's main port. */
  readonly address: { host: string; port: number };
  /** The same link as this machine reaches it, for the host's own load and for measuring: a port on 127.0.0.1, or Toxiproxy's own address where that is reached and nothing of the plan dials the link. */
  readonly published: { host: string; port: number };
  /** Adds a toxic to all its proxies; its name must be unique on the link. */
  addToxic(name: string, type: string, direction: Direction, attributes: Record<string, number>): Promise<void>;
  /** Does nothing when there is no such toxic. */
  removeToxic(name: string): Promise<void>;
}
