import { setMaxListeners } from "node:events";
import { sleep, until, type WaitLimits } from "../base/deadline.ts";
import type { Emit } from "../journal/events.ts";
import type { RoleView } from "../systems/system.ts";
import { agreement, claimsIn, dissent, epochOf, lastWord, ownerIn, type Question, type Views } from "./agreement.ts";
import type { Topology } from "./cluster.ts";

/** Between two questions to one voter. ms */
const ASK_MS = 300;
const ANSWER_MS = 1_000;
/** For a change of the last moments to come to everybody. ms */
const TOLD_MS = 15_000;

interface Voter {
  name: string;
  view(limits: WaitLimits): Promise<RoleView>;
}

export interface AgreementOptions {
  /** Who has a say: every server, every sentinel, or every controller. */
  voters: readonly Voter[];
  /** One of the voters rules at a time, and its word is the topology. Absent: what more than half of them say is. */
  oneRules?: true;
  /** Those who are told: in the end they are asked, too. */
  told?: readonly Voter[];
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
    return dissent(this.#counted(), this.#options.question, this.#options.topology());
  }

  /** Asks everybody once more and journals what they say. */
  async journal(emit: Emit, limits: WaitLimits): Promise<void> {
    const { voters, told = [], question } = this.#options;
    await this.#allTold(limits);
    await Promise.all(
      [...voters, ...told].map(async ({ name, view: ask }) => {
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

  /** Waits a while until those who are told, as far as they answer, know the newest word: one may just be under way. */
  async #allTold(limits: WaitLimits): Promise<void> {
    const { told = [] } = this.#options;
    const newest = () => Math.max(-1, ...[...this.#counted().values()].map(epochOf));
    if (told.length === 0) return;
    await until({ what: "all servers to be told", within: TOLD_MS, signal: limits.signal, every: 500 }, async () => {
      const views = await Promise.all(told.map(({ view }) => view({ within: ANSWER_MS }).catch(() => null)));
      return views.every((view) => view === null || epochOf(view) >= newest());
    }).catch(() => limits.signal?.throwIfAborted());
  }

  #counted(): Views {
    return this.#options.oneRules ? lastWord(this.#views) : this.#views;
  }

  async #ask({ name, view }: AgreementOptions["voters"][number]): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // One that is down, or cannot answer now, has no say until it does.
      const said = await view({ within: ANSWER_MS, signal }).catch(() => null);
      if (signal.aborted) return;
      this.#views.set(name, said);
      const { question, topology, onAgreed } = this.#options;
      const agreed = agreement(this.#counted(), question, topology());
      if (agreed) onAgreed(agreed.topology, agreed.reason);
      await sleep(ASK_MS, signal).catch(() => {});
    }
  }
}
