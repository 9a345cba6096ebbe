import { Agent } from "node:http";
import { hostname, release } from "node:os";
import { inspect } from "node:util";
import Dockerode from "dockerode";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { withDeadline } from "../base/deadline.ts";
import { call, type Daemon } from "./engine-call.ts";
import { containerCalls } from "./engine-containers.ts";
import { imageCalls } from "./engine-images.ts";
import { limitCalls } from "./engine-limits.ts";
import { networkCalls } from "./engine-networks.ts";
import { outputCalls } from "./engine-output.ts";
import type { CallOptions } from "./engine-types.ts";
import { freePorts, releasePorts } from "./free-ports.ts";
import { hasUserlandProxy } from "./userland-proxy.ts";

/*
 *   the rest of the harness                engine.ts  (plain data, ChaosError, deadlines)
 *        │                                     ├─ engine-images      inspect pull import remove list
 *        │  Engine ◄── connectEngine() ──►     ├─ engine-networks    networks with a fixed subnet, volumes
 *        ▼                                     ├─ engine-containers  create start stop kill pause remove, files in and out
 *                                              ├─ engine-limits      CPU and memory of a container
 *   cluster, images, reaper, clean             └─ engine-output      logs exec events
 *                                                     │ engine-call   deadline, signal, error → ChaosError
 *                                                     ▼
 *                                                 dockerode ──► Docker daemon (DOCKER_HOST)
 *
 * Only files named engine*.ts may import dockerode.
 */

const DEFAULT_SOCKET = "unix:///var/run/docker.sock";
const USUAL_SOCKET = /^unix:\/\/(?:\/var)?\/run\/docker\.sock$/;

/** A Docker daemon that answers. Every call has a deadline and throws only ChaosError (or the signal's reason). */
export type Engine = Awaited<ReturnType<typeof connectEngine>>;

/**
 * Finds the daemon that DOCKER_HOST names (else the usual socket) and asks who it is.
 * Rejects with code `infrastructure` and what to type when none answers.
 * @param options.host instead of DOCKER_HOST: "unix:///path" or "tcp://host:port"
 */
export async function connectEngine(options: CallOptions & { host?: string | undefined } = {}) {
  const named = options.host ?? process.env.DOCKER_HOST;
  const address = named || DEFAULT_SOCKET;
  const daemon: Daemon = { docker: open(address, options.host !== undefined), address };
  const info = await describe(daemon, options, named !== undefined);
  return {
    ...imageCalls(daemon),
    ...networkCalls(daemon, info),
    ...containerCalls(daemon),
    ...limitCalls(daemon, info),
    ...outputCalls(daemon, info.local),
    /** Where it is: "unix:///var/run/docker.sock". */
    address,
    /** Asked once, when connecting. */
    info,
    /** Explicit free ports on 127.0.0.1: published ports that Docker chooses change with every restart. Kept until released. */
    freePorts,
    releasePorts,
    /** Does the daemon still answer? Rejects with `infrastructure` when not. */
    async ping(options: CallOptions = {}): Promise<void> {
      await call(daemon, "answer a ping", { default: 5_000, ...options }, () => daemon.docker.ping());
    },
    /** Everything that carries a label: "kvchaos.run", or with its value "kvchaos.run=20240131-…". */
    listByLabel: (label: string, options: CallOptions = {}) => listByLabel(daemon, label, options),
  };
}

function open(address: string, explicit: boolean): Dockerode {
  const scheme = /^(unix|tcp|http|https|ssh):\/\/./.exec(address)?.[1];
  if (!scheme) {
    throw new ChaosError(
      "usage",
      `DOCKER_HOST is "${address}": expected unix://PATH, tcp://HOST:PORT or ssh://USER@HOST`,
      {
        hint: "Correct DOCKER_HOST, or unset it to use this machine's own daemon.",
      },
    );
  }
  if (scheme === "unix")
    return new Dockerode(withAgent({ socketPath: address.slice("unix://".length), host: undefined }));
  // dockerode reads DOCKER_HOST itself, with the DOCKER_TLS_VERIFY, DOCKER_CERT_PATH and SSH_AUTH_SOCK that belong to it.
  if (!explicit) return new Dockerode();
  const url = new URL(address);
  return new Dockerode(withAgent({ host: url.hostname, port: Number(url.port || 2375), protocol: "http" as const }));
}

