import { formatDurations } from "../base/units.ts";
import { slotShares, tagsWithin } from "../cluster/slots.ts";
import { keySpacesOf } from "../journal/loads/key-space.ts";
import { isDirect, type LoadSpec } from "../journal/plan.ts";
import { slotsOfLoad } from "../load/in-slots.ts";
import { keySpaceParts } from "../run/load-targets.ts";
import { awkText, awkValues } from "./awk-values.ts";
import { comment, secondsWord, word, words } from "./bash.ts";
import { spaceWords } from "./key-spaces.ts";
import type { ReproInput } from "./repro-input.ts";
import { awkStatement, benchmarkCommands, type ShardLoad } from "./workload-lines.ts";

/** A redis-cli and an awk per connection: more would measure this machine instead of the server. */
const MOST_LOOPS = 8;
const BATCHES_PER_SECOND = 10;
/** Operations per second of a load without a rate whose commands redis-benchmark cannot make. */
const FAST = 5000;

/** Puts a text into a file of the tools' container. */
export function fileInTools(path: string, text: string): string[] {
  return [`docker exec -i "$P-tools" sh -c 'cat >${path}' <<'END'`, ...text.split("\n"), "END"];
}

/**
 * Bash lines that start every load of the plan. `moves`: masters may change, and load on masters follows; `redirects`: slots go
 * from master to master; `links`: links go through Toxiproxy.
 */
export function loadLines(
  input: ReproInput,
  { moves, redirects, links }: { moves: boolean; redirects: boolean; links: boolean },
): string[] {
  const { plan, sharded } = input;
  const { benchmarks } = plan.experiment;
  const spaces = keySpacesOf(plan.experiment);
  const isGated = (on: LoadSpec["on"]): boolean => moves && on === "masters";
  const settings = (load: Pick<LoadSpec, "on" | "via"> & Partial<Pick<LoadSpec, "space">>): string => {
    const direct = input.nodes.filter(({ name }) => isDirect(load, name)).map(({ name }) => name);
    const space = spaces.length > 1 ? ` SPACE="${load.space ? spaceWords(load.space) : ""}"` : "";
    return `GATED=${isGated(load.on) ? 1 : 0}${links ? ` DIRECT=${word(direct.join(" "))}` : ""}${space}`;
  };
  const loads = plan.experiment.load.flatMap((load) =>
    sharded ? shardLoads(input, load) : keySpaceParts(load, spaces),
  );
  const lines = loads.flatMap((load, i) => {
    const nodes = targets(input, load, moves);
    const active = isGated(load.on) ? mastersOf(input) : nodes.length;
    const own =
      load.rate === null && !redirects && benchmarkCommands(load)
        ? benchmarkLines(load, nodes)
        : loopLines(load, load.rate ?? FAST, nodes, i, active);
    return own.length === 0
      ? comment(`LEFT OUT: the load ${load.name}: what the workload "${load.workload}" sends cannot be said in bash.`)
      : [...comment(describe(load)), `${settings(load)}${redirects ? " SPACE=-c" : ""}`, ...own];
  });
  const more = benchmarks.flatMap((benchmark) => [
    ...comment(`Load ${benchmark.name}: redis-benchmark as the plan has it.`),
    settings(benchmark),
    ...targets(input, benchmark, moves).map((node) => `benchmark ${word(node)} ${words(benchmark.args)}`),
  ]);
  return [...lines, ...more, ...(hasLoad(input) ? ['say "load runs"'] : [])];
}

/** Something sends commands while the faults happen. */
export function hasLoad({ plan }: ReproInput): boolean {
  return plan.experiment.load.length + plan.experiment.benchmarks.length > 0;
}

function describe({ name, workload, connections, pipeline, rate, keys, wait, ttl }: LoadSpec): string {
  const speed = rate === null ? "as fast as replies come" : `${rate} operations per second in all`;
  const waits = wait ? ` LEFT OUT: the WAIT for ${wait.replicas} replicas after each write.` : "";
  const lives = ttl ? ` Some live ${formatDurations(ttl.of)}: PEXPIRE stands for PEXPIREAT.` : "";
  return `Load ${name}: ${workload}, ${connections} connections of ${pipeline} in flight, ${speed}, ${keys} keys.${lives}${waits}`;
}

