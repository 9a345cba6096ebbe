import { HeldKinds } from "../cluster/held.ts";
import type { NodeResources } from "../cluster/node-resources.ts";
import type { ContainerLimits, ContainerStats } from "../docker/engine-types.ts";

/** A node's resources for unit tests: says what it was told, and uses what the test sets. */
export class FakeResources implements NodeResources {
  readonly held = new HeldKinds();
  disk: NodeResources["disk"] = null;
  now: ContainerLimits = { cpus: null, memory: null };
  /** What each question after the use gets in turn; the last one for good. */
  uses: ContainerStats[] = [{ cpuMs: 0, throttledPeriods: 0, memoryBytes: 50e6, memoryLimit: 1e12 }];
  free = 1e9;
  refusal: Error | null = null;
  readonly #say: (what: string) => void;

  constructor(say: (what: string) => void) {
    this.#say = say;
  }

  async limits(): Promise<ContainerLimits> {
    return this.now;
  }

  async setLimits(limits: Partial<ContainerLimits>): Promise<void> {
    this.#say(
      Object.entries(limits)
        .map(([name, value]) => `${name} ${value}`)
        .join(", "),
    );
    this.now = { ...this.now, ...limits };
  }

  async use(): Promise<ContainerStats> {
    const [first] = this.uses;
    if (this.uses.length > 1) this.uses.shift();
    return first as ContainerStats;
  }

  async freeSpace(): Promise<number> {
    return this.free;
  }

  async throttleDisk(rate: number | null): Promise<void> {
    this.#say(`disk at ${rate}`);
  }

  /** Rejects with `refusal`, when there is one. */
  async writeSynced(bytes: number): Promise<void> {
    this.#say(`writes ${bytes}`);
    if (this.refusal) throw this.refusal;
  }
}
