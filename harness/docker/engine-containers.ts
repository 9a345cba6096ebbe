import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Container, ContainerCreateOptions, ContainerInspectInfo } from "dockerode";
import { extract, pack } from "tar-stream";
import { ChaosError } from "../base/chaos-error.ts";
import { call, callUnless, type Daemon, GONE, withSignal } from "./engine-call.ts";
import { endpointConfig } from "./engine-networks.ts";
import type { CallOptions, ContainerSpec, ContainerStats } from "./engine-types.ts";

interface File {
  /** Absolute path inside the container; missing folders are made. */
  path: string;
  mode: number;
  content: string | Uint8Array;
}

export function containerCalls(daemon: Daemon) {
  const { docker } = daemon;

  /** Does something to a container. @param so refusals that mean that it is so already */
  async function act(
    what: string,
    id: string,
    so: RegExp,
    options: CallOptions & { default?: number },
    work: (container: Container, signal: { abortSignal: AbortSignal }) => Promise<unknown>,
  ): Promise<void> {
    await callUnless(daemon, so, `${what} container ${shortId(id)}`, options, (abortSignal) =>
      work(docker.getContainer(id), { abortSignal }),
    );
  }

  return {
    /**
     * Creates a container, attached to all its networks, not started. Nothing is left when it fails.
     * @returns its id
     */
    async createContainer(spec: ContainerSpec, options: CallOptions = {}): Promise<string> {
      return call(daemon, `create container ${spec.name}`, { default: 60_000, ...options }, async (abortSignal) => {
        const container = await docker.createContainer({ ...createOptions(spec), abortSignal });
        try {
          // One network at creation: engines before 25 take no more.
          for (const network of spec.networks?.slice(1) ?? []) {
            await docker
              .getNetwork(network.name)
              .connect(withSignal({ Container: container.id, EndpointConfig: endpointConfig(network) }, abortSignal));
          }
        } catch (error) {
          // Not with abortSignal: it may be what failed.
          await container.remove({ force: true, v: true }).catch(() => {});
          throw error;
        }
        return container.id;
      });
    },

    /** Does nothing when it runs. A published port in use fails here. */
    async start(id: string, options: CallOptions = {}): Promise<void> {
      await act("start", id, /^304 /, { default: 60_000, ...options }, (one, signal) => one.start(signal));
    },

    /** null: there is no such container. */
    async inspectContainer(id: string, options: CallOptions = {}) {
      const info = await callUnless(daemon, GONE, `inspect container ${shortId(id)}`, options, (abortSignal) =>
        docker.getContainer(id).inspect({ abortSignal }),
      );
      return info ? describe(info) : null;
    },

    /** SIGTERM, then SIGKILL after `timeoutSeconds`. Does nothing when it is stopped. */
    async stop(id: string, timeoutSeconds: number, options: CallOptions = {}): Promise<void> {
      const slow = { default: timeoutSeconds * 1000 + 30_000, ...options };
      await act("stop", id, /^304 /, slow, (one, signal) => one.stop({ t: timeoutSeconds, ...signal }));
    },

    /** Does nothing when it does not run. Docker then counts the container as stopped by hand (docs/facts.md#docker). */
    async kill(id: string, name: string, options: CallOptions = {}): Promise<void> {
      const what = `send ${name} to`;
      await act(what, id, /is not running/i, options, (one, signal) => one.kill({ signal: name, ...signal }));
    },

    /** Freezes all its processes. Does nothing when it is paused. */
    async pause(id: string, options: CallOptions = {}): Promise<void> {
      await act("pause", id, /already paused/i, options, (one, signal) => one.pause(signal));
    },

    /** Does nothing when it is not paused. */
    async unpause(id: string, options: CallOptions = {}): Promise<void> {
      const so = /is not paused|is not running/i;
      await act("unpause", id, so, options, (one, signal) => one.unpause(signal));
    },

    async restart(id: string, timeoutSeconds: number, options: CallOptions = {}): Promise<void> {
      const slow = { default: timeoutSeconds * 1000 + 60_000, ...options };
      await call(daemon, `restart container ${shortId(id)}`, slow, (abortSignal) =>
        docker.getContainer(id).restart({ t: timeoutSeconds, abortSignal }),
      );
    },

    /** Does nothing when there is none, or while another removal of it goes on. `volumes`: anonymous ones too. */
    async remove(id: string, options: CallOptions & { force?: boolean; volumes?: boolean } = {}): Promise<void> {
      const { force = true, volumes = true } = options;
      const so = /^404 |removal of container .* is already in progress/i;
      const slow = { default: 60_000, ...options };
      await act("remove", id, so, slow, (one, signal) => one.remove({ force, v: volumes, ...signal }));
    },

    /** Writes files into a container, running or not. Owner: root. */
    async writeFiles(id: string, files: readonly File[], options: CallOptions = {}): Promise<void> {
      await call(daemon, `write files into container ${shortId(id)}`, options, async (abortSignal) => {
        const archive = await tarOf(files);
        await docker.getContainer(id).putArchive(archive, { path: "/", abortSignal });
      });
    },

    /**
     * Copies one file out of a container, running or not, to a path of this machine (mode 0600, folders are made).
     * @returns its size and when it was changed, ms since 1970; null: there is no such file, or it is none (a folder, a link)
     */
    async copyOut(
      id: string,
      path: string,
      to: string,
      options: CallOptions = {},
    ): Promise<{ bytes: number; modified: number } | null> {
      const what = `copy ${path} out of container ${shortId(id)}`;
      const copied = await callUnless(daemon, GONE, what, { default: 60_000, ...options }, async (signal) => {
        const archive = await docker.getContainer(id).getArchive(withSignal({ path }, signal));
        return firstFile(archive, to, signal);
      });
      return copied ?? null;
    },

    /** One reading, without waiting for a second one. */
    async stats(id: string, options: CallOptions = {}): Promise<ContainerStats> {
      const what = `read the use of container ${shortId(id)}`;
      const stats = await call(daemon, what, options, (abortSignal) =>
        docker.getContainer(id).stats(withSignal({ stream: false as const, "one-shot": true }, abortSignal)),
      );
      if (stats.memory_stats?.usage === undefined) {
        throw new ChaosError("infrastructure", `Docker could not ${what}: it does not run`);
      }
      return {
        cpuMs: stats.cpu_stats.cpu_usage.total_usage / 1e6,
        throttledPeriods: stats.cpu_stats.throttling_data.throttled_periods,
        memoryBytes: stats.memory_stats.usage,
        memoryLimit: stats.memory_stats.limit,
      };
    },
  };
}