/** The nodes that may get it: where masters change, each of them, and a file says which ones do at the moment. */
function targets(
  { nodes }: ReproInput,
  load: Pick<LoadSpec, "on"> & { nodes?: readonly string[] },
  moves: boolean,
): string[] {
  const all = nodes.filter(({ name }) => load.nodes?.includes(name) ?? true);
  if (Array.isArray(load.on)) return load.on;
  const role = load.on === "masters" ? "master" : "replica";
  return all.filter((node) => (moves && role === "master") || node.role === role).map(({ name }) => name);
}

function mastersOf({ nodes }: ReproInput): number {
  return nodes.filter(({ role }) => role === "master").length;
}

/** Cluster mode: equal parts, one per shard, whose keys carry tags of the shard: no client is redirected. */
function shardLoads({ nodes }: ReproInput, load: LoadSpec): (ShardLoad & { nodes: string[] })[] {
  const masters = nodes.filter(({ role }) => role === "master");
  return slotShares(masters.length).map((share, i) => ({
    ...load,
    name: `${load.name}-shard${i + 1}`,
    ...inSlots(load, tagsWithin(share, slotsOfLoad(load, masters.length))),
    connections: Math.max(1, Math.round(load.connections / masters.length)),
    rate: load.rate === null ? null : load.rate / masters.length,
    nodes: nodes.filter(({ name, master }) => (master ?? name) === masters[i]?.name).map(({ name }) => name),
  }));
}

function inSlots({ keyPrefix, keys }: LoadSpec, tags: string[]): Pick<ShardLoad, "keyPrefix" | "keys" | "tags"> {
  const [tag = ""] = tags;
  if (tags.length === 1) return { keys, keyPrefix: `${tag}${keyPrefix}` };
  return { keys: Math.ceil(keys / tags.length), keyPrefix, tags };
}

function benchmarkLines(load: ShardLoad, nodes: readonly string[]): string[] {
  const commands = benchmarkCommands(load) ?? [];
  const each = Math.max(1, Math.round(load.connections / commands.length / Math.max(1, nodes.length)));
  const options = `-c ${each} -P ${load.pipeline} -r ${load.keys} -n 1000000000 -q`;
  return commands.flatMap((argv) => nodes.map((node) => `benchmark ${word(node)} ${options} ${words(argv)}`));
}

/** @param active how many of the nodes get load at the same time */
function loopLines(load: ShardLoad, wanted: number, nodes: readonly string[], index: number, active: number): string[] {
  const statement = awkStatement(load);
  if (statement === null) return [];
  const loops = Math.max(1, Math.round(Math.min(load.connections, MOST_LOOPS) / Math.max(1, active)));
  const rate = wanted / Math.max(1, active) / loops;
  const batch = Math.max(1, Math.round(rate / BATCHES_PER_SECOND));
  const file = `/tmp/load-${index + 1}.awk`;
  const program = `${awkValues(load.value)}
function there(file, found, line) { found = (getline line < file) >= 0; close(file); return found }
BEGIN {
  prepare()${
    load.tags
      ? `
  split(${awkText(load.tags.join(" "))}, tags, " ")`
      : ""
  }
  for (;;) {
    if (there("/tmp/stop")) exit
    if (gate == "" || there(gate)) for (i = 0; i < batch; i++) { ${statement} }
    fflush()
    if (system("sleep " pause) != 0) exit
  }
}`;
  const calls = nodes.map(
    (node, i) =>
      `load ${word(node)} ${loops} ${batch} ${secondsWord((1000 * batch) / rate)} ${1000 * (index + 1) + 100 * i} ${file}`,
  );
  const fewer =
    loops * active < load.connections
      ? [`# ${loops * active} connections instead of ${load.connections}: each is a process here.`]
      : [];
  return [...fileInTools(file, program), ...fewer, ...calls];
}
