import type { SystemName } from "./system.ts";

/** Which names tell which system: a private registry and a tag may surround them. */
const NAMES: readonly [RegExp, SystemName][] = [
  [/kvrocks/i, "kvrocks"],
  [/pika/i, "pika"],
  [/redis|valkey/i, "redis"],
];

/** The system that an image's name tells; undefined when it tells none. */
export function systemOfImage(image: string): SystemName | undefined {
  return NAMES.find(([pattern]) => pattern.test(image))?.[1];
}
