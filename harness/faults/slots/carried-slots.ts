import { ChaosError } from "../../base/chaos-error.ts";
import { sleep } from "../../base/deadline.ts";
import type { OpenMove } from "../../cluster/slot-moves/slot-transit.ts";
import { tagWithin } from "../../cluster/slots.ts";
import { RespError } from "../../resp/reply.ts";
import { replyText } from "../../resp/reply-text.ts";
import type { Argv, ClusterMode } from "../../systems/system.ts";
import { MigrationFailed } from "./refusals.ts";
import type { MovePace, SlotMover, SlotScene } from "./slot-mover.ts";

/*
 *   m1: CLUSTERX MIGRATE 93 <m2> ─► CLUSTER INFO, again and again: start ─► success ─► every node: CLUSTERX SETSLOT 93 NODE <m2> <version>
 *                                                                       └─► fail: m1 has it as before
 */

const TELL_MS = 5_000;
const POLL_MS = 20;

/** Kvrocks: the server carries a slot over, and the operator tells every node then. */
export class CarriedSlots implements SlotMover {
  readonly #scene: SlotScene;
  readonly #mode: ClusterMode;

  constructor(scene: SlotScene, mode: ClusterMode) {
    this.#scene = scene;
    this.#mode = mode;
  }

  async begin(move: OpenMove, signal: AbortSignal): Promise<void> {
    const { from, to } = this.#ends(move);
    await this.#tell(from, this.#mode.migration.migrate(move.slot, this.#scene.cluster.nodeId(to)), signal);
  }

  async carry(move: OpenMove, { signal }: MovePace): Promise<number> {
    const { from } = this.#ends(move);
    for (;;) {
      const state = await this.#state(from, move, signal);
      if (state === "success") return 0;
      // Started anew, or with another slot on its way, it knows nothing of it.
      if (state === null) throw new MigrationFailed(`${from} does not know of a migration of slot ${move.slot}`);
      if (state !== "start") throw new MigrationFailed(`${from} says of the migration of slot ${move.slot}: ${state}`);
      await sleep(POLL_MS, signal);
    }
  }

  async give(move: OpenMove, signal: AbortSignal): Promise<void> {
    const { from, to } = this.#ends(move);
    const { cluster } = this.#scene;
    const { version, setSlot } = this.#mode.migration;
    const names = cluster.nodes.map(({ name }) => name);
    // No later topology may have a number that a node has seen.
    cluster.nextTopologyVersion();
    for (const name of [to, from, ...names.filter((one) => one !== to && one !== from)]) {
      const known = Number(replyText(await this.#tell(name, version(), signal)));
      await this.#tell(name, setSlot(move.slot, cluster.nodeId(to), known + 1), signal);
    }
  }

  /** The server takes back what it cannot carry over; what it has carried over by then is the other's. */
  async takeBack(move: OpenMove, how: MovePace): Promise<{ keys: number; given: boolean }> {
    const { from } = this.#ends(move);
    while ((await this.#state(from, move, how.signal)) === "start") await sleep(POLL_MS, how.signal);
    const given = await this.isGiven(move, how.signal);
    if (given) await this.give(move, how.signal);
    return { keys: 0, given };
  }

  /** Nothing of it is left anywhere: every node was told. */
  async settle(): Promise<void> {}

  /** The server remembers its last migration only: whether it serves the slot no more, it says of every one. */
  async isGiven(move: OpenMove, signal: AbortSignal): Promise<boolean> {
    const key = `${tagWithin([move.slot, move.slot])}kvchaos:probe`;
    try {
      await this.#tell(this.#ends(move).from, ["EXISTS", key], signal);
      return false;
    } catch (error) {
      const reply = error instanceof ChaosError ? error.cause : undefined;
      if (reply instanceof RespError && reply.message.startsWith("MOVED ")) return true;
      throw error;
    }
  }

  /** Of this slot's migration; null: the server knows of none. */
  async #state(node: string, { slot }: OpenMove, signal: AbortSignal): Promise<string | null> {
    const { progress, state } = this.#mode.migration;
    const last = state(replyText(await this.#tell(node, progress(), signal)));
    return last?.slot === slot ? last.state : null;
  }

  #ends({ from, to }: Pick<OpenMove, "from" | "to">): { from: string; to: string } {
    const { slots } = this.#scene;
    return { from: slots.masterOf(from), to: slots.masterOf(to) };
  }

  #tell(node: string, argv: Argv, signal: AbortSignal) {
    return this.#scene.cluster.node(node).admin(argv, { within: TELL_MS, signal });
  }
}
