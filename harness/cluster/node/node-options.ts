import type { WaitLimits } from "../../base/deadline.ts";
import type { Disk } from "../../docker/disk.ts";
import type { Engine } from "../../docker/engine.ts";
import type { InterposeFolder } from "../../interpose/interpose-folder.ts";
import type { EventOf } from "../../journal/events.ts";
import type { KeySpace } from "../../journal/loads/key-space.ts";
import type { LockFolder } from "../../locks/lock-folder.ts";
import type { Server } from "../../systems/system-of-image.ts";

export interface Address {
  host: string;
  port: number;
}

/** What the engine says of a node's container. */
export interface ContainerState {
  running: boolean;
  paused: boolean;
  exitCode: number | null;
  oomKilled: boolean;
  startedAt: string | null;
}

export interface ConnectLimits extends WaitLimits {
  /** Dials `nearest()` instead of `direct`: CLIENT LIST then shows the connection by its `localPort`, where the two differ. */
  nearest?: boolean;
  /** Absent: the first. */
  space?: KeySpace | undefined;
}

/** What became of a node that was started again, with its own server or with another one on its data. */
export interface StartedServer {
  /** Why it does not answer, in words; null: it does. */
  failure: string | null;
  server: Omit<EventOf<"server">, "t" | "type" | "node" | "by">;
}

interface DataNetwork {
  name: string;
  alias: string;
}

/** What a node is made of. */
export interface ContainerNodeOptions {
  engine: Engine;
  server: Server;
  name: string;
  role: "master" | "replica" | "control" | "sentinel" | "helper";
  container: string;
  direct: Address;
  data: DataNetwork;
  /** Where the server listens inside its networks. */
  port: number;
  /** The masters of its cluster share the key space. */
  sharded: boolean;
  /** Called with a process id of the container each time it has been started: its networks are new ones. */
  onStarted?: ((pid: number) => Promise<void>) | undefined;
  /**
   * Makes a container for another server, not started, in place of the one there is: the same data, addresses and ports. Returns
   * its id. Absent: the node keeps its server. @param cut without the data network
   */
  remake?: ((server: Server, cut: boolean) => Promise<string>) | undefined;
  /** The disk of its own that holds its data. */
  disk: Disk | null;
  /** Where its server writes its lock graph. */
  locks: LockFolder | null;
  /** What stands between it and its C library. */
  interposer: InterposeFolder | null;
  password: string | undefined;
}
