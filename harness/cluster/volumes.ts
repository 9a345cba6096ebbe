import { Disk, removeDisk } from "../docker/disk.ts";
import type { UpOptions } from "./up.ts";

type VolumeOptions = Pick<UpOptions, "engine" | "labels" | "resources" | "signal">;

/**
 * Makes the volume that holds a node's data, and registers its removal before.
 * @param bytes on a disk of its own, of this size; null: on the engine's
 */
export async function makeVolume(options: VolumeOptions, volume: string, bytes: number | null): Promise<Disk | null> {
  const { engine, labels, resources, signal } = options;
  resources.defer(`remove volume ${volume}`, async () => {
    if (bytes !== null) await removeDisk(volume);
    await engine.removeVolume(volume);
  });
  if (bytes !== null) return Disk.make(engine, { volume, bytes, labels, signal });
  await engine.createVolume(volume, labels, { signal });
  return null;
}
