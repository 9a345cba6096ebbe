import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { dirname } from "node:path";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { until } from "../base/deadline.ts";
import { adminPath, findProgram } from "../base/programs.ts";
import { runCommand } from "../base/run-command.ts";
import { type AptOptions, aptGet, hasApt } from "./apt.ts";
import {
  canDoWithoutProxy,
  DAEMON_CONFIG,
  daemonSettings,
  WITHOUT_PROXY_CONFIG,
  WITHOUT_PROXY_FLAG,
} from "./userland-proxy.ts";

/*
 *   a daemon answers? ── yes ─► use it
 *        │ no
 *   DOCKER_HOST set? ── yes ─► error: that daemon is somebody else's business
 *        │ no
 *   root, Debian/Ubuntu? ── no ─► error with the two lines to type
 *        │ yes
 *   dockerd on PATH? ── no ─► no daemon.json? one that turns docker-proxy off; apt-get install docker.io
 *        │
 *   dockerd running / started by its package / started by us without docker-proxy, detached ─► wait for the API
 *
 * An engine that somebody else installed keeps its configuration: where it is a service, it is started as that.
 */

const SOCKET = "/var/run/docker.sock";
const LOG_FILE = "/var/log/kvchaos-dockerd.log";
const PID_FILE = "/var/run/docker.pid";
/** dockerd looks at this one to decide whether its own containerd is running. */
const CONTAINERD_PID_FILE = "/var/run/docker/containerd/containerd.pid";
const START_DEADLINE = 60_000;

/**
 * Makes sure that a Docker daemon answers: the one there is, or (as root on Debian/Ubuntu) one that is installed and
 * started here and outlives the harness. Does nothing, in milliseconds, when a daemon answers already.
 * Rejects with code `infrastructure` and the lines a person should type.
 */
export async function ensureEngine({ log, signal }: Pick<AptOptions, "log" | "signal">): Promise<void> {
  const host = process.env.DOCKER_HOST;
  const problem = await ping(host, signal);
  if (problem === undefined) return;
  if (host) {
    throw new ChaosError("infrastructure", `no Docker daemon answers at DOCKER_HOST=${host}: ${problem}`, {
      hint: "Start that daemon, or unset DOCKER_HOST to use (or install) one on this machine.",
    });
  }
  if (process.getuid?.() !== 0) throw notRoot(problem);
  if (!findProgram("dockerd")) await install(log, signal, problem);
  await start(log, signal);
}

/** Asks a daemon for a sign of life. Returns undefined when it answers, else why not. */
async function ping(host: string | undefined, signal: AbortSignal | undefined): Promise<string | undefined> {
  signal?.throwIfAborted();
  const target = pingTarget(host);
  // TLS and ssh need certificates and keys that the engine's own connection knows about: let that one judge.
  if (!target) return undefined;
  return new Promise((resolve) => {
    const question = request({ ...target, path: "/_ping", timeout: 3000, agent: false }, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer.statusCode === 200 ? undefined : `HTTP status ${answer.statusCode}`));
      answer.once("error", (error) => resolve(messageOf(error)));
    });
    question.once("timeout", () => question.destroy(new ChaosError("timeout", "no answer within 3 s")));
    question.once("error", (error) => resolve(messageOf(error)));
    question.end();
  });
}

type PingTarget = { socketPath: string } | { host: string; port: number };

/** Where to ping for a DOCKER_HOST; undefined for transports that need keys (ssh, TLS, named pipes). */
function pingTarget(dockerHost: string | undefined): PingTarget | undefined {
  if (!dockerHost) return { socketPath: SOCKET };
  if (dockerHost.startsWith("unix://")) return { socketPath: dockerHost.slice("unix://".length) || SOCKET };
  if (dockerHost.startsWith("/")) return { socketPath: dockerHost };
  const tcp = /^(?:tcp|http):\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(dockerHost);
  if (!tcp || process.env.DOCKER_TLS_VERIFY) return undefined;
  return { host: (tcp[1] as string).replace(/^\[|\]$/g, ""), port: Number(tcp[2] ?? 2375) };
}

function notRoot(problem: string): ChaosError {
  const denied = /EACCES/.test(problem);
  return new ChaosError("infrastructure", `no Docker daemon answers at ${SOCKET}: ${problem}`, {
    hint: denied
      ? "This user may not talk to Docker. Type:\n  sudo usermod -aG docker $USER\n  newgrp docker"
      : "kvchaos installs one itself when run as root on Debian or Ubuntu. Otherwise type:\n" +
        "  sudo apt-get update && sudo apt-get install -y docker.io\n  sudo systemctl start docker",
  });
}