/** Container ids are 64 hex digits; messages show twelve, as the docker command does. */
export function shortId(id: string): string {
  return /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id;
}

function createOptions(spec: ContainerSpec): ContainerCreateOptions {
  const first = spec.networks?.[0];
  const ports = spec.ports ?? [];
  return {
    name: spec.name,
    Image: spec.image,
    Labels: { ...spec.labels },
    Env: Object.entries(spec.environment ?? {}).map(([name, value]) => `${name}=${value}`),
    ...(spec.command ? { Cmd: [...spec.command] } : {}),
    ...(spec.entrypoint ? { Entrypoint: [...spec.entrypoint] } : {}),
    ...(spec.stopTimeout === undefined ? {} : { StopTimeout: spec.stopTimeout }),
    ...(spec.workingDir === undefined ? {} : { WorkingDir: spec.workingDir }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ExposedPorts: Object.fromEntries(ports.map(({ container }) => [`${container}/tcp`, {}])),
    NetworkingConfig: { EndpointsConfig: first ? { [first.name]: endpointConfig(first) } : {} },
    HostConfig: {
      NetworkMode: spec.hostNetwork ? "host" : (first?.name ?? "none"),
      PortBindings: Object.fromEntries(
        ports.map(({ container, host }) => [`${container}/tcp`, [{ HostIp: "127.0.0.1", HostPort: String(host) }]]),
      ),
      Mounts: [
        ...(spec.volumes ?? []).map(({ name, path }) => ({
          Type: "volume" as const,
          Source: name,
          Target: path,
          VolumeOptions: { NoCopy: false, Labels: { ...spec.labels }, DriverConfig: { Name: "local", Options: {} } },
        })),
        ...(spec.binds ?? []).map(({ host, path, readOnly }) => ({
          Type: "bind" as const,
          Source: host,
          Target: path,
          ReadOnly: readOnly,
        })),
      ],
      Tmpfs: Object.fromEntries((spec.tmpfs ?? []).map((path) => [path, ""])),
      Ulimits: (spec.ulimits ?? []).map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
      CapAdd: [...(spec.capAdd ?? [])],
      Init: spec.init ?? false,
      // The harness decides when a server comes back.
      RestartPolicy: { Name: "no" },
      ...(spec.cpus === undefined ? {} : { NanoCpus: Math.round(spec.cpus * 1e9) }),
      ...(spec.memory === undefined ? {} : { Memory: spec.memory, MemorySwap: spec.memory }),
      ...(spec.pidMode === undefined ? {} : { PidMode: spec.pidMode }),
    },
  };
}

function describe(info: ContainerInspectInfo) {
  const { State, NetworkSettings } = info;
  /** Network name → address; a network that is configured but not up is absent. */
  const ips: Record<string, string> = {};
  for (const [network, { IPAddress }] of Object.entries(NetworkSettings.Networks ?? {})) {
    if (IPAddress) ips[network] = IPAddress;
  }
  /** Container port → port on 127.0.0.1. */
  const ports: Record<string, number> = {};
  for (const [port, bindings] of Object.entries(NetworkSettings.Ports ?? {})) {
    if (bindings?.[0]) ports[port.replace(/\/tcp$/, "")] = Number(bindings[0].HostPort);
  }
  const neverStarted = State.StartedAt.startsWith("0001-");
  return {
    id: info.Id,
    name: info.Name.replace(/^\//, ""),
    image: info.Config.Image,
    running: State.Running,
    paused: State.Paused,
    /** null while it runs or before it was started. */
    exitCode: State.Running || neverStarted ? null : State.ExitCode,
    oomKilled: State.OOMKilled,
    /** On the daemon's machine; null when it does not run. */
    pid: State.Pid > 0 ? State.Pid : null,
    /** RFC 3339; null before the first start. */
    startedAt: neverStarted ? null : State.StartedAt,
    ips,
    ports,
    labels: info.Config.Labels ?? {},
  };
}

async function tarOf(files: readonly File[]): Promise<Buffer> {
  const tar = pack();
  for (const { path, mode, content } of files) {
    tar.entry({ name: path.replace(/^\/+/, ""), mode, mtime: new Date(0) }, Buffer.from(content));
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function firstFile(archive: NodeJS.ReadableStream, to: string, signal: AbortSignal) {
  const files = extract();
  // An error of the source ends the reading of the entries too.
  const fed = pipeline(archive, files as unknown as Writable, { signal });
  fed.catch(() => {});
  for await (const entry of files) {
    const { type, size = 0, mtime } = entry.header;
    if (type !== "file") {
      entry.resume();
      continue;
    }
    await mkdir(dirname(to), { recursive: true });
    await pipeline(entry as unknown as Readable, createWriteStream(to, { mode: 0o600 }), { signal });
    return { bytes: size, modified: mtime?.getTime() ?? 0 };
  }
  await fed;
  return null;
}
