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
    const { from, to } = this.#ends(move);
    // What was interrupted may be at both ends: who had it first has the latest.
    return this.#carry(move.slot, from, to, how, true);
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

  async takeBack(move: OpenMove, how: MovePace): Promise<{ keys: number; given: boolean }> {
    const { from, to } = this.#ends(move);
    const { stable } = this.#gossip.slots;
    await this.begin(move, how.signal);
    const keys = await this.#carry(move.slot, to, from, how, false);
    for (const name of [to, from]) await this.#tell(name, stable(move.slot), how.signal);
    return { keys, given: false };
  }

  async isGiven(move: OpenMove, signal: AbortSignal): Promise<boolean> {
    const { slot } = move;
    const { to } = this.#ends(move);
    const answer = await this.#tell(to, this.#gossip.commands.view(), signal);
    const { masters, self } = this.#gossip.view(replyText(answer));
    const own = masters.filter(({ host }) => host === self).flatMap(({ slots }) => slots);
    return own.some(([first, last]) => first <= slot && slot <= last);
  }

  /** @param replace a key that is there already gives way; else the one that was to be carried goes */
  async #carry(slot: number, from: string, to: string, how: MovePace, replace: boolean): Promise<number> {
    const { cluster, slots } = this.#scene;
    const { batch, pace, onKeys, signal } = how;
    const node = cluster.node(from);
    const address = slots.addressOf(from, to);
    const { password } = cluster;
    const all = Number(await this.#tell(from, ["CLUSTER", "COUNTKEYSINSLOT", String(slot)], signal));
    let moved = 0;
    for (;;) {
      const begun = performance.now();
      const reply = await this.#tell(from, this.#gossip.slots.keys(slot, batch), signal);
      const keys = (Array.isArray(reply) ? reply : []).map((key) => replyText(key));
      if (keys.length === 0) return moved;
      const migrate = async (some: readonly string[]) => {
        const argv = this.#gossip.slots.migrate(address, some, { within: MIGRATE_MS, replace, password });
        await node.admin(argv, { within: ANSWER_MS, signal }).catch((error: unknown) => {
          const reply = error instanceof Error ? error.cause : undefined;
          // The command itself is long, and may hold the password.
          if (!(reply instanceof RespError)) throw error;
          const what = `MIGRATE of ${some.length} keys from ${from} to ${to}: ${reply.message}`;
          throw new ChaosError("infrastructure", what, { cause: reply });
        });
      };
      if (replace) await migrate(keys);
      else for (const key of keys) await this.#orDrop(from, key, () => migrate([key]), signal);
      moved += keys.length;
      onKeys(moved, Math.max(all, moved));
      if (pace !== null) await sleep((keys.length / pace) * 1000 - (performance.now() - begun), signal);
    }
  }

  /** A key that the other end has, too, is the other end's. */
  async #orDrop(from: string, key: string, migrate: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
    try {
      await migrate();
    } catch (error) {
      const reply = error instanceof Error ? error.cause : undefined;
      if (!(reply instanceof RespError) || reply.code !== "BUSYKEY") throw error;
      const connection = await this.#scene.cluster.node(from).connect({ within: TELL_MS, signal });
      try {
        void connection.send(["ASKING"], { within: TELL_MS });
        await connection.send(["DEL", key], { within: TELL_MS });
      } finally {
        connection.close();
      }
    }
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
