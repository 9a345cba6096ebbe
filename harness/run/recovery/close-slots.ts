import { messageOf } from "../../base/chaos-error.ts";
import { sleep, withDeadline } from "../../base/deadline.ts";
import type { OpenMove } from "../../cluster/slot-moves/slot-transit.ts";
import { moverOf } from "../../faults/slots/mover-of.ts";
import { isRefusal } from "../../faults/slots/refusals.ts";
import { type SlotMover, slotScene } from "../../faults/slots/slot-mover.ts";
import type { Aftermath } from "./aftermath.ts";

/** For one slot to be tried again, for one try with all its keys, and between two tries. ms */
const CLOSE_MS = 30_000;
const TRY_MS = 120_000;
const AGAIN_MS = 500;

type CloseOptions = Pick<Aftermath, "cluster" | "emit" | "signal">;

/**
 * All faults are healed: slots that a migration has left open are moved for good, or taken back, as the operator's tool would. Servers
 * leave that to the operator: only what cannot be closed says something of them. Rejects only with the signal's reason.
 */
export async function closeSlots({ cluster, emit, signal }: CloseOptions): Promise<void> {
  if (!cluster.slots || cluster.slots.open.length === 0) return;
  const scene = slotScene(cluster);
  const mover = moverOf(scene);
  for (const move of scene.slots.open) {
    let last: unknown;
    for (const end = performance.now() + CLOSE_MS; ; ) {
      try {
        const limits = { what: `closing slot ${move.slot}`, within: TRY_MS, signal };
        const { given, keys } = await withDeadline(limits, (inner) => closed(mover, move, inner));
        await mover.settle(move, signal);
        if (given) scene.slots.moved(move, keys);
        else scene.slots.rolledBack(move, keys);
        break;
      } catch (error) {
        signal.throwIfAborted();
        last = error;
      }
      if (performance.now() > end) {
        scene.slots.leftOpen(move, 0, messageOf(last), isRefusal(last));
        const text = `slot ${move.slot} could not be closed while healing: ${messageOf(last)}`;
        emit({ type: "note", about: move.by, text, kind: "not-healed" });
        break;
      }
      await sleep(AGAIN_MS, signal);
    }
  }
}

async function closed(
  mover: SlotMover,
  move: OpenMove,
  signal: AbortSignal,
): Promise<{ given: boolean; keys: number }> {
  const how = { batch: 100, pace: null, onKeys: () => {}, signal };
  if (move.close === "roll-back") return mover.takeBack(move, how);
  if (await mover.isGiven(move, signal)) {
    await mover.give(move, signal);
    return { given: true, keys: 0 };
  }
  await mover.begin(move, signal);
  const keys = await mover.carry(move, how);
  await mover.give(move, signal);
  return { given: true, keys };
}
