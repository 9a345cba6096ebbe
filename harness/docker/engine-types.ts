/** What the engine takes and gives: plain data, none of dockerode's types. */

/** Every call takes these. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds until the call fails with code `timeout`; each call has its own default. */
  within?: number | undefined;
}

export type Labels = Readonly<Record<string, string>>;

export interface ImageInfo {
  id: string;
  /** "name@sha256:…" when it came from a registry, else its id. */
  digest: string;
  /** Bytes on disk. */
  size: number;
  tags: readonly string[];
  labels: Labels;
  /** Variables that it sets; absent in a list of images. */
  environment?: Readonly<Record<string, string>>;
}

export interface NetworkSpec {
  name: string;
  labels: Labels;
  /** No route to the outside; published ports do not work on it. */
  internal?: boolean;
}

export interface Network {
  id: string;
  name: string;
  /** Like "172.18.0.0/16". */
  subnet: string;
}

interface Attachment {
  /** Name or id of the network. */
  name: string;
  aliases?: readonly string[] | undefined;
  /** A fixed address inside the network's subnet. */
  ip?: string | undefined;
}

export interface ContainerSpec {
  name: string;
  image: string;
  command?: readonly string[] | undefined;
  entrypoint?: readonly string[] | undefined;
  environment?: Readonly<Record<string, string>> | undefined;
  labels: Labels;
  /** The first one is joined at creation. None: the container has no network at all. */
  networks?: readonly Attachment[] | undefined;
  /** It has the network of the engine's machine, and none of its own. */
  hostNetwork?: true;
  /** Always on 127.0.0.1. */
  ports?: readonly { container: number; host: number }[] | undefined;
  /** Named volumes. One that is not there yet is made, with the container's labels. */
  volumes?: readonly { name: string; path: string }[] | undefined;
  /** Files and folders of the engine's machine. */
  binds?: readonly { host: string; path: string; readOnly: boolean }[] | undefined;
  /** Paths. */
  tmpfs?: readonly string[] | undefined;
  ulimits?: readonly { name: string; soft: number; hard: number }[] | undefined;
  /** CPUs, 0.5 = half of one. */
  cpus?: number | undefined;
  /** Bytes; swap is not added. */
  memory?: number | undefined;
  capAdd?: readonly string[] | undefined;
  /** Seconds between SIGTERM and SIGKILL. */
  stopTimeout?: number | undefined;
  /** A small init as PID 1. Signals then reach the init, not the server (docs/facts.md#docker). */
  init?: boolean | undefined;
  workingDir?: string | undefined;
  user?: string | undefined;
  /** "host" or "container:<id>". */
  pidMode?: string | undefined;
}

export interface LogLine {
  /** At most 64 KiB; the rest of a longer line is replaced by a mark. */
  text: string;
  stream: "stdout" | "stderr";
  /** When the daemon got it: RFC 3339 with nanoseconds, UTC. Hand the last one back as `after` to go on without a gap. */
  at: string;
}

export interface ContainerEvent {
  /** Milliseconds since 1970, by the daemon's clock. */
  at: number;
  id: string;
  name: string;
  action: "start" | "die" | "oom" | "pause" | "unpause" | "kill";
  /** With `die`. */
  exitCode: number | null;
  /** With `kill`: the signal's number as the daemon writes it. */
  signal: string | null;
  labels: Labels;
}

/** Something that goes on until its signal is aborted or its source ends. */
export interface Subscription {
  /** Resolves at the end (also when aborted); rejects when the daemon went away. Never an unhandled rejection. */
  readonly done: Promise<void>;
}

export interface ContainerStats {
  /** CPU time of all its processes since it started. */
  cpuMs: number;
  /** In how many scheduling periods (0.1 s) it wanted more CPU than its limit allows, since it started. */
  throttledPeriods: number;
  memoryBytes: number;
  /** As the kernel has it; all of the machine's where there is none. */
  memoryLimit: number;
}

/** What a container may use. */
export interface ContainerLimits {
  /** 0.5 = half of one; null: all. */
  cpus: number | null;
  /** Bytes; null: all. */
  memory: number | null;
}
