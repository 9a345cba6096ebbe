import { type Mistake, YamlSource } from "../../base/mistakes.ts";
import type { Experiment, FaultSpec } from "../experiment.ts";
import type { ExperimentShape, Registries } from "../registries.ts";
import type { AttachFile } from "./attach-file.ts";

/** Commands that change nothing that is not ours, whatever their arguments are. */
const HARMLESS: readonly string[] = [
  ...["PING", "ECHO", "INFO", "ROLE", "TIME", "DBSIZE", "EXISTS", "TYPE", "TTL", "GET", "MGET", "STRLEN"],
  ...["SCAN", "HGET", "HGETALL", "LRANGE", "SMEMBERS", "ZRANGE", "CLIENT LIST", "CLIENT INFO", "CONFIG GET"],
  ...["SLOWLOG GET", "MEMORY USAGE", "CLUSTER NODES", "CLUSTER INFO", "COMMAND COUNT", "LASTSAVE"],
];
/** Commands that another word allows. */
const FLUSHES: readonly string[] = ["FLUSHALL", "FLUSHDB"];

/** Keys of an experiment that are about servers that kvchaos starts. */
const OURS = {
  config: "the servers' settings are their owner's",
  databases: "the servers' settings are their owner's",
  namespaces: "the servers' settings are their owner's",
  cores: "the servers were not started for it",
  noise: "the servers were not started with the library",
  "full-sync": "the servers' settings are their owner's",
} as const;

/**
 * Why an experiment must not run against servers that are there, each reason where it is written; none: it may.
 * @param text of the experiment's file, which has been read already
 */
export function attachRefusals(
  { experiment, text, file }: { experiment: Experiment; text: string; file: string },
  attached: AttachFile,
  shape: ExperimentShape,
  registries: Pick<Registries, "faults" | "checks" | "workloads">,
): Mistake[] {
  const source = YamlSource.parse(file, text);
  const mistakes: Mistake[] = [];
  const raw = source.value as Readonly<Record<string, unknown>>;
  for (const [key, why] of Object.entries(OURS))
    if (raw[key] !== undefined && raw[key] !== false)
      mistakes.push(source.keyMistake([key], `"${key}" is not for servers that are there: ${why}`));
  if (experiment.images.nodes) mistakes.push(source.mistake(["images", "nodes"], "the servers run what they run"));
  if (experiment.benchmarks.length > 0)
    mistakes.push(source.mistake(["load"], "redis-benchmark has keys of its own, which do not begin with our prefix"));
  mistakes.push(...wrongTopology(raw.cluster, source));
  if (shape.sharded || (shape.sentinels ?? []).length > 0 || (shape.helpers ?? []).length > 0)
    mistakes.push(source.mistake(["cluster"], "only a master with its replicas can be attached to so far"));
  mistakes.push(...wrongNodes(attached, shape));
  for (const [i, spec] of experiment.faults.entries()) {
    const at = ["faults", i];
    for (const { key, why } of wrongFault(spec, attached, registries)) mistakes.push(source.mistake([...at, key], why));
    const when = spec.trigger.kind === "when" ? spec.trigger.when.kind : "state";
    if (when !== "state")
      mistakes.push(source.mistake([...at, "when"], `"${when}" is read of containers of ours only`));
  }
  for (const [i, { workload }] of experiment.load.entries()) {
    if (registries.workloads.get(workload)?.drawsFromTable !== true) continue;
    const why = `"${workload}" draws from all commands that a server has, of which some know no prefix`;
    mistakes.push(source.mistake(["load", i, "workload"], why));
  }
  for (const name of experiment.checks) {
    const why = registries.checks.get(name)?.notAttached;
    const at = Array.isArray(raw.checks) ? raw.checks.indexOf(name) : -1;
    if (why !== undefined)
      mistakes.push(source.mistake(at < 0 ? [] : ["checks", at], `${name} is not for servers that are there: ${why}`));
  }
  for (const [i, { what }] of experiment.expectations.entries())
    if (what.kind === "log" || what.kind === "full-sync-done")
      mistakes.push(source.mistake(["expectations", i], "what a log tells is read of containers of ours only"));
  return mistakes;
}

