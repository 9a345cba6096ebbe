import type { ImageRecipe } from "../images/image-recipe.ts";
import { TOXIPROXY_IMAGE, toxiproxyRecipe } from "../network/toxiproxy-recipe.ts";
import { systems } from "../systems/registry.ts";
import type { System } from "../systems/system.ts";
import { valkey } from "../systems/valkey.ts";

export interface KnownImage {
  name: string;
  recipe: ImageRecipe;
}

/**
 * The images kvchaos uses when the user names none, Toxiproxy's and each system's first, and Valkey's; or only Toxiproxy's and
 * that of one system.
 */
export function knownImages(only?: System): KnownImage[] {
  const servers = (only ? [only] : [...systems.values(), valkey]).map(({ images, recipe }) => ({
    name: images[0] as string,
    recipe,
  }));
  return [{ name: TOXIPROXY_IMAGE, recipe: toxiproxyRecipe }, ...servers];
}
