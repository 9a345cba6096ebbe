import type { Launch, LogRule } from "./launch.ts";

/** One question or order over HTTP; a body goes as JSON. */
export interface HttpCall {
  method: "GET" | "POST";
  path: string;
  body?: unknown;
}

/** When controllers replace a master: this many failed questions in a row, ms apart; an answer is waited for at most `answer` ms. */
export interface ControllerLimits {
  interval: number;
  failures: number;
  answer: number;
}

/** The whole cluster as controllers have it in their store. Servers are named by the host under which they were added. */
export interface ControllerView {
  /** Grows with every change. */
  version: number;
  shards: {
    slots: (readonly [number, number])[];
    /** The slot that is on its way to another shard; null: none. */
    migrating: number | null;
    nodes: { id: string; host: string; isMaster: boolean }[];
  }[];
}

/** Processes beside the servers that rule a cluster with shards, with a store of their own, and are spoken to over HTTP (kvrocks-controller). */
export interface ControllerMode {
  readonly image: string;
  readonly store: { readonly image: string; readonly port: number; command(host: string): string[] };
  /** /proc/pid/comm. */
  readonly processName: string;
  readonly port: number;
  /** Configuration keys that are the controllers' and not the servers' begin so. */
  readonly prefix: string;
  readonly logRules: readonly LogRule[];
  /** How a controller is started. @param config with the prefix */
  launch(config: Readonly<Record<string, string>>, store: { host: string; port: number }): Launch;
  /** @param config with the prefix */
  limits(config: Readonly<Record<string, string>>): ControllerLimits;
  readonly calls: {
    namespace(): HttpCall;
    /** A shard for each master, "host:port". */
    cluster(masters: readonly string[], password: string): HttpCall;
    /** @param shard from 0 @param address "host:port" */
    replica(shard: number, address: string, password: string): HttpCall;
    view(): HttpCall;
    /** @param preferred id of who is to be master; null: whom it likes */
    failover(shard: number, preferred: string | null): HttpCall;
    /** @param target shard from 0 */
    migrate(slot: number, target: number): HttpCall;
  };
  /** Reads the answer to `calls.view`, parsed. Throws when it is something else. */
  view(body: unknown): ControllerView;
}
