import { messageOf } from "../base/chaos-error.ts";
import type { Engine } from "./engine.ts";
import type { CallOptions } from "./engine-types.ts";

/** Containers, and the networks that they are in. Names or ids. */
export interface Attached {
  containers: string[];
  networks: string[];
}

/**
 * Removes containers with their networks. While two containers leave a network at the same time the engine can lose count of who is in it, and
 * keep it for ever (docs/facts.md#docker): they are taken off it one after the other, and end at once when they are in none.
 * @param options.within ms for each call to the engine
 * @returns what was removed or not there, and why the others resist
 */
export async function removeAttached(
  engine: Pick<Engine, "disconnectNetwork" | "remove" | "removeNetwork">,
  { containers, networks }: Attached,
  options: CallOptions = {},
): Promise<{ removed: string[]; failures: string[] }> {
  const removed: string[] = [];
  const failures: string[] = [];
  const one = async (name: string, removal: Promise<void>): Promise<void> => {
    try {
      await removal;
      removed.push(name);
    } catch (error) {
      failures.push(messageOf(error));
    }
  };
  const container = (name: string) => one(name, engine.remove(name, { force: true, volumes: true, ...options }));
  const attached = new Set<string>();
  const leave = async (network: string): Promise<void> => {
    for (const name of containers)
      await engine.disconnectNetwork(network, name, options).catch(() => void attached.add(name));
  };
  await Promise.all(networks.map(leave));
  for (const name of attached) await container(name);
  await Promise.all([
    ...containers.filter((name) => !attached.has(name)).map(container),
    ...networks.map((name) => one(name, engine.removeNetwork(name, options))),
  ]);
  return { removed, failures };
}
