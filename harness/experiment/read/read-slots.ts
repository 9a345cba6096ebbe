import type { Path, Reading } from "./reading.ts";

/** Refuses `slots`, of a load or the preload, where masters do not share the key space, and more of them than there are keys. */
export function checkSlots(
  { slots, keys }: { slots?: number | undefined; keys: number },
  path: Path,
  { shape, mistakes }: Reading,
): void {
  if (slots === undefined) return;
  const at = [...path, "slots"];
  if (slots > keys) mistakes.add(at, `${slots} slots cannot be had of ${keys} keys`);
  if (shape && !shape.sharded)
    mistakes.addKey(at, '"slots" goes with `mode: cluster`, in which masters share the key space');
}
