import { setMaxListeners } from "node:events";
import { sleep, type WaitLimits } from "../base/deadline.ts";
import type { Emit } from "../journal/events.ts";
import type { RoleView } from "../systems/system.ts";
import { agreement, claimsIn, dissent, ownerIn, type Question } from "./agreement.ts";
import type { Topology } from "./cluster.ts";

/** Between two questions to one voter. ms */
const ASK_MS = 300;
const ANSWER_MS = 1_000;

export interface AgreementOptions {
  /** Who has a say: every server, or every sentinel. */
  voters: readonly { name: string; view(limits: WaitLimits): Promise<RoleView> }[];
  question: Question;
  topology(): Readonly<Topology>;
  /** They agree on another topology than the last one. */
  onAgreed(topology: Topology, reason: string): void;
}

/** Asks everybody who has a say, each at its own pace, and tells what more than half agree on. */
export class AgreementWatch {
  readonly #options: AgreementOptions;
  readonly #views = new Map<string, RoleView | null>();
  readonly #stop = new AbortController();
  readonly #loops: Promise<void>[] = [];

  constructor(options: AgreementOptions) {
    this.#options = options;
    for (const { name } of options.voters) this.#views.set(name, null);
    // Every question listens to it: all of them at once are no leak.
    setMaxListeners(0, this.#stop.signal);
  }

  start(): void {
    for (const voter of this.#options.voters) this.#loops.push(this.#ask(voter));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#loops);
  }

  /** What voters say otherwise than the topology at this moment. */
  dissent(): { node: string; what: string }[] {
    return dissent(this.#views, this.#options.question, this.#options.topology());
  }

  /** Asks everybody once more and journals what they say. */
  async journal(emit: Emit, limits: WaitLimits): Promise<void> {
    const { voters, question } = this.#options;
    await Promise.all(
      voters.map(async ({ name, view: ask }) => {
        const view = await ask(limits).catch(() => limits.signal?.throwIfAborted());
        if (!view) return;
        // Whose slots are all elsewhere is nobody's master any more.
        const shards = question.shards.flatMap((slot, i) => {
          if (slot === null) return [];
          const owner = ownerIn(view, slot, question.nameOf);
          return [{ shard: i + 1, owner: owner?.name ?? null, epoch: owner?.epoch ?? null }];
        });
        emit({ type: "role-view", node: name, shards, claims: claimsIn(view, question).map((shard) => shard + 1) });
      }),
    );
  }

  async #ask({ name, view }: AgreementOptions["voters"][number]): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // One that is down, or cannot answer now, has no say until it does.
      const said = await view({ within: ANSWER_MS, signal }).catch(() => null);
      if (signal.aborted) return;
      this.#views.set(name, said);
      const { question, topology, onAgreed } = this.#options;
      const agreed = agreement(this.#views, question, topology());
      if (agreed) onAgreed(agreed.topology, agreed.reason);
      await sleep(ASK_MS, signal).catch(() => {});
    }
  }
}
