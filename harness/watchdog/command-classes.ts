import type { EventOf } from "../journal/events.ts";
import type { NodeReport, ProbeKind } from "./observation.ts";

/** How long a hang has been confirmed before it is said what still answers: every class has been asked by then. ms */
const SETTLE = 2000;
/** A class answers when it has answered within this time; at least two polls of INFO fit into it. ms */
const RECENT = 3000;
/** A question older than this has no answer. ms */
const OLD = 1000;

export type ClassesTold = Pick<EventOf<"classes">, "confirmed" | "answering" | "partly" | "silent">;

/** Admin answers are not life: which classes of command a node still answers while it hangs. */
export class CommandClasses {
  readonly #names: Readonly<Record<ProbeKind, string>>;
  readonly #refusing: readonly string[];
  readonly #recent: number;
  readonly #answeredAt = new Map<ProbeKind, number>();
  readonly #lostAt = new Map<ProbeKind, number>();
  #report: NodeReport | null = null;
  #confirmed: number | null = null;
  #told = "";

  /**
   * @param info the system's INFO command
   * @param poll ms between two of them
   * @param refusing error replies that serve nobody although they are answers ("LOADING")
   */
  constructor(info: readonly string[], poll: number, refusing: readonly string[]) {
    this.#refusing = refusing;
    this.#names = {
      admin: info.join(" "),
      config: "CONFIG GET",
      established: "PING",
      read: "GET",
      write: "SET",
      fresh: "PING on a new connection",
    };
    this.#recent = Math.max(RECENT, 2 * poll);
  }

  hear(report: NodeReport): void {
    this.#report = report;
    for (const { kind, answeredAt, error } of report.answers) {
      if (error === null || !this.#refusing.includes(error)) this.#answeredAt.set(kind, answeredAt);
    }
    for (const { kind, at } of report.losses) this.#lostAt.set(kind, at);
  }

  /** @param hung the node's condition is one of a hang @param t now */
  judged(hung: boolean, t: number): void {
    this.#confirmed = hung ? (this.#confirmed ?? t) : null;
    if (!hung) this.#told = "";
  }

  /** What answers; null when it is too early to say, nothing hangs, or it was said before. */
  tell(t: number): ClassesTold | null {
    const confirmed = this.#confirmed;
    if (confirmed === null || t - confirmed < SETTLE) return null;
    const told: ClassesTold = { confirmed, answering: [], partly: [], silent: [] };
    for (const [kind, name] of Object.entries(this.#names)) {
      const list = this.#stateOf(kind as ProbeKind, confirmed, t);
      if (list) told[list].push(name);
    }
    const text = JSON.stringify(told);
    if (text === this.#told) return null;
    this.#told = text;
    return told;
  }

  #stateOf(kind: ProbeKind, confirmed: number, t: number): "answering" | "partly" | "silent" | null {
    const own = this.#report?.connections.filter((connection) => connection.kind === kind) ?? [];
    const waits = own.some(({ askedAt }) => askedAt !== null && t - askedAt >= OLD);
    const answers = (this.#answeredAt.get(kind) ?? 0) > Math.max(confirmed, t - this.#recent);
    if (answers) return waits ? "partly" : "answering";
    // Refused, or closed without an answer.
    const lost = (this.#lostAt.get(kind) ?? 0) > confirmed;
    return waits || lost ? "silent" : null;
  }
}
