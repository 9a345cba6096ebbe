import { connectEngine, type Engine } from "../docker/engine.ts";
import { ensureEngine } from "../docker/install-engine.ts";
import { ensureImage } from "../images/ensure-image.ts";
import { TOXIPROXY_IMAGE, toxiproxyRecipe } from "../network/toxiproxy-recipe.ts";
import { log } from "./print.ts";

/** A Docker engine that answers and the Toxiproxy image; installs and makes what is missing, printing each step. */
export async function readyMachine(signal: AbortSignal): Promise<Engine> {
  await ensureEngine({ log, signal });
  const engine = await connectEngine({ signal });
  await ensureImage({ engine, name: TOXIPROXY_IMAGE, recipe: toxiproxyRecipe, log, signal });
  return engine;
}