async function install(log: (line: string) => void, signal: AbortSignal | undefined, problem: string): Promise<void> {
  if (process.platform !== "linux" || !hasApt()) {
    throw new ChaosError("infrastructure", `no Docker daemon answers at ${SOCKET}: ${problem}`, {
      hint: "kvchaos can install one only on Debian and Ubuntu. See https://docs.docker.com/engine/install/ and then type:\n  sudo systemctl start docker\n  docker info",
    });
  }
  log("installing the Docker engine: apt-get install docker.io");
  const hint = "Type the two lines by hand and see what they say:\n  apt-get update\n  apt-get install docker.io";
  const configured = await configure(log);
  try {
    await aptGet(["install", "--no-install-recommends", "docker.io", "iptables"], { log, signal, hint });
  } catch (error) {
    if (configured) await rm(DAEMON_CONFIG, { force: true });
    throw error;
  }
  if (!findProgram("dockerd")) {
    throw new ChaosError("infrastructure", "docker.io is installed, but there is no dockerd on PATH", { hint });
  }
}

/** Before the package starts it: an engine of our own goes without docker-proxy from its first start on, also as a service. */
async function configure(log: (line: string) => void): Promise<boolean> {
  if (existsSync(DAEMON_CONFIG) || !(await canDoWithoutProxy({}))) return false;
  log(`${DAEMON_CONFIG}: no docker-proxy, which takes most of a load's speed`);
  await mkdir(dirname(DAEMON_CONFIG), { recursive: true });
  await writeFile(DAEMON_CONFIG, WITHOUT_PROXY_CONFIG);
  return true;
}

/** Starts dockerd unless it is running (its package may have started it), and waits until its API answers. */
async function start(log: (line: string) => void, signal: AbortSignal | undefined): Promise<void> {
  let gone: string | undefined;
  const running = (await alive(PID_FILE, "dockerd")) || (await startedByInit(log, signal));
  if (!running) {
    await removeStale(PID_FILE, "dockerd", log);
    await removeStale(CONTAINERD_PID_FILE, "containerd", log);
    log(`starting dockerd (its log: ${LOG_FILE})`);
    await launch((why) => {
      gone = why;
    });
  } else {
    log("dockerd is running: waiting for its API");
  }
  await until({ what: "the Docker API", within: START_DEADLINE, signal, every: 100 }, async () => {
    const problem = await ping(undefined, signal);
    if (problem === undefined) return true;
    // Another kvchaos may have won the race to start it: only nobody's dockerd is a failure.
    return gone !== undefined && !(await alive(PID_FILE, "dockerd"));
  }).catch(async (error: unknown) => {
    signal?.throwIfAborted();
    throw await startFailure(`its API did not answer: ${messageOf(error)}`);
  });
  const problem = await ping(undefined, signal);
  if (problem !== undefined) throw await startFailure(gone ?? problem);
  log("Docker is ready");
}

async function startFailure(why: string): Promise<ChaosError> {
  const text = await readFile(LOG_FILE, "utf8").catch(() => "");
  const last = text.trim().split("\n").slice(-3).join(" | ");
  return new ChaosError("infrastructure", `dockerd did not start: ${why}${last ? `: ${last}` : ""}`, {
    hint: `Read ${LOG_FILE}, or start it by hand to see what is wrong:\n  dockerd\n  docker info`,
  });
}

/** On a machine with systemd the daemon is a service, and stays one. */
async function startedByInit(log: (line: string) => void, signal: AbortSignal | undefined): Promise<boolean> {
  if (!existsSync("/run/systemd/system")) return false;
  log("systemctl start docker");
  const { code } = await runCommand(["systemctl", "start", "docker"], {
    within: START_DEADLINE,
    signal,
    accept: [0, 1, 3, 4, 5],
  });
  return code === 0;
}

/** A dockerd in its own session: neither Ctrl-C nor the end of the harness reaches it. */
async function launch(onExit: (why: string) => void): Promise<void> {
  const dockerd = findProgram("dockerd");
  if (!dockerd) throw new ChaosError("infrastructure", "there is no dockerd on PATH");
  await mkdir("/var/log", { recursive: true });
  const flags = (await canDoWithoutProxy(await daemonSettings())) ? [WITHOUT_PROXY_FLAG] : [];
  const output = await open(LOG_FILE, "a", 0o640);
  try {
    const child = spawn(dockerd, flags, {
      detached: true,
      stdio: ["ignore", output.fd, output.fd],
      cwd: "/",
      // It calls iptables, which lives in sbin. It also starts itself three times for each container, and without this collects garbage each time.
      env: { GOGC: "400", ...process.env, PATH: adminPath() },
    });
    child.once("error", (error) => onExit(messageOf(error)));
    child.once("exit", (code, by) => onExit(`it ended with ${by ?? `exit code ${code}`}`));
    child.unref();
  } finally {
    await output.close();
  }
}

async function alive(pidFile: string, program: string): Promise<boolean> {
  const pid = Number(await readFile(pidFile, "utf8").catch(() => ""));
  if (!Number.isInteger(pid) || pid <= 0) return false;
  const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
  return name.trim() === program;
}

/** A pid file of an earlier boot may name a process that is now something else; dockerd would refuse to start. */
async function removeStale(pidFile: string, program: string, log: (line: string) => void): Promise<void> {
  if (!existsSync(pidFile) || (await alive(pidFile, program))) return;
  log(`removing the stale ${pidFile}`);
  await rm(pidFile, { force: true });
}
