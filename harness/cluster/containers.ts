import { ChaosError } from "../base/chaos-error.ts";
import type { CleanupScope } from "../base/scope.ts";
import type { ComposeFile } from "../docker/compose.ts";
import { Disk, removeDisk } from "../docker/disk.ts";
import type { Engine } from "../docker/engine.ts";
import type { ContainerSpec, Network } from "../docker/engine-types.ts";
import { type Attached, removeAttached } from "../docker/removal.ts";
import { removeSharedFolders } from "../docker/shared-folder.ts";
import type { CompiledLibrary } from "../interpose/compile-library.ts";
import { InterposeFolder } from "../interpose/interpose-folder.ts";
import type { LockLibrary } from "../locks/library/make-library.ts";
import { LockFolder } from "../locks/lock-folder.ts";
import type { System } from "../systems/system.ts";
import { type Server, serverIn } from "../systems/system-of-image.ts";
import { launchOf, withCores } from "./launch.ts";
import type { NodeSpec } from "./spec.ts";

/** The engine starts all containers of a cluster at once, and takes the longer for each: thirty beside other work, 35 s. */
const MANY_MS = 180_000;

/** With what every container, network and volume of a cluster is made. */
export interface MakeOptions {
  engine: Engine;
  /** Of all servers but those that `images` names. */
  system: System;
  image: string;
  /** Nodes with an image of their own: a map of nodes to images. */
  images?: Readonly<Record<string, string>> | undefined;
  compose: ComposeFile;
  /** On everything that is created: whoever finds it knows which run it belongs to. */
  labels: Readonly<Record<string, string>>;
  /** What the containers hold registers its removal here before it is used. */
  resources: CleanupScope;
  /** Every container and network is named here before it is made. */
  made: Attached;
  signal: AbortSignal;
  /** Links between servers have a port of this machine, too, for a person who wants to try them: up to a hundred. */
  publishPairs?: boolean;
  /** Nodes whose clients' link this machine dials, so that it has a port of it; absent: all. */
  dialled?: readonly string[];
  /** Each node's data on a disk of its own, of so many bytes (Fault.ownDisk). Rejects where that cannot be. */
  disk?: number | null;
  /** A server that dies leaves a core in its container, of 4 GiB at most. */
  cores?: boolean;
  /** Every server writes its lock graph down. */
  locks?: LockOptions | null;
  /** A library stands between every server and its C library, for its clock and its disk. */
  interposer?: InterposerOptions | null;
}

export interface InterposerOptions {
  library: CompiledLibrary;
  runId: string;
  /** What an image itself preloads, by image. */
  preloaded: Readonly<Record<string, string | undefined>>;
}

interface LockOptions {
  library: LockLibrary;
  runId: string;
  /** What an image itself preloads, by image. */
  preloaded: Readonly<Record<string, string | undefined>>;
  /** ms from which on a wait with a lock in hand is written down. */
  longWait: number;
}

/** What runs on a node. */
export function serverOf(
  { system, image, images = {} }: Pick<MakeOptions, "system" | "image" | "images">,
  { name, role, service }: Pick<NodeSpec, "name" | "role" | "service">,
): Server {
  if (role === "helper") {
    const { logRules = [], processName = "" } = (service.role === "controller" && system.controller) || {};
    return { system: { ...system, logRules, processName }, image: images[name] ?? service.image };
  }
  const own = images[name] ?? (role === "sentinel" ? system.sentinel?.image : undefined);
  return own === undefined ? { system, image } : serverIn(own, system);
}

/** A node with its ports. */
export interface Placed {
  node: NodeSpec;
  /** Server port → port on 127.0.0.1. */
  ports: Record<string, number>;
}

/** All containers and networks are removed as one step of `scope`. @returns where they are to be named */
export function removedWith(scope: CleanupScope, engine: Engine): Attached {
  const made: Attached = { containers: [], networks: [] };
  const remove = async (): Promise<void> => {
    const { failures } = await removeAttached(engine, made, { within: MANY_MS });
    if (failures.length > 0) throw new ChaosError("infrastructure", failures.join("; "));
  };
  scope.defer("remove the cluster's containers and networks", remove, MANY_MS);
  return made;
}

/** By their names in the Compose file. @param prefix of what the engine calls them */
export async function makeNetworks(options: MakeOptions, prefix: string): Promise<Map<string, Network>> {
  const { engine, compose, labels, made, signal } = options;
  const networks = compose.networks.map(async ({ name: service, internal }): Promise<[string, Network]> => {
    const name = `${prefix}-${service}`;
    made.networks.push(name);
    return [service, await engine.createNetwork({ name, labels, internal }, { signal })];
  });
  return new Map(await Promise.all(networks));
}

