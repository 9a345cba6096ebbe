import { ChaosError, messageOf } from "../base/chaos-error.ts";
import type { Engine } from "../docker/engine.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { placeOfImage, type WrittenImages, wrongImages } from "../experiment/node-images.ts";
import type { ExperimentShape } from "../experiment/registries.ts";
import { ensureImage } from "../images/ensure-image.ts";
import { rulingRecipe } from "../systems/helper-recipes.ts";
import { systems } from "../systems/registry.ts";
import type { System, SystemName } from "../systems/system.ts";
import { type Server, serverIn, systemIn, systemNamedBy } from "../systems/system-of-image.ts";
import { log } from "./print.ts";

export interface ServerChoice extends Server {
  /** Nodes and roles with an image of their own, over those that the experiment names. */
  nodes?: WrittenImages | undefined;
}

export interface ServerWish {
  system?: string | undefined;
  image?: string | undefined;
  nodes?: WrittenImages | undefined;
}

/**
 * What --system and --image say: `--image A --image m1=B --image replicas=C`.
 * @throws ChaosError usage: two images for one node, or for all others
 */
export function readWish(args: { system?: string | undefined; image?: readonly string[] | undefined }): ServerWish {
  const nodes: Record<string, string> = {};
  let plain: string | undefined;
  for (const word of args.image ?? []) {
    const [, name, image = word] = /^([^=/:]+)=(.*)$/.exec(word) ?? [];
    if (image.trim() === "") {
      throw new ChaosError("usage", `--image ${word}: expected an image`, { hint: "Like --image m1=redis:7.0.15." });
    }
    const before = name === undefined ? plain : nodes[name];
    if (before !== undefined) {
      const whose = name === undefined ? "" : ` for ${name}`;
      throw new ChaosError("usage", `--image is given twice${whose}: ${before} and ${image}`, {
        hint: "Name the node, or masters, replicas, sentinels or controllers: --image replicas=IMAGE.",
      });
    }
    if (name === undefined) plain = image;
    else nodes[name] = image;
  }
  return { system: args.system, image: plain, nodes };
}

/** The image of an experiment whose nodes run on several, where the user says nothing else; undefined: they run on one. */
export function ownImage({ nodes, affected }: Experiment["images"]): string | undefined {
  const [first] = Object.values(nodes ?? {});
  return first && (affected ?? first);
}

/** @throws ChaosError usage: --image names a node that the cluster does not have, or a server that has no place there */
export function checkNodeImages(nodes: WrittenImages, shape: ExperimentShape, { name }: Pick<System, "name">): void {
  const [wrong] = wrongImages(nodes, shape, [name], systems);
  if (!wrong) return;
  throw new ChaosError("usage", `--image ${wrong.name}=${nodes[wrong.name]}: ${wrong.message}`, {
    hint: wrong.hint,
  });
}

/**
 * Brings the images of nodes and faults beside the run's own. All are on this machine when it returns.
 * @throws ChaosError with the line and column of an image that is written in the experiment's file
 */
export async function bringImages(
  engine: Engine,
  run: Server,
  { images, file }: { images: Iterable<string>; file: string },
  signal: AbortSignal,
): Promise<void> {
  for (const name of new Set(images)) {
    try {
      const recipe = rulingRecipe(name) ?? serverIn(name, run.system).system.recipe;
      await ensureImage({ engine, name, recipe, log, signal });
    } catch (error) {
      signal.throwIfAborted();
      const place = await placeOfImage(file, name);
      if (place === null || !(error instanceof ChaosError)) throw error;
      throw new ChaosError(error.code, `${place}: ${error.message}`, { hint: error.hint, cause: error });
    }
  }
}

/**
 * The server to test: what the user says, else the first of `allowed` whose image is here, else the first whose image
 * can be had. Says which and why. The image is on this machine when it returns.
 */
export async function chooseServer(
  engine: Engine,
  { system: wished, image: wishedImage, nodes }: ServerWish,
  allowed: readonly SystemName[],
  signal: AbortSignal,
): Promise<ServerChoice> {
  const bring = (name: string, { recipe }: System) => ensureImage({ engine, name, recipe, log, signal });
  const chosen = (system: System, image: string, why: string): ServerChoice => {
    log(`server: ${system.name}, image ${image} (${why})`);
    return { system, image, nodes };
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

/** As a user types them. */
export function imageWords({ image, nodes = {} }: ServerChoice): string[] {
  return [image, ...Object.entries(nodes).map(([name, own]) => `${name}=${own}`)].flatMap((word) => ["--image", word]);
}
