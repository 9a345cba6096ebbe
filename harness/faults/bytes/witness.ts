import { until } from "../../base/deadline.ts";
import type { ClusterNode, Connection } from "../../cluster/cluster.ts";

const LEAVE_MS = 5_000;

/** What becomes of others while somebody sends a server anything: it answers them, its process has ended, or it is silent. */
export type Fate = "answers" | "ended" | "silent";

/** A client that does nothing but ask PING, over a connection that was there before. */
export class Witness {
  readonly #node: ClusterNode;
  readonly #patience: number;
  #connection: Connection | null = null;

  /** @param patience ms without an answer after which a connection counts as silent */
  constructor(node: ClusterNode, patience: number) {
    this.#node = node;
    this.#patience = patience;
  }

  /** Silent: neither this connection nor a new one has an answer in time. Takes twice the patience and 5 s at most; never rejects. */
  async look(): Promise<Fate> {
    if (await this.#asked()) return "answers";
    this.close();
    const fate = await until({ what: "an answer", within: this.#patience + LEAVE_MS }, async () => {
      const { running } = await this.#node.inspect();
      if (!running) return "ended";
      return (await this.#asked()) && "answers";
    }).catch(() => null);
    return fate ?? "silent";
  }

  /** An error is an answer, too. */
  async #asked(): Promise<boolean> {
    try {
      if (!this.#connection?.isOpen) this.#connection = await this.#node.connect({ within: this.#patience });
      const outcome = await this.#connection.send(["PING"], { within: this.#patience });
      return outcome.outcome === "ok" || (outcome.outcome === "fail" && outcome.reply !== undefined);
    } catch {
      return false;
    }
  }

  close(): void {
    this.#connection?.close();
    this.#connection = null;
  }
}
