import { ChaosError } from "../../base/chaos-error.ts";
import { sleep } from "../../base/deadline.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { NodeWait } from "./since-start.ts";

/** Between two readings of a counter that the kernel keeps. */
const EVERY_MS = 20;

export interface SyncBytesOptions extends NodeWait<Cluster> {
  bytes: number;
  /** Is the node in a full sync, as far as its INFO tells? Asked only where its log says nothing of full syncs. */
  syncing(node: string): boolean;
}

/**
 * Resolves with what was counted when `bytes` have reached a node on the replication network since its full sync began
 * (or since it is waited for, when it was under way already). Rejects when the signal fires, and says so when nothing
 * could be counted. This is what came through the link to its master, and its own clients' requests, which are small.
 */
export async function waitForSyncBytes(options: SyncBytesOptions): Promise<string> {
  const { cluster, bytes, signal } = options;
  const logTells = cluster.system.logRules.some(({ meaning }) => meaning === "full-sync-start");
  const read = (node: string): number | null => cluster.node(node).received();
  const count = new SyncCount(options.anew);
  let unreadable: string | null = null;
  const stop = cluster.onFullSync(({ node, step }) => {
    if (step === "start" && node === options.node()) count.begin(node, read(node));
  });
  try {
    for (;;) {
      const node = options.node();
      const reading = read(node);
      const syncing = logTells ? cluster.fullSync(node) !== null : options.syncing(node);
      const counted = count.look(node, syncing, reading);
      if (counted !== null && counted >= bytes) {
        return `${counted} bytes had reached ${node} since its full sync began (waited for: ${bytes})`;
      }
      // A server that is down has no counter either, and no full sync.
      if (syncing) unreadable = reading === null ? node : null;
      await sleep(EVERY_MS, signal).catch((error: unknown) => {
        throw unreadable === null ? error : uncountable(unreadable);
      });
    }
  } finally {
    stop();
  }
}

function uncountable(node: string): ChaosError {
  return new ChaosError("infrastructure", `the bytes that reach ${node} could not be counted`, {
    hint: "`bytes` needs an engine on this machine, whose processes can be seen in /proc.",
  });
}

/** Adds up what a counter grew by during one full sync. Holds no clock. */
class SyncCount {
  #node = "";
  #total: number | null = null;
  #last: number | null = null;
  #armed: boolean;

  constructor(anew: boolean) {
    this.#armed = !anew;
  }

  /** A full sync of the node begins now. */
  begin(node: string, reading: number | null): void {
    this.#node = node;
    this.#armed = true;
    this.#total = 0;
    this.#last = reading;
  }

  /** Bytes so far; null when there is no full sync that counts. */
  look(node: string, syncing: boolean, reading: number | null): number | null {
    if (node !== this.#node) this.#total = null;
    if (!syncing) {
      this.#armed = true;
      this.#total = null;
    } else if (this.#armed && this.#total === null) {
      this.begin(node, reading);
    } else if (this.#total !== null && reading !== null) {
      // A node that was taken off its network and put back has a new interface, which counts from 0.
      this.#total += reading >= (this.#last ?? reading) ? reading - (this.#last ?? reading) : reading;
      this.#last = reading;
    }
    this.#node = node;
    return this.#total;
  }
}
