import type { Mistake, YamlPath } from "../base/mistakes.ts";

export const SERVICE_ROLES = ["master", "replica", "control", "sentinel", "toxiproxy"] as const;
export type ServiceRole = (typeof SERVICE_ROLES)[number];

/** Server configuration by system: { redis: { "repl-timeout": "60" } }. */
export type ServerConfig = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What `x-kvchaos.mode` may say. Who rules then depends on the system, too (cluster/shape.ts). */
export const MODES = ["cluster", "sentinel"] as const;
export type WrittenMode = (typeof MODES)[number];

/** One service, with every default filled in. undefined: the file does not say; the image or the engine decides. */
export interface ComposeService {
  name: string;
  image: string;
  command: readonly string[] | undefined;
  entrypoint: readonly string[] | undefined;
  environment: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  networks: readonly { name: string; aliases: readonly string[] }[];
  /** Published on 127.0.0.1. `host` null: any free port. */
  ports: readonly { container: number; host: number | null }[];
  volumes: readonly { name: string; path: string }[];
  tmpfs: readonly string[];
  ulimits: readonly { name: string; soft: number; hard: number }[];
  cpus: number | undefined;
  /** Bytes. */
  memory: number | undefined;
  capAdd: readonly string[];
  /** Seconds. */
  stopGracePeriod: number | undefined;
  init: boolean;
  user: string | undefined;
  /** Label `kvchaos.role`; null without one. */
  role: ServiceRole | null;
  /** Label `kvchaos.master`: whom a replica follows at first; null without it. */
  master: string | null;
  /** `x-kvchaos.config` of the file with that of the service over it. */
  config: ServerConfig;
}

/** A Compose file of the documented subset, checked and with its variables filled in. */
export interface ComposeFile {
  /** As it was named by the caller. */
  file: string;
  name: string | undefined;
  services: readonly ComposeService[];
  networks: readonly { name: string; internal: boolean }[];
  volumes: readonly string[];
  /**
   * `x-kvchaos.mode`: "cluster" when the masters share the key space, "sentinel" when sentinels choose the one master; null
   * when each master has all keys and kvchaos, as the operator, says who is one.
   */
  mode: WrittenMode | null;
  /** A mistake at the value of `path`, for checks that only the caller can do. */
  mistake(path: YamlPath, message: string, hint?: string): Mistake;
}
