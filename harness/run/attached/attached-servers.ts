import type { Address, Topology } from "../../cluster/cluster.ts";
import type { NodeState } from "../../journal/events.ts";
import type { Login } from "../../resp/login.ts";
import type { System } from "../../systems/system.ts";

/** A server that is there, as its file names it and as it answered. */
export interface AttachedServer {
  at: Address;
  /** Where the other servers reach it. */
  inside: Address;
  role: "master" | "replica";
  system: System;
  version: string | null;
  state: NodeState;
  pid?: number | undefined;
  container?: string | undefined;
}

/** Servers that kvchaos did not start, on which a run takes place. */
export interface AttachedServers {
  servers: ReadonlyMap<string, AttachedServer>;
  /** Who follows whom before the run, and after it. */
  topology: Topology;
  /** What every key of ours begins with. */
  prefix: string;
  login: Login;
  /** The user has said that keys of others may be deleted. */
  deletes: boolean;
}

/** What it is, where there is no image: "redis 7.0.15". */
export const nameOfServer = ({ system, version }: Pick<AttachedServer, "system" | "version">): string =>
  `${system.name} ${version ?? "of an unknown version"}`;
