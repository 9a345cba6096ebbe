import { ChaosError, messageOf } from "../base/chaos-error.ts";
import type { Engine } from "../docker/engine.ts";
import { ensureImage } from "../images/ensure-image.ts";
import { systems } from "../systems/registry.ts";
import type { System, SystemName } from "../systems/system.ts";
import { systemIn, systemNamedBy } from "../systems/system-of-image.ts";
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
  { system: wished, image: wishedImage }: ServerWish,
  allowed: readonly SystemName[],
  signal: AbortSignal,
): Promise<ServerChoice> {
  const bring = (name: string, { recipe }: System) => ensureImage({ engine, name, recipe, log, signal });
  const chosen = (system: System, image: string, why: string): ServerChoice => {
    log(`server: ${system.name}, image ${image} (${why})`);
    return { system, image };
  };
  const named = wished ?? (wishedImage === undefined ? undefined : systemNamedBy(wishedImage));
  if (named !== undefined) {
    const known = knownSystem(named);
    if (!allowed.includes(known.name)) {
      throw new ChaosError("usage", `this experiment is not for ${known.name}`, {
        hint: `It is for: ${allowed.join(", ")} (its \`systems:\`).`,
      });
    }
    const image = wishedImage ?? (await firstLocal(engine, known)) ?? (known.images[0] as string);
    const system = systemIn(image, known);
    await bring(image, system);
    return chosen(system, image, "as asked");
  }
  const candidates = [...systems.values()].filter(({ name }) => allowed.includes(name));
  for (const system of candidates) {
    const image = await firstLocal(engine, system);
    if (image) return chosen(system, image, "its image is on this machine; choose with --system or --image");
  }
  const reasons: string[] = [];
  for (const system of candidates) {
    const image = system.images[0] as string;
    try {
      await bring(image, system);
      return chosen(system, image, "the first that could be had; choose with --system or --image");
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