/** What a topology says of how its servers are started. */
function wrongTopology(cluster: unknown, source: YamlSource): Mistake[] {
  if (typeof cluster !== "object" || cluster === null)
    return [
      source.mistake(
        ["cluster"],
        "a Compose file says how servers are started, and these are there: say { masters: 1, replicas: 1 }",
      ),
    ];
  return Object.keys(cluster)
    .filter((key) => key === "nodes")
    .map((key) => source.keyMistake(["cluster", key], "the servers have what they have: leave it out"));
}

/** The names of the experiment's nodes are those of the file, with the same roles. */
function wrongNodes({ source, nodes }: AttachFile, { masters, replicas }: ExperimentShape): Mistake[] {
  const wanted = new Map([
    ...masters.map((name) => [name, "master"] as const),
    ...replicas.map((name) => [name, "replica"] as const),
  ]);
  const missing = [...wanted].filter(([name]) => !nodes[name]);
  const wrong = Object.entries(nodes).flatMap(([name, { role }]) => {
    const meant = wanted.get(name);
    if (meant === role) return [];
    const said = meant === undefined ? "is no node of the experiment's cluster" : `is a ${meant} in the experiment`;
    return [source.keyMistake(["nodes", name], `${name} ${said}`, `its nodes: ${[...wanted.keys()].join(", ")}`)];
  });
  if (missing.length === 0) return wrong;
  const text = missing.map(([name, role]) => `${name} (${role})`).join(", ");
  return [source.keyMistake(["nodes"], `missing ${text}, which the experiment has`), ...wrong];
}

function wrongFault(
  { fault: kind, params }: FaultSpec,
  { allow, nodes, source }: AttachFile,
  { faults }: Pick<Registries, "faults">,
): { key: string; why: string }[] {
  const fault = faults.get(kind);
  if (!fault?.onAttached) return [{ key: "fault", why: `${kind} needs a cluster that kvchaos has started` }];
  if (fault.onAttached === "allowed" && !allow.includes(kind))
    return [{ key: "fault", why: `${kind} is not allowed: "${kind}" is not in \`allow\` of ${source.file}` }];
  // What a process id names nobody could start again.
  const lacks = (one: AttachFile["nodes"][string]): string | null =>
    one.container !== undefined || (kind === "pause" && one.pid !== undefined)
      ? null
      : kind === "kill"
        ? "container, in which it could be started again"
        : "pid or container";
  for (const [name, one] of kind === "kill" || kind === "pause" ? Object.entries(nodes) : []) {
    const lacking = lacks(one);
    if (lacking !== null) return [{ key: "fault", why: `${kind}: ${name} of ${source.file} has no ${lacking}` }];
  }
  if (kind === "kill" && params["restart-after"] === "never")
    return [{ key: "restart-after", why: "every server is there again in the end: leave it out, or say how soon" }];
  const far = fault.holdsUp?.(params).find(({ from }) => from !== "client");
  if (far) return [{ key: "fault", why: `only paths from the client are ours, and ${far.from} -> ${far.to} is not` }];
  return ["argv", "undo"].flatMap((key) => {
    const words: unknown = params[key];
    const refused = Array.isArray(words) ? refusedCommand(words.map(String), allow) : null;
    return refused === null ? [] : [{ key, why: `${refused} of ${source.file}` }];
  });
}

/** Why a command must not be sent; null: it may. */
function refusedCommand(words: readonly string[], allow: readonly string[]): string | null {
  const [one = "", two = ""] = words.map((word) => word.toUpperCase());
  const names = [one, `${one} ${two}`];
  if (FLUSHES.includes(one))
    return allow.includes("flushall") ? null : `${one} is not allowed: "flushall" is not in \`allow\``;
  if (names.some((name) => HARMLESS.includes(name) || allow.includes(name))) return null;
  return `${one} is not known to be harmless, and neither "${one}" nor "${names[1]}" is in \`allow\``;
}
