import { ChaosError } from "../../base/chaos-error.ts";
import { sleep } from "../../base/deadline.ts";
import type { OpenMove } from "../../cluster/slot-moves/slot-transit.ts";
import { RespError } from "../../resp/reply.ts";
import { replyText } from "../../resp/reply-text.ts";
import type { Argv, GossipMode } from "../../systems/system.ts";
import type { MovePace, SlotMover, SlotScene } from "./slot-mover.ts";

/*
 *   m2: SETSLOT 93 IMPORTING m1 ─► m1: SETSLOT 93 MIGRATING m2 ─► m1: GETKEYSINSLOT, MIGRATE … KEYS, again until there are none
 *     ─► m2, m1, all other masters: SETSLOT 93 NODE m2
 */

const TELL_MS = 5_000;
/** For each step of the two servers, and for their answer. ms */
const MIGRATE_MS = 5_000;
const ANSWER_MS = 15_000;

/** Redis and Valkey: the operator carries the keys over, as `redis-cli --cluster reshard` does, and `fix` when he was interrupted. */
export class CarriedKeys implements SlotMover {
  readonly #scene: SlotScene;
  readonly #gossip: GossipMode;

  constructor(scene: SlotScene, gossip: GossipMode) {
    this.#scene = scene;
    this.#gossip = gossip;
  }

  async begin(move: OpenMove, signal: AbortSignal): Promise<void> {
    const { from, to } = this.#ends(move);
    const { setSlot } = this.#gossip.slots;
    await this.#tell(to, setSlot(move.slot, "importing", this.#id(from)), signal);
    await this.#tell(from, setSlot(move.slot, "migrating", this.#id(to)), signal);
  }

  async carry(move: OpenMove, how: MovePace): Promise<number> {
    const { slot } = move;
    const { from, to } = this.#ends(move);
    const { batch, pace, onKeys, signal } = how;
    const all = await this.#count(from, slot, signal);
    let moved = 0;
    for (;;) {
      const begun = performance.now();
      const reply = await this.#tell(from, this.#gossip.slots.keys(slot, batch), signal);
      const keys = (Array.isArray(reply) ? reply : []).map((key) => replyText(key));
      if (keys.length === 0) return moved;
      await this.#migrate(from, to, keys, signal);
      moved += keys.length;
      onKeys(moved, Math.max(all, moved));
      if (pace !== null) await sleep((keys.length / pace) * 1000 - (performance.now() - begun), signal);
    }
  }

  async #migrate(from: string, to: string, keys: readonly string[], signal: AbortSignal): Promise<void> {
    const { cluster, slots } = this.#scene;
    // What was interrupted may be at both ends: who had it first has the latest.
    const how = { within: MIGRATE_MS, replace: true, password: cluster.login.password };
    const argv = this.#gossip.slots.migrate(slots.addressOf(from, to), keys, how);
    await cluster
      .node(from)
      .admin(argv, { within: ANSWER_MS, signal })
      .catch((error: unknown) => {
        const reply = error instanceof Error ? error.cause : undefined;
        // The command itself is long, and may hold the password.
        if (!(reply instanceof RespError)) throw error;
        const what = `MIGRATE of ${keys.length} keys from ${from} to ${to}: ${reply.message}`;
        throw new ChaosError("infrastructure", what, { cause: reply });
      });
  }

  async give(move: OpenMove, signal: AbortSignal): Promise<void> {
    const { slot } = move;
    const { from, to } = this.#ends(move);
    const { masters } = this.#scene.cluster.topology;
    const argv = this.#gossip.slots.setSlot(slot, "node", this.#id(to));
    // Who gets it first: no moment at which nobody has it.
    for (const name of [to, from, ...masters.filter((one) => one !== to && one !== from)]) {
      await this.#tell(name, argv, signal);
    }
  }

  /**
   * A slot of which some keys are over cannot just be closed: who has it would say of those that they do not exist. So it goes over as a
   * whole, and comes back.
   */
  async takeBack(move: OpenMove, how: MovePace): Promise<{ keys: number; given: boolean }> {
    const { signal } = how;
    const { from, to } = this.#ends(move);
    let keys = 0;
    if (!(await this.isGiven(move, signal))) {
      if ((await this.#count(to, move.slot, signal)) === 0) {
        for (const name of [to, from]) await this.#tell(name, this.#gossip.slots.stable(move.slot), signal);
        return { keys: 0, given: false };
      }
      await this.begin(move, signal);
      keys += await this.carry(move, how);
      await this.give(move, signal);
    }
    const back = { ...move, from: move.to, to: move.from };
    await this.begin(back, signal);
    keys += await this.carry(back, how);
    await this.give(back, signal);
    return { keys, given: false };
  }

  async settle({ slot }: OpenMove, signal: AbortSignal): Promise<void> {
    for (const { name } of this.#scene.cluster.nodes) {
      const view = this.#gossip.slotView(replyText(await this.#tell(name, this.#gossip.commands.view(), signal)));
      if (view.open.some((one) => one.slot === slot)) await this.#tell(name, this.#gossip.slots.stable(slot), signal);
    }
  }

  async isGiven(move: OpenMove, signal: AbortSignal): Promise<boolean> {
    const { slot } = move;
    const { to } = this.#ends(move);
    const answer = await this.#tell(to, this.#gossip.commands.view(), signal);
    const { masters, self } = this.#gossip.view(replyText(answer));
    const own = masters.filter(({ host }) => host === self).flatMap(({ slots }) => slots);
    return own.some(([first, last]) => first <= slot && slot <= last);
  }

  #count(node: string, slot: number, signal: AbortSignal): Promise<number> {
    return this.#tell(node, ["CLUSTER", "COUNTKEYSINSLOT", String(slot)], signal).then(Number);
  }

  #ends({ from, to }: Pick<OpenMove, "from" | "to">): { from: string; to: string } {
    const { slots } = this.#scene;
    return { from: slots.masterOf(from), to: slots.masterOf(to) };
  }

  #id(node: string): string {
    return this.#scene.cluster.nodeId(node);
  }

  #tell(node: string, argv: Argv, signal: AbortSignal) {
    return this.#scene.cluster.node(node).admin(argv, { within: TELL_MS, signal });
  }
}
