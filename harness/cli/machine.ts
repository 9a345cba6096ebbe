import { connectEngine, type Engine } from "../docker/engine.ts";
import { ensureEngine } from "../docker/install-engine.ts";
import { ensureImage } from "../images/ensure-image.ts";
import type { ImageRecipe } from "../images/image-recipe.ts";
import { TOXIPROXY_IMAGE, toxiproxyRecipe } from "../network/toxiproxy-recipe.ts";
import { systems } from "../systems/registry.ts";
import type { System } from "../systems/system.ts";
import { valkey } from "../systems/valkey.ts";
import { log } from "./print.ts";

/** A Docker engine that answers and the Toxiproxy image; installs and makes what is missing, printing each step. */
export async function readyMachine(signal: AbortSignal): Promise<Engine> {
  await ensureEngine({ log, signal });
  const engine = await connectEngine({ signal });
  await ensureImage({ engine, name: TOXIPROXY_IMAGE, recipe: toxiproxyRecipe, log, signal });
  return engine;
}

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
