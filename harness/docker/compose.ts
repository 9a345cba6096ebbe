import { readFile } from "node:fs/promises";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { mistakesError, YamlSource } from "../base/mistakes.ts";
import { ComposeChecker } from "./compose-checker.ts";
import { checkHostPorts, checkRoles } from "./compose-roles.ts";
import { readConfig, readService } from "./compose-service.ts";
import { type ComposeFile, type ComposeService, MODES } from "./compose-types.ts";
import { shown } from "./compose-values.ts";

export type { ComposeFile, ComposeService } from "./compose-types.ts";

/*
 *   compose/x.yaml ──YamlSource──► plain data ──fill──► ${VARIABLES} filled in
 *                                                           │
 *          file:line:column of every mistake ◄──────────────┤ compose-service   one service at a time
 *          (ChaosError "invalid-experiment")                │ compose-roles     do they make a cluster?
 *                                                           ▼
 *                                                      ComposeFile
 *
 * The subset. Every file of it is also valid for `docker compose`; anything outside is refused.
 *
 *   name       services       networks: {NAME: {internal}}       volumes: {NAME: }       x-…
 *   service:   image
 *              command, entrypoint           a list, or one text that is split like a shell does
 *              environment, labels           a map, or a list of NAME=value
 *              networks                      a list, or a map with `aliases`
 *              ports                         "127.0.0.1::6379" or "127.0.0.1:17000:6379"
 *              volumes                       named ones, "name:/path"
 *              tmpfs ulimits cpus mem_limit cap_add stop_grace_period init user x-…
 *   anywhere:  ${VAR} ${VAR:-default} ${VAR-default} $$   anchors, aliases and <<
 *
 * What the services mean to kvchaos:
 *
 *   labels:    kvchaos.role: master | replica | control (a server nobody harms) | sentinel | toxiproxy
 *              kvchaos.master: m1            whom a replica follows at first
 *   x-kvchaos: {mode: cluster}    the masters share the key space (Kvrocks: CLUSTERX, Redis: Redis Cluster)
 *              {mode: sentinel}   sentinels watch one master and its replicas; without a mode each master has all keys
 *   x-kvchaos: {config: {redis: {KEY: value}, kvrocks: {…}, pika: {…}}}   for all servers, or inside one service
 */

const SERVICE_NAME = /^[a-z0-9][a-z0-9_-]*$/;
/** In a link's name ("client -> m1") it means the load. */
const RESERVED = "client";

export interface ComposeOptions {
  /** Names allowed under `x-kvchaos.config`; any when left out. */
  systems?: readonly string[];
}

/**
 * Reads and checks a Compose file of the subset above.
 * Rejects with code `invalid-experiment`, one line per mistake, all mistakes at once.
 */
export async function readComposeFile(
  path: string,
  variables: Readonly<Record<string, string | undefined>>,
  options: ComposeOptions = {},
): Promise<ComposeFile> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new ChaosError("invalid-experiment", `${path}: the Compose file cannot be read: ${messageOf(error)}`, {
      hint: "Check the path; the files that come with kvchaos are in compose/.",
      cause: error,
    });
  }
  return parseComposeFile(path, text, variables, options);
}

/** The same for a text at hand. @param file how messages name it */
export function parseComposeFile(
  file: string,
  text: string,
  variables: Readonly<Record<string, string | undefined>>,
  options: ComposeOptions = {},
): ComposeFile {
  const source = YamlSource.parse(file, text);
  const check = new ComposeChecker(source);
  const composed = read(check, check.fill(source.value, variables), options);
  if (check.mistakes.length > 0) throw mistakesError(check.mistakes);
  return { file, ...composed, mistake: (path, message, hint) => source.mistake(path, message, hint) };
}

