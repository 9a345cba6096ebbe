import { ChaosError } from "../base/chaos-error.ts";
import { parseImageName } from "../images/image-name.ts";
import { systems } from "./registry.ts";
import type { System, SystemName } from "./system.ts";
import { valkey } from "./valkey.ts";

/** Which names tell which system: a private registry and a tag may surround them. */
const NAMES: readonly [RegExp, SystemName][] = [
  [/kvrocks(?!-controller)/i, "kvrocks"],
  [/pika/i, "pika"],
  [/redis|valkey/i, "redis"],
];

/** Servers that are one of the systems under another name; the image's own name tells, without registry, folder and tag. */
const VARIANTS: readonly [RegExp, System][] = [[/valkey[^/]*$/i, valkey]];

/** The system that an image's name tells; undefined when it tells none. */
export function systemOfImage(image: string): SystemName | undefined {
  return NAMES.find(([pattern]) => pattern.test(image))?.[1];
}

/** The same where one must be told. @throws ChaosError usage */
export function systemNamedBy(image: string): SystemName {
  const system = systemOfImage(image);
  if (system) return system;
  throw new ChaosError("usage", `cannot tell from its name which system the image ${image} is`, {
    hint: `Add --system (${[...systems.keys()].join(", ")}).`,
  });
}

/** A server as a container runs it: an image, and the adapter that knows what is in it. */
export interface Server {
  system: System;
  image: string;
}

/** The server in one node's image. @param run the system of the run, where the image's name tells none */
export function serverIn(image: string, run: System): Server {
  return { image, system: systemIn(image, systems.get(systemOfImage(image) ?? run.name) ?? run) };
}

/** The system as the server in this image wants it: "valkey/valkey:8.0.1" is Redis with other names for its programs. */
export function systemIn(image: string, system: System): System {
  const { repository } = parseImageName(image);
  return VARIANTS.find(([pattern, { name }]) => name === system.name && pattern.test(repository))?.[1] ?? system;
}
