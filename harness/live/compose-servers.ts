import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseEnv } from "node:util";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { type Mistake, mistakesError, type YamlPath, YamlSource } from "../base/mistakes.ts";
import { isMap, shown } from "../docker/compose-schema.ts";
import { fill } from "../docker/compose-values.ts";
import type { Address } from "./discover.ts";

/*
 * Any Compose file, of which as little is read as tells where its servers listen: `ports`, and the label `kvchaos.role`.
 *
 *   service ─┬─ role master, replica or sentinel, or no role ─► each TCP port that it publishes
 *            └─ another role ─► left out
 */

/** Where a service of a Compose file can be reached. */
export interface ComposeServer extends Address {
  service: string;
  /** How the others of its network name it: "m1:6379". */
  inside: string;
}

const WATCHED_ROLES: readonly unknown[] = ["master", "replica", "sentinel"];
const EXPECTED = 'expected "HOST_PORT:PORT" or "ADDRESS:HOST_PORT:PORT"';
const ANYWHERE = ["", "0.0.0.0", "::", "[::]"];

/**
 * The servers of a Compose file by the ports that they publish, and services whose ports nobody can reach from here.
 * @param environment over the file `.env` beside it, as for `docker compose`
 * @throws ChaosError invalid-experiment, with file:line:column of every mistake
 */
export async function composeServers(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<{ servers: ComposeServer[]; unpublished: string[] }> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new ChaosError("usage", `cannot read the Compose file ${file}: ${messageOf(error)}`);
  });
  const beside = await readFile(path.join(path.dirname(file), ".env"), "utf8").catch(() => "");
  return serversIn(file, text, { ...parseEnv(beside), ...environment });
}

/** The same for a text at hand. */
export function serversIn(
  file: string,
  text: string,
  variables: Readonly<Record<string, string | undefined>>,
): { servers: ComposeServer[]; unpublished: string[] } {
  const source = YamlSource.parse(file, text);
  const mistakes: Mistake[] = [];
  const wrong = (at: YamlPath, message: string): void => void mistakes.push(source.mistake(at, message));
  const servers: ComposeServer[] = [];
  const unpublished: string[] = [];
  const services = isMap(source.value) ? source.value.services : undefined;
  if (!isMap(services)) throw mistakesError([source.mistake([], 'expected a Compose file, a map with "services"')]);
  for (const [service, given] of Object.entries(services)) {
    if (!isMap(given)) continue;
    const role = roleIn(given.labels);
    if (role !== undefined && !WATCHED_ROLES.includes(role)) continue;
    const at = ["services", service, "ports"];
    const ports = fill(given.ports ?? [], variables, wrong, at);
    if (!Array.isArray(ports)) {
      wrong(at, `expected a list of ports, got ${shown(ports)}`);
      continue;
    }
    if (ports.length === 0) unpublished.push(service);
    for (const [i, port] of ports.entries()) {
      const read = isMap(port) ? longPort(port) : shortPort(String(port));
      if (typeof read === "string") wrong([...at, i], read);
      else if (read) servers.push({ service, host: read.host, port: read.port, inside: `${service}:${read.inside}` });
    }
  }
  if (mistakes.length > 0) throw mistakesError(mistakes);
  return { servers, unpublished };
}

interface Published extends Address {
  inside: number;
}

/** "6380:6379"; a text: what is wrong; null: it is not TCP. */
function shortPort(text: string): Published | string | null {
  const [, address = "", host, inside, protocol = "tcp"] =
    /^(?:(\[[^\]]*\]|[^:[\]]*):)?(?:(\d*):)?(\d+)(?:\/(\w+))?$/.exec(ambiguous(text)) ?? [];
  if (inside === undefined) return `port ${shown(text)} is not understood; ${EXPECTED}`;
  return published(address, host, inside, protocol);
}

/** "6380:6379" has no address: its first number is the host's port. */
const ambiguous = (text: string): string => (/^\d+:\d+(\/\w+)?$/.test(text) ? `:${text}` : text);

function longPort(port: Readonly<Record<string, unknown>>): Published | string | null {
  const { target, published: host, host_ip: address = "", protocol = "tcp" } = port;
  return published(String(address), host === undefined ? "" : String(host), String(target), String(protocol));
}

function published(address: string, host: string | undefined, inside: string, protocol: string) {
  if (protocol !== "tcp") return null;
  if (host === undefined || host === "") return `port ${inside} is published where Docker chooses; ${EXPECTED}`;
  const [outer, inner] = [Number(host), Number(inside)];
  for (const port of [outer, inner])
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return `port ${host}:${inside}: expected 1 to 65535`;
  const bare = address.replace(/^\[|\]$/g, "");
  return { host: ANYWHERE.includes(bare) ? "127.0.0.1" : bare, port: outer, inside: inner };
}

/** Labels are a map, or a list of NAME=value. */
function roleIn(labels: unknown): string | undefined {
  if (isMap(labels)) return labels["kvchaos.role"] === undefined ? undefined : String(labels["kvchaos.role"]);
  const line = Array.isArray(labels) ? labels.find((one) => String(one).startsWith("kvchaos.role=")) : undefined;
  return line === undefined ? undefined : String(line).slice("kvchaos.role=".length);
}
