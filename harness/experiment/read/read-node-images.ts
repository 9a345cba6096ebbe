import { type WrittenImages, wrongImages } from "../node-images.ts";
import type { Reading } from "./reading.ts";

/** The key `nodes` of `images`: the nodes are there, and their servers go together. */
export function readNodeImages(nodes: WrittenImages = {}, { shape, systems, registries, mistakes }: Reading): void {
  if (!shape) return;
  for (const { name, isName, message, hint } of wrongImages(nodes, shape, systems, registries.systems)) {
    const path = ["images", "nodes", name];
    if (isName) mistakes.addKey(path, message, hint);
    else mistakes.add(path, message);
  }
}
