import { ChaosError } from "../../base/chaos-error.ts";
import { guardRun } from "../../docker/guard-run.ts";
import { ownerLabels } from "../../docker/leftovers.ts";
import type { Link } from "../../network/link.ts";
import { ToxiproxyServer } from "../../network/toxiproxy.ts";
import type { RunContext } from "../run-context.ts";
import type { AttachedNode } from "./attached-node.ts";
import { pathOf, pathsBetween } from "./cluster-of.ts";

/*
 *   load ─► 127.0.0.1: a Toxiproxy of ours ─► m1        where a fault can hold up client -> m1
 *   load ─────────────────────────────────► m1          everywhere else
 *   everybody else's clients ─────────────► m1          always
 */

const READY_MS = 60_000;
const HERE = "127.0.0.1";

/**
 * The paths of a run to servers that are there. Only those that are dialled through Toxiproxy have one; between servers there is none of
 * ours: there a link only says how one reaches the other.
 * @param dialled nodes whose clients' link a load or a fault of the plan dials
 */
export async function clientLinks(
  context: RunContext,
  nodes: readonly AttachedNode[],
  dialled: readonly string[],
): Promise<Link[]> {
  const through = nodes.filter(({ name }) => dialled.includes(name));
  const opened = through.length === 0 ? [] : await openToxiproxy(context, through);
  const direct = nodes
    .filter((node) => !through.includes(node))
    .map((node) => pathOf("client", node.name, { address: node.direct, published: node.direct }));
  return [...opened, ...direct, ...pathsBetween(nodes)];
}

async function openToxiproxy(context: RunContext, nodes: readonly AttachedNode[]): Promise<Link[]> {
  const { options, held, signal } = context;
  const { engine, interrupt, toxiproxyImage: image } = options;
  const { runId, resources } = held;
  if (!engine.info.local) {
    throw new ChaosError("infrastructure", "the Docker engine is on another machine: its Toxiproxy cannot stand here", {
      hint: "Leave the faults on links out, or run this on the engine's machine.",
    });
  }
  await guardRun({ engine, runId, resources, signal, interrupt });
  const ports = await engine.freePorts(nodes.length + 1);
  resources.defer("give Toxiproxy's ports back", () => engine.releasePorts(ports));
  const [api, ...listen] = ports as [number, ...number[]];
  const id = await engine.createContainer(
    {
      name: `${runId}-toxiproxy`,
      image,
      command: [`-host=${HERE}`, `-port=${api}`],
      labels: { ...(await ownerLabels(runId)), "kvchaos.node": "toxiproxy" },
      hostNetwork: true,
    },
    { signal },
  );
  await engine.start(id, { signal });
  const server = await ToxiproxyServer.connect(`http://${HERE}:${api}`, READY_MS, signal);
  return server.open(
    nodes.map(({ name, direct: { host, port } }, i) => {
      const at = { host: HERE, port: listen[i] as number };
      const upstream = `${host.includes(":") ? `[${host}]` : host}:${port}`;
      return {
        ...{ from: "client", to: name, address: at, published: at },
        proxies: [{ listen: at.port, upstream }],
      };
    }),
    HERE,
  );
}
