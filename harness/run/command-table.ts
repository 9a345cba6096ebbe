import { ChaosError } from "../base/chaos-error.ts";
import type { Cluster, ClusterNode } from "../cluster/cluster.ts";
import type { Emit } from "../journal/events.ts";
import type { LoadSpec } from "../journal/plan.ts";
import { chooseCommands, type DrawnCommand } from "../load/commands/choice.ts";
import { syntaxInDocs } from "../load/commands/docs.ts";
import { commandInfos, syntaxOfInfo } from "../load/commands/infos.ts";
import { describedFor } from "../load/commands/known-names.ts";
import type { CommandSyntax } from "../load/commands/syntax.ts";
import { workloadNamed } from "../load/workloads/registry.ts";
import type { Reply } from "../resp/reply.ts";
import { UNKNOWN_COMMAND } from "./commands-check.ts";

/*
 *   COMMAND DOCS ─┬─► names and words                                    (Redis 7, Valkey)
 *                 └─► unknown ─► COMMAND ─┬─► names, words by our lines, or by their number   (Kvrocks)
 *                                         └─► unknown ─► each name of our lines is tried      (Pika)
 */

const ANSWER_MS = 10_000;

interface Table {
  source: "command-docs" | "command" | "asked";
  known: CommandSyntax[];
}

/**
 * What each load draws from that draws from the server's table, which is asked for once: the first master's.
 * @throws ChaosError infrastructure: a load names a command that the server does not have, or nothing is left to draw
 */
export async function commandTables(
  cluster: Pick<Cluster, "topology" | "node">,
  loads: readonly Pick<LoadSpec, "name" | "workload" | "commands">[],
  emit: Emit,
  signal: AbortSignal,
): Promise<Record<string, readonly DrawnCommand[]>> {
  const drawing = loads.filter(({ workload }) => workloadNamed(workload).drawsFromTable);
  const [master] = cluster.topology.masters;
  if (drawing.length === 0 || master === undefined) return {};
  const { source, known } = await readTable(cluster.node(master), signal);
  const tables: Record<string, readonly DrawnCommand[]> = {};
  for (const { name, commands = {} } of drawing) {
    const { drawn, lacks } = chooseCommands(known, commands);
    const why =
      lacks.length > 0 ? `${master} has no ${lacks.join(", ")}` : drawn.length === 0 ? "it has nothing to draw" : null;
    if (why !== null) {
      throw new ChaosError("infrastructure", `the load ${name} cannot draw its commands: ${why}`, {
        hint: "Change `only`, `without` or `weights` of the load, or take an image whose server has them.",
      });
    }
    tables[name] = drawn;
    const weights: Record<string, number> = {};
    for (const { syntax, weight } of drawn) {
      const text = syntax.name.join(" ");
      weights[text] = (weights[text] ?? 0) + weight;
    }
    const left = [...new Set(known.map((one) => one.name.join(" ")))].filter((text) => weights[text] === undefined);
    emit({ type: "command-table", load: name, node: master, source, drawn: weights, left: left.sort() });
  }
  return tables;
}

async function readTable(node: ClusterNode, signal: AbortSignal): Promise<Table> {
  const described = describedFor(node.server.system.ownCommands);
  const docs = syntaxInDocs(await ask(node, ["COMMAND", "DOCS"], signal));
  if (docs !== null) return { source: "command-docs", known: docs };
  const infos = commandInfos(await ask(node, ["COMMAND"], signal));
  if (infos === null) return { source: "asked", known: await tried(node, described, signal) };
  const names = new Set(infos.map(({ name }) => name));
  const written = described.filter(({ name: [name = ""] }) => names.has(name));
  const ours = new Set(written.map(({ name: [name] }) => name));
  const others = infos.filter(({ name }) => !ours.has(name));
  return { source: "command", known: [...written, ...others.map(syntaxOfInfo)] };
}

/** An answer, or null where it is refused. */
async function ask(node: ClusterNode, argv: readonly string[], signal: AbortSignal): Promise<Reply> {
  try {
    return await node.admin(argv, { within: ANSWER_MS, signal });
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

/** Those that the server knows, each asked for without its words: none of them does anything then. */
async function tried(
  node: ClusterNode,
  described: readonly CommandSyntax[],
  signal: AbortSignal,
): Promise<CommandSyntax[]> {
  const connection = await node.connect({ within: ANSWER_MS, signal });
  try {
    const names = [...new Set(described.map(({ name: [name = ""] }) => name))];
    const outcomes = await Promise.all(names.map((name) => connection.send([name], { within: ANSWER_MS })));
    const known = new Set(
      names.filter((_, i) => {
        const outcome = outcomes[i];
        return (
          outcome?.outcome === "ok" ||
          (outcome?.outcome === "fail" && !UNKNOWN_COMMAND.test(outcome.reply?.message ?? ""))
        );
      }),
    );
    return described.filter(({ name: [name = ""] }) => known.has(name));
  } finally {
    connection.close();
  }
}
