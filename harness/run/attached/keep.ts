import { appendFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { monotonicClock } from "../../base/clock.ts";
import { until } from "../../base/deadline.ts";
import { connectEngine, type Engine } from "../../docker/engine.ts";
import { systems } from "../../systems/registry.ts";
import { AttachedLogs } from "./attached-logs.ts";
import { AttachedNode } from "./attached-node.ts";
import type { AttachedServer, AttachedServers } from "./attached-servers.ts";
import { clusterOf, pathsBetween } from "./cluster-of.ts";
import type { KeeperTask } from "./keeper-words.ts";
import { putBack } from "./put-back.ts";

const READY_MS = 60_000;
const CONNECT_MS = 60_000;

/** Puts servers back after a run that was killed: they go on, or are started again, and are what they were. Never rejects. */
export async function keepServers({
  servers: told,
  topology,
  prefix,
  login,
  directory,
  deeds,
}: KeeperTask): Promise<void> {
  const file = path.join(directory, "put-back.txt");
  const tell = (text: string): Promise<void> =>
    appendFile(file, `${new Date().toISOString()} ${text}\n`).catch(() => {});
  await tell("the run was killed: its servers are put back");
  try {
    const servers = new Map(
      told.map(([name, one]): [string, AttachedServer] => {
        const system = systems.get(one.system);
        if (!system) throw new ChaosError("internal", `no system ${one.system}`);
        return [name, { ...one, system, state: system.state("") }];
      }),
    );
    const attached: AttachedServers = { servers, topology, prefix, login, deletes: false };
    const engine = told.some(([, { container }]) => container !== undefined) ? await anEngine() : null;
    const forbidsFlush = async () => "the run is over";
    const nodes = [...servers].map(([name, server]) => {
      const options = { name, role: server.role, server, login, engine, clock: monotonicClock(), forbidsFlush };
      return new AttachedNode(options);
    });
    for (const node of nodes)
      await goOn(node, deeds).catch((error: unknown) => tell(`${node.name}: ${messageOf(error)}`));
    const emit = (event: object): void => {
      const { type, text } = event as { type?: string; text?: string };
      if (type === "note" && text !== undefined) void tell(text);
    };
    const logs = new AttachedLogs("", emit);
    const cluster = clusterOf(attached, { nodes, links: pathsBetween(nodes), logs, emit });
    await putBack(cluster, attached, emit).finally(() => cluster.closeLanes());
    await tell("done");
  } catch (error) {
    await tell(`could not: ${messageOf(error)}`);
  }
}

/** What our faults have paused goes on, and what they have ended is started again. */
async function goOn(node: AttachedNode, deeds: KeeperTask["deeds"]): Promise<void> {
  const { running } = await node.inspect();
  if (running && deeds.includes("pause")) await node.unpause();
  if (!running && deeds.includes("kill")) await node.start({ within: READY_MS });
  await node.ready({ within: READY_MS });
}

function anEngine(): Promise<Engine> {
  return until({ what: "an answer of the Docker daemon", within: CONNECT_MS, every: 1_000 }, (signal) =>
    connectEngine({ signal }),
  );
}