/** Returns the container's id. */
export async function startContainer(options: MakeOptions, spec: ContainerSpec): Promise<string> {
  const { engine, signal } = options;
  const id = await makeContainer(options, spec);
  await engine.start(id, { signal, within: MANY_MS });
  return id;
}

async function makeContainer({ engine, made, signal }: MakeOptions, spec: ContainerSpec): Promise<string> {
  made.containers.push(spec.name);
  return engine.createContainer(spec, { signal, within: MANY_MS });
}

/** Starts a server, its data on a volume of its own. */
export async function startNode(
  options: MakeOptions,
  { node, ports }: Placed,
  prefix: string,
  networks: NonNullable<ContainerSpec["networks"]>,
): Promise<{
  id: string;
  disk: Disk | null;
  locks: LockFolder | null;
  interposer: InterposeFolder | null;
  again: Again;
}> {
  const { labels } = options;
  const { service } = node;
  const volume = `${prefix}-${node.name}`;
  const isHelper = node.role === "helper";
  const disk = isHelper ? null : await makeVolume(options, volume);
  const locks = isHelper ? null : await makeLockFolder(options, node.name);
  const { dataDirectory } = serverOf(options, node).system;
  const interposer = isHelper ? null : await makeInterposeFolder(options, node.name, dataDirectory);
  const specOf = ({ system, image }: Server, name: string): ContainerSpec => {
    const launch = launchOf(system, node);
    const own = launch.environment?.LD_PRELOAD ?? (options.locks ?? options.interposer)?.preloaded[image];
    const seen = locks?.launch(own);
    const between = interposer?.launch(seen?.environment.LD_PRELOAD ?? own);
    return {
      name,
      image,
      ...launch,
      environment: { ...launch.environment, ...seen?.environment, ...between?.environment },
      binds: [...(seen?.binds ?? []), ...(between?.binds ?? [])],
      ulimits: options.cores ? withCores(launch.ulimits) : launch.ulimits,
      labels: { ...service.labels, ...labels, "kvchaos.node": node.name },
      networks,
      ports: Object.entries(ports).map(([container, host]) => ({ container: Number(container), host })),
      volumes: isHelper ? [] : [{ name: volume, path: system.dataDirectory }],
      stopTimeout: service.stopGracePeriod,
    };
  };
  const id = await startContainer(options, specOf(serverOf(options, node), volume));
  let servers = 1;
  const again: Again = (server, leftOut) => {
    servers += 1;
    const spec = specOf(server, `${volume}-${servers}`);
    // The one before stays, stopped: its log and what it left are evidence.
    return makeContainer(options, { ...spec, networks: networks.filter(({ name }) => name !== leftOut) });
  };
  return { id, disk, locks, interposer, again };
}

/** Makes another container of a node, not started: another server, everything else as it was. @param leftOut a network; null: none */
type Again = (server: Server, leftOut: string | null) => Promise<string>;

/** To be called before any server is started: its folders are mounted into it. */
export function removeLockGraphs({
  locks,
  interposer,
  resources,
}: Pick<MakeOptions, "locks" | "interposer" | "resources">): void {
  const shared = locks ?? interposer;
  if (shared) resources.defer("remove the folders that servers share", () => removeSharedFolders(shared.runId));
}

async function makeInterposeFolder(
  { interposer, resources }: MakeOptions,
  node: string,
  directory: string,
): Promise<InterposeFolder | null> {
  if (!interposer) return null;
  const folder = await InterposeFolder.make(interposer.runId, node, interposer.library, directory);
  resources.defer(`close what stands between ${node} and its C library`, async () => folder.close());
  return folder;
}

async function makeLockFolder({ locks, resources }: MakeOptions, node: string): Promise<LockFolder | null> {
  if (!locks) return null;
  const { runId, library, longWait } = locks;
  const folder = await LockFolder.make(runId, node, library, longWait);
  resources.defer(`close the lock graph of ${node}`, async () => folder.close());
  return folder;
}

/** On a disk of its own where that is asked for, and else the container makes it. */
async function makeVolume(options: MakeOptions, volume: string): Promise<Disk | null> {
  const { engine, labels, resources, signal, disk: bytes = null } = options;
  resources.defer(`remove volume ${volume}`, async () => {
    if (bytes !== null) await removeDisk(volume);
    await engine.removeVolume(volume);
  });
  return bytes === null ? null : Disk.make(engine, { volume, bytes, labels, signal });
}
