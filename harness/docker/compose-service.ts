import { z } from "zod";
import { didYouMean } from "../base/mistakes.ts";
import { eitherOf, FLAG, mapOf, number, pairs, shown, TEXT, TEXTS, wrong } from "./compose-schema.ts";
import { byteSize, graceSeconds, portMapping, shellWords, volumeMount } from "./compose-values.ts";

export const SERVICE_ROLES = [
  "master",
  "replica",
  "control",
  "sentinel",
  "controller",
  "store",
  "helper",
  "toxiproxy",
] as const;

/** Server configuration by system: { redis: { "repl-timeout": "60" } }. */
type ServerConfig = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What people will try, and why it is not for this harness. */
const REFUSED = {
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

/** What the file declares around its services. */
interface Surroundings {
  networks: readonly string[];
  /** Which of them have no way out. */
  internal: readonly string[];
  volumes: readonly string[];
  /** Names allowed under `x-kvchaos.config`; any when left out. */
  systems: readonly string[] | undefined;
}

const WORDS = eitherOf((value) => (Array.isArray(value) ? z.array(z.string()) : TEXT.transform(shellWords)));

/** `x-kvchaos.mode`. Who rules then depends on the system, too (cluster/shape.ts). */
const MODES = ["cluster", "sentinel", "controller"] as const;
export const MODE = z.unknown().transform((value, ctx) => {
  const expected = MODES.map((mode) => `"${mode}"`).join(" or ");
  return MODES.find((mode) => mode === value) ?? wrong(ctx, `mode ${shown(value)}: expected ${expected}, or none`);
});

const PORT = eitherOf((value) => (typeof value === "number" ? z.number().transform(String) : TEXT));

export const PORTS = z.array(PORT.transform(portMapping)).superRefine((ports, ctx) => {
  for (const [i, { container }] of ports.entries()) {
    if (ports.findIndex((port) => port.container === container) === i) continue;
    wrong(ctx, `port ${container} is published twice`, { path: [i], named: true });
  }
});

const FOLDER = TEXT.superRefine((path, ctx) => {
  if (!/^\/[^:]*$/.test(path)) wrong(ctx, `tmpfs: expected an absolute path, got "${path}"`);
});

const LIMIT = number("a whole number (-1: no limit)", (n) => Number.isInteger(n) && n >= -1);
const LIMITS = z.record(
  z.string(),
  eitherOf((value) =>
    typeof value === "object" && value !== null
      ? mapOf({ soft: LIMIT, hard: LIMIT })
      : LIMIT.transform((both) => ({ soft: both, hard: both })),
  ),
);

const NETWORK = mapOf(
  { aliases: z.array(TEXT).default([]) },
  {
    ipv4_address: "kvchaos keeps addresses stable by itself",
  },
);

function networksAmong(known: readonly string[]) {
  const unknown = (name: string) => `unknown network "${name}"`;
  const list = z.array(TEXT).transform((names, ctx) =>
    names.map((name, i) => {
      if (!known.includes(name)) wrong(ctx, unknown(name), { path: [i], hint: didYouMean(name, known) });
      else if (names.indexOf(name) < i) wrong(ctx, `network "${name}" is given twice`, { path: [i] });
      return { name, aliases: [] as string[] };
    }),
  );
  const map = z.record(z.string(), NETWORK.nullable()).transform((networks, ctx) =>
    Object.entries(networks).map(([name, given]) => {
      const at = { path: [name], key: true };
      if (!known.includes(name)) wrong(ctx, unknown(name), { ...at, hint: didYouMean(name, known) });
      return { name, aliases: given?.aliases ?? [] };
    }),
  );
  return eitherOf((value) => (Array.isArray(value) ? list : map)).default([{ name: "default", aliases: [] }]);
}

function volumesAmong(known: readonly string[]) {
  const mount = TEXT.transform(volumeMount).superRefine(({ name }, ctx) => {
    if (known.includes(name)) return;
    const hint = didYouMean(name, known) ?? "declare it under the top-level key `volumes`";
    wrong(ctx, `unknown volume "${name}"`, { hint });
  });
  return z.array(mount).default([]);
}

/** `{redis: {key: value}}`; values are read as texts. */
export function configOf(systems: readonly string[] | undefined) {
  const config = z.record(z.string(), TEXTS).superRefine((given, ctx) => {
    for (const system of systems ? Object.keys(given) : []) {
      if (systems?.includes(system)) continue;
      const hint = didYouMean(system, systems ?? []);
      wrong(ctx, `unknown system "${system}"`, { path: [system], key: true, hint });
    }
  });
  return config.default({});
}

/** One service, with every default filled in. undefined: the file does not say; the image or the engine decides. */
export function serviceOf({ networks, internal, volumes, systems }: Surroundings) {
  const fields = {
    image: TEXT,
    command: WORDS.optional(),
    entrypoint: WORDS.optional(),
    environment: pairs(false).default({}),
    labels: pairs(true).default({}),
    networks: networksAmong(networks),
    /** Published on 127.0.0.1. `host` null: any free port. */
    ports: PORTS.default([]),
    volumes: volumesAmong(volumes),
    tmpfs: eitherOf((value) => (Array.isArray(value) ? z.array(FOLDER) : FOLDER.transform((one) => [one]))).default([]),
    ulimits: LIMITS.transform((all) => Object.entries(all).map(([name, limit]) => ({ name, ...limit }))).default([]),
    cpus: number("a number above zero", (n) => n > 0).optional(),
    mem_limit: z.unknown().transform(byteSize).optional(),
    cap_add: z.array(TEXT).default([]),
    stop_grace_period: z.unknown().transform(graceSeconds).optional(),
    init: FLAG.default(false),
    user: TEXT.optional(),
    "x-kvchaos": mapOf({ config: configOf(systems) }).default({ config: {} }),
  };
  return mapOf(fields, REFUSED).transform(
    ({ mem_limit, cap_add, stop_grace_period, "x-kvchaos": { config }, ...same }, ctx) => {
      if (same.ports.length > 0 && same.networks.every(({ name }) => internal.includes(name))) {
        const hint = "add a network that is not internal";
        wrong(ctx, "ports are not reachable on internal networks only", { path: ["ports"], hint });
      }
      return {
        ...same,
        /** Bytes. */
        memory: mem_limit,
        capAdd: cap_add,
        /** Seconds. */
        stopGracePeriod: stop_grace_period,
        ...partOf(same.labels),
        config,
      };
    },
  );
}

/** What its labels say about a service's part in the cluster. */
export function partOf(labels: Readonly<Record<string, string>>) {
  return {
    /** null: none, or an unknown one. */
    role: SERVICE_ROLES.find((known) => known === labels["kvchaos.role"]) ?? null,
    /** Whom a replica follows at first; null: no label says. */
    master: labels["kvchaos.master"] ?? null,
  };
}

/** The file's settings with those of a service over them. */
export function mergeConfig(under: ServerConfig, over: ServerConfig): ServerConfig {
  const systems = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries([...systems].map((system) => [system, { ...under[system], ...over[system] }]));
}
