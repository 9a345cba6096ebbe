import type { YamlPath } from "../base/mistakes.ts";
import { didYouMean } from "../base/mistakes.ts";
import type { ComposeChecker, YamlMap } from "./compose-checker.ts";
import { type ComposeService, SERVICE_ROLES, type ServerConfig, type ServiceRole } from "./compose-types.ts";
import { byteSize, graceSeconds, portMapping, shellWords, volumeMount } from "./compose-values.ts";

const KEYS = [
  "image",
  "command",
  "entrypoint",
  "environment",
  "labels",
  "networks",
  "ports",
  "volumes",
  "tmpfs",
  "ulimits",
  "cpus",
  "mem_limit",
  "cap_add",
  "stop_grace_period",
  "init",
  "user",
];

/** What people will try, and why it is not for this harness. */
const REFUSED: Readonly<Record<string, string>> = {
  build: "images are named here and made by `kvchaos images wrap`",
  depends_on: "kvchaos starts everything together and waits until each server is ready",
  healthcheck: "kvchaos probes the servers itself",
  restart: "kvchaos must see every crash; a fault says whether a server comes back",
  deploy: "write `cpus` and `mem_limit`",
  container_name: "kvchaos names containers after the run, so that two runs do not collide",
  hostname: "nodes are known by their service name",
  network_mode: "every path between nodes must be a link; use `networks`",
  privileged: "name what is needed in `cap_add`",
  env_file: "write the variables under `environment`",
  extends: "use a YAML anchor (&name, *name)",
  expose: "ports inside a network need no declaration",
  links: "nodes find each other by service name",
  scale: "write one service per node, so that faults can name it",
  profiles: "write one Compose file per topology",
  secrets: "write passwords under `environment` or `x-kvchaos.config`",
  configs: "write server configuration under `x-kvchaos.config`",
};

const ABSOLUTE = /^\/[^:]*$/;

/** What the file declares around its services. */
export interface Surroundings {
  networks: readonly { name: string; internal: boolean }[];
  volumes: readonly string[];
  systems: readonly string[] | undefined;
  config: ServerConfig;
}

/** Reads one service. Mistakes go to the checker; what is returned is then never used. */
export function readService(
  check: ComposeChecker,
  name: string,
  value: unknown,
  around: Surroundings,
): ComposeService | undefined {
  const path = ["services", name];
  const map = check.map(path, value, `service ${name}`);
  if (!map) return undefined;
  check.keys(path, map, KEYS, REFUSED);
  const read = <T>(key: string, reader: (at: YamlPath, value: unknown) => T | undefined): T | undefined =>
    Object.hasOwn(map, key) ? reader([...path, key], map[key]) : undefined;

  if (!Object.hasOwn(map, "image")) check.wrongKey(path, `service ${name}: "image" is missing`);
  const networks = readNetworks(check, path, map, around);
  const ports = read("ports", (at, given) => readPorts(check, at, given)) ?? [];
  const published = networks.some((network) => !around.networks.find(({ name }) => name === network.name)?.internal);
  if (ports.length > 0 && networks.length > 0 && !published) {
    check.wrong(
      [...path, "ports"],
      "ports are not reachable on internal networks only",
      "add a network that is not internal",
    );
  }
  const labels = read("labels", (at, given) => check.pairs(at, given, "labels", true)) ?? {};
  return {
    name,
    image: read("image", (at, given) => check.string(at, given, "image")) ?? "",
    command: read("command", (at, given) => readWords(check, at, given, "command")),
    entrypoint: read("entrypoint", (at, given) => readWords(check, at, given, "entrypoint")),
    environment: read("environment", (at, given) => check.pairs(at, given, "environment", false)) ?? {},
    labels,
    networks,
    ports,
    volumes: read("volumes", (at, given) => readVolumes(check, at, given, around.volumes)) ?? [],
    tmpfs: read("tmpfs", (at, given) => readTmpfs(check, at, given)) ?? [],
    ulimits: read("ulimits", (at, given) => readUlimits(check, at, given)) ?? [],
    cpus: read("cpus", (at, given) => check.number(at, given, "cpus", (n) => n > 0, "a number above zero")),
    memory: read("mem_limit", (at, given) => check.take(at, byteSize(given))),
    capAdd: read("cap_add", (at, given) => check.strings(at, given, "cap_add")) ?? [],
    stopGracePeriod: read("stop_grace_period", (at, given) => check.take(at, graceSeconds(given))),
    init: read("init", (at, given) => check.boolean(at, given, "init")) ?? false,
    user: read("user", (at, given) => check.string(at, given, "user")),
    role: readRole(check, path, map, labels),
    master: labels["kvchaos.master"] ?? null,
    config: mergeConfig(around.config, readConfig(check, [...path, "x-kvchaos"], map["x-kvchaos"], around.systems)),
  };
}

