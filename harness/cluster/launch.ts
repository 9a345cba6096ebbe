import type { ContainerSpec } from "../docker/engine-types.ts";
import type { EventOf } from "../journal/events.ts";
import type { System } from "../systems/system.ts";
import type { NodeSpec } from "./spec.ts";

const CORE_BYTES = 4 * 1024 ** 3;

type Launch = Pick<
  ContainerSpec,
  "command" | "entrypoint" | "environment" | "tmpfs" | "ulimits" | "cpus" | "memory" | "capAdd" | "init" | "user"
>;

/** How a node's container is started on top of its image: the Compose file's words, and the system's for its configuration. */
export function launchOf(
  system: Pick<System, "launch">,
  { service, config, own = system.launch(config) }: Pick<NodeSpec, "service" | "config" | "own">,
): Launch {
  return {
    command: service.command ?? own.command,
    entrypoint: service.entrypoint ?? own.entrypoint,
    environment: { ...own.environment, ...service.environment },
    tmpfs: service.tmpfs,
    ulimits: service.ulimits,
    cpus: service.cpus,
    memory: service.memory,
    capAdd: service.capAdd,
    init: service.init,
    user: service.user,
  };
}

/** The same as the journal holds it, so that the node can be started without kvchaos. */
export function journaledLaunch(launch: Launch): NonNullable<EventOf<"cluster">["nodes"][number]["launch"]> {
  return {
    command: [...(launch.command ?? [])],
    entrypoint: launch.entrypoint ? [...launch.entrypoint] : null,
    environment: { ...launch.environment },
    tmpfs: [...(launch.tmpfs ?? [])],
    ulimits: [...(launch.ulimits ?? [])],
    cpus: launch.cpus ?? null,
    memory: launch.memory ?? null,
    capAdd: [...(launch.capAdd ?? [])],
    init: launch.init ?? false,
    user: launch.user ?? null,
  };
}

/** What the Compose file says of cores stays. */
export function withCores(ulimits: ContainerSpec["ulimits"] = []): ContainerSpec["ulimits"] {
  if (ulimits.some(({ name }) => name === "core")) return ulimits;
  return [...ulimits, { name: "core", soft: CORE_BYTES, hard: CORE_BYTES }];
}
