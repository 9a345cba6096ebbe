import { statfs } from "node:fs/promises";
import { ChaosError } from "../base/chaos-error.ts";
import type { WaitLimits } from "../base/deadline.ts";
import type { Disk } from "../docker/disk.ts";
import { throttleDisk } from "../docker/disk-throttle.ts";
import type { Engine } from "../docker/engine.ts";
import type { ContainerLimits, ContainerStats } from "../docker/engine-types.ts";
import { HeldKinds } from "./held.ts";

/** Written by `writeSynced`, in the data directory; removed at once. */
const PROBE = "kvchaos-write-probe";
const BLOCK = 64 * 1024;

interface ContainerResourcesOptions {
  engine: Engine;
  container(): string;
  disk: Disk | null;
  dataDirectory(): string;
  /** Of its first process; null when the container is down, or not on this machine. */
  pid(): number | null;
}

/** What a node may use of its machine, and what it does use. */
export type NodeResources = Omit<ContainerResources, "started">;

/** Those of a node whose container exists. */
export class ContainerResources {
  /** What faults hold it to at this moment. */
  readonly held = new HeldKinds();
  /** The disk that holds its data and nothing else; null when the run made none (Fault.ownDisk). */
  readonly disk: Pick<Disk, "bytes" | "free" | "fill" | "unfill"> | null;
  readonly #options: ContainerResourcesOptions;
  /** The cap that is wished for; a control group forgets it with the container's end. */
  #rate: number | null = null;

  constructor(options: ContainerResourcesOptions) {
    this.#options = options;
    this.disk = options.disk;
  }

  /** Works while it is down. */
  limits(): Promise<ContainerLimits> {
    return this.#options.engine.limits(this.#options.container());
  }

  /** Changes what is named; works while it is down, and outlives a restart. */
  setLimits(limits: Partial<ContainerLimits>): Promise<void> {
    return this.#options.engine.setLimits(this.#options.container(), limits);
  }

  /** Rejects while it is down. */
  use(): Promise<ContainerStats> {
    return this.#options.engine.stats(this.#options.container());
  }

  /** Bytes that its data directory has free, as the server sees it. Rejects while it is down. */
  async freeSpace(): Promise<number> {
    const { bavail, bsize } = await statfs(`/proc/${this.#pid()}/root${this.#options.dataDirectory()}`);
    return bavail * bsize;
  }

  /** Caps its own disk, bytes per second in each direction, also after a restart; null: no cap. Rejects where that is impossible. */
  async throttleDisk(rate: number | null): Promise<void> {
    const { disk } = this.#options;
    if (!disk) throw new ChaosError("internal", "the node has no disk of its own");
    this.#rate = rate;
    // Down: there is nothing to take the cap from.
    if (rate === null && this.#options.pid() === null) return;
    await throttleDisk(this.#pid(), disk.device, rate);
  }

  /** To be called when the container has been started again. */
  async started(): Promise<void> {
    if (this.#rate !== null) await this.throttleDisk(this.#rate);
  }

  /** Writes that many bytes (in whole 64 KiB) into its data directory from within the container, fsync included. */
  async writeSynced(bytes: number, { within, signal }: WaitLimits): Promise<void> {
    const { engine, container, dataDirectory } = this.#options;
    const file = `${dataDirectory()}/${PROBE}`;
    const write = `dd if=/dev/zero of=${file} bs=${BLOCK} count=${Math.ceil(bytes / BLOCK)} conv=fsync`;
    const argv = ["sh", "-c", `${write}; code=$?; rm -f ${file}; exit $code`];
    const { code, stderr } = await engine.exec(container(), argv, { within, signal });
    if (code !== 0) throw new ChaosError("infrastructure", `${write} failed in the container: ${stderr.trim()}`);
  }

  #pid(): number {
    const pid = this.#options.pid();
    if (pid === null)
      throw new ChaosError("infrastructure", "the container is down, or its process is not on this machine");
    return pid;
  }
}
