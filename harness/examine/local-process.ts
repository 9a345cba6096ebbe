import { existsSync } from "node:fs";
import type { Clock } from "../base/clock.ts";
import { listenerAt, localAddresses } from "./listeners.ts";
import { packetRules } from "./target.ts";

/** Looking reads the open files of every process, and nothing else is done meanwhile: not more often. ms */
const LOOK_EVERY = 60_000;

/** The process of a server, where it is on this machine; found again when the server was started again. */
export class LocalProcess {
  readonly #address: { host: string; port: number };
  readonly #clock: Pick<Clock, "now">;
  #pid: number | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(address: { host: string; port: number }, clock: Pick<Clock, "now">) {
    this.#address = address;
    this.#clock = clock;
  }

  /** null: it is on another machine, or nobody may see it. One that has ended is told until another one is found. */
  get pid(): number | null {
    return this.#pid;
  }

  /** Looks for it, where it is not known to run: the server answers. */
  async look(): Promise<void> {
    if (this.#pid !== null && existsSync(`/proc/${this.#pid}`)) return;
    const now = this.#clock.now();
    if (now - this.#lookedAt < LOOK_EVERY) return;
    this.#lookedAt = now;
    const { host, port } = this.#address;
    // Read anew each time: a container that was started again has another address.
    const found = listenerAt([host], port, isLoopback(host) ? await packetRules() : "");
    // By its arguments alone one may be wrong, and a port of this machine is no other machine's.
    const isThere = found !== null && (isLoopback(host) || localAddresses(found.pid).has(host));
    if (found && isThere && !found.guessed) this.#pid = found.pid;
  }
}

const isLoopback = (host: string): boolean => host.startsWith("127.") || host === "::1";
