import { sleep, until, type WaitLimits } from "../../base/deadline.ts";
import type { Controllers } from "../../cluster/controllers/controllers.ts";
import type { OpenMove } from "../../cluster/slot-moves/slot-transit.ts";
import { replyText } from "../../resp/reply-text.ts";
import type { ControllerView } from "../../systems/controller-mode.ts";
import type { ClusterMode } from "../../systems/system.ts";
import { MigrationFailed } from "./refusals.ts";
import type { MovePace, SlotMover, SlotScene } from "./slot-mover.ts";

/*
 *   controller: POST …/migrate {slot, target} ─► m1: CLUSTERX MIGRATE ─► CLUSTER INFO, each second ─► every node: CLUSTERX SETSLOT
 *                                                   └─► fail: the controller forgets it
 */

const ORDER_MS = 10_000;
const POLL_MS = 200;
const ASK_MS = 2_000;
/** A controller asks once a second, and tells everybody then. ms */
const NOTICED_MS = 20_000;

/** Kvrocks under controllers: they are asked, have the server carry the slot over, and tell every node. */
export class RuledSlots implements SlotMover {
  readonly #scene: SlotScene;
  readonly #mode: ClusterMode;
  readonly #controllers: Controllers;

  constructor(scene: SlotScene, mode: ClusterMode, controllers: Controllers) {
    this.#scene = scene;
    this.#mode = mode;
    this.#controllers = controllers;
  }

  async begin(move: OpenMove, signal: AbortSignal): Promise<void> {
    const limits = { within: ORDER_MS, signal };
    // An order whose answer was lost would be refused.
    if (isMoving(await this.#controllers.current(limits), move.slot)) return;
    await this.#controllers.order(this.#controllers.mode.calls.migrate(move.slot, this.#target(move)), limits);
  }

  async carry(move: OpenMove, { signal }: MovePace): Promise<number> {
    let over: number | null = null;
    for (;;) {
      const view = await this.#controllers.current({ signal });
      if (this.#isTheirs(view, move)) return 0;
      if (!isMoving(view, move.slot))
        throw new MigrationFailed(`the controllers gave up the migration of slot ${move.slot}`);
      const isOver = await this.#isCarried(move, { within: ASK_MS, signal });
      over = isOver ? (over ?? performance.now()) : null;
      if (over !== null && performance.now() - over > NOTICED_MS) {
        const since = `${NOTICED_MS / 1000} s after ${this.#from(move)} had said that it is done`;
        throw new MigrationFailed(`the controllers still call slot ${move.slot} migrating ${since}`);
      }
      await sleep(POLL_MS, signal);
    }
  }

  /** Nobody but the controllers tells anybody; who does not answer is told when it does. */
  async give(_move: OpenMove, signal: AbortSignal): Promise<void> {
    const { cluster } = this.#scene;
    const { version } = await this.#controllers.current({ signal });
    const told = async ({ admin }: Pick<(typeof cluster.nodes)[number], "admin">): Promise<boolean> => {
      const known = await admin(this.#mode.migration.version(), { within: ASK_MS, signal }).catch(() => null);
      return known === null || Number(replyText(known)) >= version;
    };
    await until({ what: "every server to be told", within: NOTICED_MS, signal, every: POLL_MS }, async () =>
      (await Promise.all(cluster.nodes.map((node) => told({ admin: (...args) => node.admin(...args) })))).every(
        Boolean,
      ),
    );
  }

  async takeBack(move: OpenMove, how: MovePace): Promise<{ keys: number; given: boolean }> {
    const given = await this.carry(move, how).then(
      () => true,
      (error: unknown) => {
        if (error instanceof MigrationFailed) return false;
        throw error;
      },
    );
    if (given) await this.give(move, how.signal);
    return { keys: 0, given };
  }

  /** Nothing of it is left anywhere: the controllers tell every node. */
  async settle(): Promise<void> {}

  async isGiven(move: OpenMove, signal: AbortSignal): Promise<boolean> {
    return this.#isTheirs(await this.#controllers.current({ within: ORDER_MS, signal }), move);
  }

  /** The server itself has done its part. */
  async #isCarried(move: OpenMove, limits: WaitLimits): Promise<boolean> {
    const { progress, state } = this.#mode.migration;
    const node = this.#scene.cluster.node(this.#from(move));
    const said = await node.admin(progress(), limits).then(
      (reply) => state(replyText(reply)),
      () => null,
    );
    return said?.slot === move.slot && said.state === "success";
  }

  #isTheirs({ shards }: ControllerView, move: OpenMove): boolean {
    const { slots = [] } = shards[this.#target(move)] ?? {};
    return slots.some(([first, last]) => first <= move.slot && move.slot <= last);
  }

  /** Shards have the order of the masters. */
  #target({ to }: OpenMove): number {
    const { cluster, slots } = this.#scene;
    return cluster.topology.masters.indexOf(slots.masterOf(to));
  }

  #from({ from }: OpenMove): string {
    return this.#scene.slots.masterOf(from);
  }
}

const isMoving = ({ shards }: ControllerView, slot: number): boolean =>
  shards.some(({ migrating }) => migrating === slot);
