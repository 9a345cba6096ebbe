import { readFile } from "node:fs/promises";
import { z } from "zod";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { type Mistake, mistakesError, type YamlPath, YamlSource } from "../base/mistakes.ts";
import { NAME_FORM, TOGETHER } from "./compose-roles.ts";
import { FLAG, isMap, mapOf, mistakesOf, shown, TEXT, wrong } from "./compose-schema.ts";
import { configOf, MODE, mergeConfig, serviceOf } from "./compose-service.ts";
import { fill } from "./compose-values.ts";

/*
 *   cluster.yaml ────YamlSource──► plain data ──fill──► ${VARIABLES} filled in
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
 *   labels:    kvchaos.role: master | replica | control (a server nobody harms) | sentinel | toxiproxy | helper (anything else: its own
 *              image and command, started before the servers, its paths to them links; others dial its one port) | controller | store
 *              (helpers too: who rule, and where they keep what they know)
 *              kvchaos.master: m1            whom a replica follows at first
 *   x-kvchaos: {mode: cluster}    the masters share the key space (Kvrocks: CLUSTERX, Redis: Redis Cluster)
 *              {mode: sentinel}   sentinels watch one master and its replicas; without a mode each master has all keys
 *              {mode: controller} as cluster, and controllers with a store say who is master
 *   x-kvchaos: {config: {redis: {KEY: value}, kvrocks: {…}, pika: {…}}}   for all servers, or inside one service
 */

const NAME = TEXT.superRefine((name, ctx) => {
  if (!NAME_FORM.test(name)) wrong(ctx, `name ${shown(name)}: expected lower-case letters, digits, - and _`);
});

const NETWORK = mapOf(
  { internal: FLAG.default(false) },
  {
    driver: "kvchaos makes bridge networks",
    ipam: "kvchaos lets the engine choose a free range",
    external: "kvchaos makes and removes its networks itself",
    name: "kvchaos names networks after the run",
  },
);

/** The schema of a whole file. @param file its variables are filled in; what it declares may be named by its services */
function composeOf(file: unknown, { systems }: ComposeOptions) {
  const declared = (key: string) => Object.entries(Object(isMap(file) ? file[key] : undefined));
  const named = (key: string) => declared(key).map(([name]) => name);
  const internal = declared("networks").filter(([, network]) => isMap(network) && String(network.internal) === "true");
  const around = { networks: named("networks"), internal: internal.map(([name]) => name), volumes: named("volumes") };
  return mapOf(
    {
      name: NAME.optional(),
      services: z.record(z.string(), serviceOf({ ...around, systems })),
      networks: z.record(z.string(), NETWORK.nullable()).nullish(),
      volumes: z.record(z.string(), mapOf({}).nullable()).nullish(),
      "x-kvchaos": mapOf({ mode: MODE.optional(), config: configOf(systems) }).default({ config: {} }),
    },
    {
      version: "Compose files need none any more",
      secrets: "write passwords under `environment` or `x-kvchaos.config`",
      configs: "write server configuration under `x-kvchaos.config`",
      include: "write one Compose file per topology",
    },
  ).transform(({ "x-kvchaos": { mode = null, config }, ...file }) => {
    const services = Object.entries(file.services).map(([name, service]) => ({
      name,
      ...service,
      config: mergeConfig(config, service.config),
    }));
    const networks = Object.entries(file.networks ?? {}).map(([name, given]) => ({
      name,
      internal: given?.internal ?? false,
    }));
    const used = new Set(services.flatMap((service) => service.networks.map(({ name }) => name)));
    if (used.has("default") && !networks.some(({ name }) => name === "default")) {
      networks.push({ name: "default", internal: false });
    }
    return { name: file.name, services, networks, volumes: Object.keys(file.volumes ?? {}), mode };
  });
}

/** A Compose file of the documented subset, checked and with its variables filled in. */
export type ComposeFile = ReturnType<typeof parseComposeFile>;
export type ComposeService = ComposeFile["services"][number];

interface ComposeOptions {
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
) {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new ChaosError("invalid-experiment", `${path}: the Compose file cannot be read: ${messageOf(error)}`, {
      hint: "Check the path; `kvchaos explain <experiment> --compose` prints a file to begin with.",
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
) {
  const source = YamlSource.parse(file, text);
  const mistakes: Mistake[] = [];
  const filled = fill(source.value, variables, (path, message) => mistakes.push(source.mistake(path, message)));
  const read = composeOf(filled, options).safeParse(filled, { reportInput: true });
  const together = TOGETHER.safeParse(filled);
  const issues = [...(read.error?.issues ?? []), ...(together.error?.issues ?? [])];
  mistakes.push(...mistakesOf(issues, source));
  if (mistakes.length > 0 || !read.success) throw mistakesError(mistakes);
  return {
    /** As it was named by the caller. */
    file,
    ...read.data,
    /** A mistake at the value of `path`, for checks that only the caller can do. */
    mistake: (path: YamlPath, message: string, hint?: string) => source.mistake(path, message, hint),
  };
}