/** `x-kvchaos: {config: {redis: {key: value}}}`; values are read as texts. */
export function readConfig(
  check: ComposeChecker,
  path: YamlPath,
  value: unknown,
  systems: readonly string[] | undefined,
  others: readonly string[] = [],
): ServerConfig {
  const map = value === undefined ? {} : (check.map(path, value, "x-kvchaos") ?? {});
  check.keys(path, map, ["config", ...others]);
  const given = map.config === undefined ? {} : (check.map([...path, "config"], map.config, "config") ?? {});
  const config: Record<string, Record<string, string>> = {};
  for (const [system, keys] of Object.entries(given)) {
    const at = [...path, "config", system];
    if (systems && !systems.includes(system)) {
      check.wrongKey(at, `unknown system "${system}"`, didYouMean(system, systems));
    } else config[system] = check.texts(at, keys, `config.${system}`);
  }
  return config;
}

function mergeConfig(under: ServerConfig, over: ServerConfig): ServerConfig {
  const systems = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries([...systems].map((system) => [system, { ...under[system], ...over[system] }]));
}

/** Where a label was written, in either form. */
export function labelPath(service: string, labels: unknown, label: string): YamlPath {
  const path = ["services", service, "labels"];
  if (!Array.isArray(labels)) return [...path, label];
  const index = labels.findIndex((item) => item === label || String(item).startsWith(`${label}=`));
  return index >= 0 ? [...path, index] : path;
}

function readRole(
  check: ComposeChecker,
  path: readonly [string, string] | string[],
  map: YamlMap,
  labels: Readonly<Record<string, string>>,
): ServiceRole | null {
  const known = ["kvchaos.role", "kvchaos.master"];
  for (const label of Object.keys(labels)) {
    if (label.startsWith("kvchaos.") && !known.includes(label)) {
      const at = labelPath(path[1]!, map.labels, label);
      check.wrongKey(at, `unknown label "${label}"`, didYouMean(label, known));
    }
  }
  const role = labels["kvchaos.role"];
  if (role === undefined) return null;
  const found = SERVICE_ROLES.find((known) => known === role);
  if (found) return found;
  const at = labelPath(path[1]!, map.labels, "kvchaos.role");
  check.wrong(at, `unknown role "${role}"; expected ${SERVICE_ROLES.join(", ")}`, didYouMean(role, SERVICE_ROLES));
  return null;
}

function readWords(check: ComposeChecker, path: YamlPath, value: unknown, what: string): string[] | undefined {
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => (item === "" ? "" : (check.string([...path, i], item, `${what}[${i}]`) ?? [])));
  }
  const text = check.string(path, value, what);
  return text === undefined ? undefined : check.take(path, shellWords(text));
}

