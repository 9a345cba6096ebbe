import { isHelper } from "../cluster/shape.ts";
import type { ComposeFile } from "../docker/compose.ts";
import type { Engine } from "../docker/engine.ts";
import { ensureImage } from "../images/ensure-image.ts";
import { helperRecipe } from "../systems/helper-recipes.ts";
import { redis } from "../systems/redis.ts";
import { systems } from "../systems/registry.ts";
import type { System } from "../systems/system.ts";
import { systemNamedBy } from "../systems/system-of-image.ts";
import { log } from "./print.ts";

/** Makes sure that the images of what runs beside the servers, helpers and sentinels, are on this machine. Rejects as ensureImage does. */
export async function bringHelperImages(
  engine: Engine,
  { services }: Pick<ComposeFile, "services">,
  { sentinel }: Pick<System, "sentinel">,
  signal: AbortSignal,
): Promise<void> {
  const images = services.filter(({ role }) => isHelper(role)).map(({ image }) => image);
  for (const name of new Set(images)) await ensureImage({ engine, name, recipe: helperRecipe(name), log, signal });
  if (!sentinel?.image || services.every(({ role }) => role !== "sentinel")) return;
  const { recipe } = systems.get(systemNamedBy(sentinel.image)) ?? redis;
  await ensureImage({ engine, name: sentinel.image, recipe, log, signal });
}
