/**
 * Name of the part of a load whose keys are in one slot, where a shard's part of it has several: "set-shard1-slot2843". Histories are of
 * such parts; what clients saw is told of all of a shard's together ("set-shard1").
 */
export function loadInSlot(load: string, slot: number): string {
  return `${load}-slot${slot}`;
}
