import { ChaosError, messageOf } from "../base/chaos-error.ts";
import type { Engine } from "../docker/engine.ts";
import { ensureImage } from "../images/ensure-image.ts";
import { systems } from "../systems/registry.ts";
import type { System, SystemName } from "../systems/system.ts";
import { systemIn, systemOfImage } from "../systems/system-of-image.ts";
import { log } from "./print.ts";

export interface ServerChoice {
  system: System;
  image: string;
}

export interface ServerWish {
  system?: string | undefined;
  image?: string | undefined;
}

/**
 * The server to test: what the user says, else the first of `allowed` whose image is here, else the first whose image
 * can be had. Says which and why. The image is on this machine when it returns.
 */
export async function chooseServer(
  engine: Engine,
  wish: ServerWish,
  allowed: readonly SystemName[],
  signal: AbortSignal,
): Promise<ServerChoice> {
  const named = wish.system ?? (wish.image === undefined ? undefined : systemOfImage(wish.image));
  if (wish.image !== undefined && named === undefined) {
    throw new ChaosError("usage", `cannot tell from its name which system the image ${wish.image} is`, {
      hint: `Add --system (${[...systems.keys()].join(", ")}).`,
    });
  }
  if (named !== undefined) {
    const known = knownSystem(named);
    if (!allowed.includes(known.name)) {
      throw new ChaosError("usage", `this experiment is not for ${known.name}`, {
        hint: `It is for: ${allowed.join(", ")} (its \`systems:\`).`,
      });
    }
    const image = wish.image ?? (await firstLocal(engine, known)) ?? (known.images[0] as string);
    const system = systemIn(image, known);
    await ensureImage({ engine, name: image, recipe: system.recipe, log, signal });
    log(`server: ${system.name}, image ${image} (as asked)`);
    return { system, image };
  }
  const candidates = [...systems.values()].filter((system) => allowed.includes(system.name));
  for (const system of candidates) {
    const image = await firstLocal(engine, system);
    if (image) {
      log(`server: ${system.name}, image ${image} (its image is on this machine; choose with --system or --image)`);
      return { system, image };
    }
  }
  const reasons: string[] = [];
  for (const system of candidates) {
    const image = system.images[0] as string;
    try {
      await ensureImage({ engine, name: image, recipe: system.recipe, log, signal });
      log(`server: ${system.name}, image ${image} (the first that could be had; choose with --system or --image)`);
      return { system, image };
    } catch (error) {
      signal.throwIfAborted();
      reasons.push(`${image}: ${messageOf(error)}`);
    }
  }
  throw new ChaosError("infrastructure", `no server image can be had: ${reasons.join("; ")}`, {
    hint: "Wrap a server binary of yours: kvchaos images wrap --system redis --binary PATH --tag NAME, then --image NAME.",
  });
}

export function knownSystem(name: string): System {
  const system = systems.get(name);
  if (!system) {
    throw new ChaosError("usage", `there is no system "${name}"`, {
      hint: `Known: ${[...systems.keys()].join(", ")}.`,
    });
  }
  return system;
}

async function firstLocal(engine: Engine, system: System): Promise<string | undefined> {
  for (const image of system.images) if (await engine.inspectImage(image)) return image;
  return undefined;
}
