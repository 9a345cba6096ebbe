import { ChaosError } from "../../base/chaos-error.ts";
import { CarriedKeys } from "./carried-keys.ts";
import { CarriedSlots } from "./carried-slots.ts";
import { RuledSlots } from "./ruled-slots.ts";
import type { SlotMover, SlotScene } from "./slot-mover.ts";

/** As this kind of server moves slots. */
export function moverOf(scene: SlotScene): SlotMover {
  const { gossip, cluster: mode, name } = scene.cluster.system;
  if (gossip && scene.cluster.ruler === "servers") return new CarriedKeys(scene, gossip);
  const { controllers } = scene.cluster;
  if (mode && controllers) return new RuledSlots(scene, mode, controllers);
  if (mode) return new CarriedSlots(scene, mode);
  throw new ChaosError("internal", `${name} has no slots that could be moved`);
}