/**
 * No kept-alive connections: one that the daemon closes just as a request leaves would look like a daemon gone.
 * docker-modem writes out all of its options for `debug` before each call, whether anybody debugs or not; with an agent and its
 * sockets among them that took 4 ms of the main thread, measured over 56 calls.
 */
function withAgent<T extends object>(options: T): T & { agent: Agent } {
  const agent = Object.assign(new Agent({ keepAlive: false }), { [inspect.custom]: () => "Agent" });
  return { ...options, agent };
}

async function describe(daemon: Daemon, options: CallOptions, chosen: boolean) {
  const { docker, address } = daemon;
  try {
    const within = options.within ?? 10_000;
    return await withDeadline({ what: "an answer", within, signal: options.signal }, async () => {
      const [version, info] = await Promise.all([docker.version(), docker.info()]);
      const securityOptions: readonly string[] = info.SecurityOptions ?? [];
      const local = address.startsWith("unix://") && info.KernelVersion === release() && info.Name === hostname();
      return {
        version: version.Version,
        apiVersion: version.ApiVersion,
        cores: info.NCPU,
        /** Bytes. */
        memory: info.MemTotal,
        rootDir: info.DockerRootDir,
        cgroupVersion: String(info.CgroupVersion ?? "1"),
        securityOptions,
        /** Networks get the ranges that every engine has; otherwise its own configuration names some. */
        defaultRanges: !info.DefaultAddressPools?.length,
        /**
         * The daemon shares this machine's kernel and PID numbers: /proc/<pid> of a container is readable here. A socket may lead into
         * a virtual machine (Docker Desktop) or out of a container: same kernel and host name, or it is not ours.
         */
        local,
        /** This machine reaches its containers under their own addresses, without a published port. */
        dialsContainers: local && !securityOptions.some((option) => option.includes("rootless")),
        /** Published ports are copied by docker-proxy; null: nobody knows. */
        userlandProxy: local && USUAL_SOCKET.test(address) ? await hasUserlandProxy() : null,
      };
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw unreachable(address, chosen, error);
  }
}

function unreachable(address: string, chosen: boolean, error: unknown): ChaosError {
  const denied = (error as { code?: unknown } | null)?.code === "EACCES";
  const hint = denied
    ? "Type:\n  sudo usermod -aG docker $USER\n  newgrp docker"
    : chosen
      ? "DOCKER_HOST names this daemon. Type:\n  unset DOCKER_HOST\n  docker info"
      : "Type:\n  sudo apt-get install -y docker.io\n  sudo service docker start";
  const what = denied ? "may not be used by this user" : "does not answer";
  return new ChaosError("infrastructure", `The Docker daemon at ${address} ${what} (${messageOf(error)})`, {
    hint,
    cause: error,
  });
}

async function listByLabel(daemon: Daemon, label: string, options: CallOptions) {
  const { docker } = daemon;
  const filters = { label: [label] };
  return call(daemon, `list what carries the label ${label}`, options, async (abortSignal) => {
    const [containers, networks, volumes] = await Promise.all([
      docker.listContainers({ all: true, filters, abortSignal }),
      docker.listNetworks({ filters, abortSignal }),
      docker.listVolumes({ filters, abortSignal }),
    ]);
    return {
      containers: containers.map((container) => ({
        id: container.Id,
        name: (container.Names[0] ?? container.Id).replace(/^\//, ""),
        running: container.State === "running" || container.State === "paused",
        labels: container.Labels ?? {},
      })),
      networks: networks.map(({ Id, Name, Labels }) => ({ id: Id, name: Name, labels: Labels ?? {} })),
      volumes: (volumes.Volumes ?? []).map(({ Name, Labels }) => ({ name: Name, labels: Labels ?? {} })),
    };
  });
}