function readNetworks(check: ComposeChecker, path: string[], map: YamlMap, around: Surroundings) {
  const names = around.networks.map(({ name }) => name);
  if (!Object.hasOwn(map, "networks")) return [{ name: "default", aliases: [] }];
  const at = [...path, "networks"];
  const found: { name: string; aliases: string[] }[] = [];
  const add = (where: YamlPath, name: string, aliases: string[], wrong: "wrong" | "wrongKey") => {
    if (!names.includes(name)) check[wrong](where, `unknown network "${name}"`, didYouMean(name, names));
    else if (found.some((network) => network.name === name)) check.wrong(where, `network "${name}" is given twice`);
    else found.push({ name, aliases });
  };
  if (Array.isArray(map.networks)) {
    for (const [i, item] of map.networks.entries()) {
      const name = check.string([...at, i], item, `networks[${i}]`);
      if (name !== undefined) add([...at, i], name, [], "wrong");
    }
    return found;
  }
  for (const [name, value] of Object.entries(check.map(at, map.networks, "networks") ?? {})) {
    const options = value === null ? {} : (check.map([...at, name], value, `network ${name}`) ?? {});
    check.keys([...at, name], options, ["aliases"], { ipv4_address: "kvchaos keeps addresses stable by itself" });
    const aliases =
      options.aliases === undefined ? [] : check.strings([...at, name, "aliases"], options.aliases, "aliases");
    add([...at, name], name, aliases, "wrongKey");
  }
  return found;
}

function readPorts(check: ComposeChecker, path: YamlPath, value: unknown) {
  const found: { container: number; host: number | null }[] = [];
  for (const [i, item] of (check.list(path, value, "ports") ?? []).entries()) {
    const at = [...path, i];
    const text = typeof item === "number" ? String(item) : check.string(at, item, `ports[${i}]`);
    const port = text === undefined ? undefined : check.take(at, portMapping(text));
    if (!port) continue;
    if (found.some(({ container }) => container === port.container)) {
      check.wrong(at, `ports[${i}]: port ${port.container} is published twice`);
    } else found.push(port);
  }
  return found;
}

function readVolumes(check: ComposeChecker, path: YamlPath, value: unknown, declared: readonly string[]) {
  return (check.list(path, value, "volumes") ?? []).flatMap((item, i) => {
    const at = [...path, i];
    const text = check.string(at, item, `volumes[${i}]`);
    const mount = text === undefined ? undefined : check.take(at, volumeMount(text));
    if (mount && !declared.includes(mount.name)) {
      const hint = didYouMean(mount.name, declared) ?? "declare it under the top-level key `volumes`";
      check.wrong(at, `unknown volume "${mount.name}"`, hint);
    }
    return mount ?? [];
  });
}

function readTmpfs(check: ComposeChecker, path: YamlPath, value: unknown): string[] {
  const given = typeof value === "string" ? [value] : check.strings(path, value, "tmpfs");
  for (const [i, item] of given.entries()) {
    const at = Array.isArray(value) ? [...path, i] : path;
    if (!ABSOLUTE.test(item)) check.wrong(at, `tmpfs: expected an absolute path, got "${item}"`);
  }
  return given;
}

function readUlimits(check: ComposeChecker, path: YamlPath, value: unknown) {
  const limit = (at: YamlPath, given: unknown, what: string) =>
    check.number(at, given, what, (n) => Number.isInteger(n) && n >= -1, "a whole number (-1: no limit)");
  return Object.entries(check.map(path, value, "ulimits") ?? {}).flatMap(([name, given]) => {
    const at = [...path, name];
    if (typeof given !== "object" || given === null) {
      const both = limit(at, given, name);
      return both === undefined ? [] : { name, soft: both, hard: both };
    }
    const map = check.map(at, given, name);
    if (!map) return [];
    check.keys(at, map, ["soft", "hard"]);
    const soft = limit([...at, "soft"], map.soft, `${name}.soft`);
    const hard = limit([...at, "hard"], map.hard, `${name}.hard`);
    return soft === undefined || hard === undefined ? [] : { name, soft, hard };
  });
}
