import type { ImageRecipe } from "../docker/image-recipe.ts";
import { TOXIPROXY_IMAGE, toxiproxyRecipe } from "../network/toxiproxy-recipe.ts";
import { systems } from "../systems/registry.ts";
import type { System } from "../systems/system.ts";

/** The images kvchaos uses when the user names none: Toxiproxy's and each system's first, or only that of one system. */
export function knownImages(only?: System): { name: string; recipe: ImageRecipe }[] {
  const servers = (only ? [only] : [...systems.values()]).map(({ images, recipe }) => ({
    name: images[0] as string,
    recipe,
  }));
  return [{ name: TOXIPROXY_IMAGE, recipe: toxiproxyRecipe }, ...servers];
}