function read(check: ComposeChecker, value: unknown, options: ComposeOptions): Omit<ComposeFile, "file" | "mistake"> {
  const top = check.map([], value, "a Compose file") ?? {};
  check.keys([], top, ["name", "services", "networks", "volumes"], {
    version: "Compose files need none any more",
    secrets: "write passwords under `environment` or `x-kvchaos.config`",
    configs: "write server configuration under `x-kvchaos.config`",
    include: "write one Compose file per topology",
  });
  const networks = readNetworks(check, top.networks);
  const volumes = readVolumes(check, top.volumes);
  const config = readConfig(check, ["x-kvchaos"], top["x-kvchaos"], options.systems, ["mode"]);
  const mode = readMode(check, top["x-kvchaos"]);
  const around = { networks, volumes, systems: options.systems, config };
  const services: ComposeService[] = [];
  if (Object.keys(top).length > 0 && top.services === undefined) check.wrong([], '"services" is missing');
  const raw = top.services === undefined ? {} : (check.map(["services"], top.services, "services") ?? {});
  for (const [name, given] of Object.entries(raw)) {
    if (!SERVICE_NAME.test(name)) {
      check.wrongKey(["services", name], `service name ${shown(name)}: expected lower-case letters, digits, - and _`);
    } else if (name === RESERVED) {
      check.wrongKey(["services", name], `service name "${name}" is taken: it means the load in the names of links`);
    }
    const service = readService(check, name, given, around);
    if (service) services.push(service);
  }
  // A service that could not be read would only lead to mistakes that are none.
  if (services.length > 0 && services.length === Object.keys(raw).length) {
    if (services.some(({ role }) => role !== null)) checkRoles(check, services, raw, mode);
    checkHostPorts(check, services);
  }
  const usesDefault = services.some((service) => service.networks.some(({ name }) => name === "default"));
  const declared = networks.some(({ name }) => name === "default");
  return {
    name: readName(check, top.name),
    services,
    networks: usesDefault && !declared ? [...networks, { name: "default", internal: false }] : networks,
    volumes,
    mode,
  };
}

/** `x-kvchaos: {mode: …}`, of the file as a whole. */
function readMode(check: ComposeChecker, kvchaos: unknown): ComposeFile["mode"] {
  const mode = kvchaos === null || typeof kvchaos !== "object" ? undefined : (kvchaos as { mode?: unknown }).mode;
  if (mode === undefined) return null;
  const known = MODES.find((one) => one === mode);
  if (!known) {
    check.wrong(
      ["x-kvchaos", "mode"],
      `mode ${shown(mode)}: expected ${MODES.map((one) => `"${one}"`).join(" or ")}, or none`,
    );
  }
  return known ?? null;
}

function readName(check: ComposeChecker, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const name = check.string(["name"], value, "name");
  if (name !== undefined && !SERVICE_NAME.test(name)) {
    check.wrong(["name"], `name ${shown(name)}: expected lower-case letters, digits, - and _`);
  }
  return name;
}

function readNetworks(check: ComposeChecker, value: unknown): { name: string; internal: boolean }[] {
  if (value === undefined || value === null) return [];
  return Object.entries(check.map(["networks"], value, "networks") ?? {}).map(([name, given]) => {
    const path = ["networks", name];
    const map = given === null ? {} : (check.map(path, given, `network ${name}`) ?? {});
    check.keys(path, map, ["internal"], {
      driver: "kvchaos makes bridge networks",
      ipam: "kvchaos lets the engine choose a free range",
      external: "kvchaos makes and removes its networks itself",
      name: "kvchaos names networks after the run",
    });
    const internal =
      map.internal === undefined ? false : check.boolean([...path, "internal"], map.internal, "internal");
    return { name, internal: internal ?? false };
  });
}

function readVolumes(check: ComposeChecker, value: unknown): string[] {
  if (value === undefined || value === null) return [];
  return Object.entries(check.map(["volumes"], value, "volumes") ?? {}).map(([name, given]) => {
    const map = given === null ? {} : (check.map(["volumes", name], given, `volume ${name}`) ?? {});
    check.keys(["volumes", name], map, []);
    return name;
  });
}
