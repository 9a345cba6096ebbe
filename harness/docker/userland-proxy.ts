import { constants } from "node:fs";
import { access, readFile, stat } from "node:fs/promises";

/*
 * dockerd has two ways to a published port: rules of iptables alone, and docker-proxy beside them, a process for each port that copies
 * every byte of what comes from 127.0.0.1 (docs/facts.md#clients-and-probes). `docker info` does not tell which.
 */

/** What dockerd reads at its start, unless it was told another file. */
export const DAEMON_CONFIG = "/etc/docker/daemon.json";
const PID_FILE = "/var/run/docker.pid";
const KEY = "userland-proxy";
/** Without docker-proxy dockerd sets it for every bridge, so that 127.0.0.1 reaches containers. */
const LOOPBACK_ROUTES = "/proc/sys/net/ipv4/conf/all/route_localnet";

/** What it costs, and the line that changes it: of a user's engine, which is never reconfigured. */
export const PROXY_COST =
  "docker-proxy copies every byte: a load gets about 270,000 operations a second through a published port where it gets 900,000 without (SET, 50 connections of 16, 2 cores)";
export const PROXY_HINT = `{"${KEY}": false} in ${DAEMON_CONFIG} turns docker-proxy off, then: systemctl restart docker`;

type Settings = Readonly<Record<string, unknown>>;

/** What dockerd would read; {}: there is no file; null: it cannot be read or understood. */
export async function daemonSettings(): Promise<Settings | null> {
  try {
    const value: unknown = JSON.parse((await readFile(DAEMON_CONFIG, "utf8")).trim() || "{}");
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? {} : null;
  }
}

/**
 * May a dockerd of our own go without docker-proxy? Not where its configuration speaks of it (dockerd refuses to start when a flag
 * does as well), where that takes the rules away, or where the kernel may not be told what they need, as in some containers.
 */
export async function canDoWithoutProxy(settings: Settings | null): Promise<boolean> {
  if (settings === null || KEY in settings || settings.iptables === false) return false;
  return access(LOOPBACK_ROUTES, constants.W_OK).then(
    () => true,
    () => false,
  );
}

export const WITHOUT_PROXY_FLAG = `--${KEY}=false`;
export const WITHOUT_PROXY_CONFIG = `${JSON.stringify({ [KEY]: false })}\n`;

/** Does the dockerd of this machine's usual socket run with docker-proxy? null: that cannot be told. */
export async function hasUserlandProxy(): Promise<boolean | null> {
  try {
    const pid = Number(await readFile(PID_FILE, "utf8"));
    const argv = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
    // What was written after its start it has not read.
    const [written, started] = await Promise.all([writtenAt(DAEMON_CONFIG), writtenAt(PID_FILE)]);
    return proxySetting(argv, written > started ? null : await daemonSettings());
  } catch {
    return null;
  }
}

/** 0: there is no such file. */
async function writtenAt(file: string): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

/** @param settings null: not known @returns null: not known, or this is no dockerd */
export function proxySetting(argv: readonly string[], settings: Settings | null): boolean | null {
  if (!/(?:^|\/)dockerd$/.test(argv[0] ?? "")) return null;
  const flag = argv.findLast((one) => one === `--${KEY}` || one.startsWith(`--${KEY}=`));
  if (flag) return !/=(?:0|f|false)$/i.test(flag);
  if (settings === null || argv.some((one) => one.startsWith("--config-file"))) return null;
  return settings[KEY] !== false;
}
