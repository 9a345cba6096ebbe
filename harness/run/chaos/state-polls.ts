import type { Cluster, Connection } from "../../cluster/cluster.ts";
import type { NodeState } from "../../journal/events.ts";
import { replyText } from "../../resp/reply-text.ts";

/** Between two questions to a node, ms: what it says is so old at most when it is heard. */
const EVERY_MS = 10;
/** A server that works on its answer is left alone for nine times as long, so that the questions cost it a tenth of its time at most. */
const REST = 9;
const REST_MOST_MS = 200;
const OPEN_MS = 1_000;
/** A server that does not answer is not asked again. */
const ANSWER_MS = 10_000;

/**
 * Asks nodes how they are while somebody waits for a state of theirs, on a connection each: many states pass, or are there, long before
 * the watchdog's next poll, and not every one has a line in the server's log. Nobody is asked while nobody waits, and no server that such
 * questions can harm.
 */
export class StatePolls {
  readonly #cluster: Pick<Cluster, "nodes" | "system">;
  readonly #onState: (node: string, state: NodeState) => void;
  readonly #wanted = new Set<(node: string) => boolean>();
  readonly #asked = new Set<string>();
  readonly #connections = new Map<string, Connection>();
  #timer: NodeJS.Timeout | null = null;

  constructor(cluster: Pick<Cluster, "nodes" | "system">, onState: (node: string, state: NodeState) => void) {
    this.#cluster = cluster;
    this.#onState = onState;
  }

  /** Until the returned function is called. @param isMeant which nodes, at any moment: roles move */
  follow(isMeant: (node: string) => boolean): () => void {
    if (this.#cluster.system.watchedGently) return () => {};
    this.#wanted.add(isMeant);
    this.#timer ??= setInterval(() => this.#tick(), EVERY_MS);
    return () => {
      this.#wanted.delete(isMeant);
      if (this.#wanted.size === 0) this.#stop();
    };
  }

  #stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  #tick(): void {
    for (const node of this.#cluster.nodes) {
      if (this.#asked.has(node.name) || ![...this.#wanted].some((isMeant) => isMeant(node.name))) continue;
      this.#asked.add(node.name);
      const begun = performance.now();
      const over = (): void => {
        const rest = Math.min(REST_MOST_MS, REST * (performance.now() - begun) - EVERY_MS);
        setTimeout(() => this.#asked.delete(node.name), Math.max(0, rest)).unref();
      };
      // One that is down, or just goes, has no state.
      void this.#ask(node).then(over, over);
    }
  }

  async #ask(node: Cluster["nodes"][number]): Promise<void> {
    let connection = this.#connections.get(node.name);
    if (!connection?.isOpen) {
      connection = await node.connect({ within: OPEN_MS });
      if (this.#timer === null) return connection.close();
      this.#connections.set(node.name, connection);
    }
    const { system } = this.#cluster;
    const outcome = await connection.send(system.commands.info(), { within: ANSWER_MS });
    if (outcome.outcome !== "ok" || this.#timer === null) return;
    const state = system.state(replyText(outcome.reply));
    if (state.role !== "unknown" || state.loading) this.#onState(node.name, state);
  }
}
