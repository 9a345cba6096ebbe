import type { ContainerSpec } from "../../docker/engine-types.ts";
import type { Link } from "../../network/link.ts";
import { ToxiproxyServer } from "../../network/toxiproxy.ts";
import type { Address } from "../cluster.ts";
import { type MakeOptions, startContainer } from "../containers.ts";
import type { ClusterSpec } from "../spec.ts";
import type { DialPaths } from "./dial-paths.ts";
import type { LinkPlan } from "./link-plan.ts";

const API_PORT = 8474;
const READY_MS = 60_000;

interface ToxiproxyOptions extends Pick<ContainerSpec, "name" | "image"> {
  spec: Pick<ClusterSpec, "toxiproxy" | "dataNetwork">;
  networks: NonNullable<ContainerSpec["networks"]>;
  plans: readonly LinkPlan[];
  paths: DialPaths;
}

/** Starts Toxiproxy and opens every link through it. @returns `api`: where this machine reaches its API */
export async function startToxiproxy(
  options: MakeOptions,
  { name, image, spec, networks, plans, paths }: ToxiproxyOptions,
): Promise<{ api: Address; links: Link[] }> {
  const { toxiproxy, dataNetwork } = spec;
  const ports = [API_PORT, ...plans.map(({ listen }) => listen)];
  const hostPorts = await publishedPorts(options, ports.length);
  // Published ports do not work on the data network; its own address answers there, too.
  const outside = toxiproxy.networks.find((network) => network.name !== dataNetwork)?.name ?? dataNetwork;
  const reached = ports.map((port, i): Address => {
    const host = hostPorts[i];
    return host === undefined ? { host: paths.toxiproxyOn(outside), port } : { host: "127.0.0.1", port: host };
  });
  await startContainer(options, {
    name,
    image,
    command: toxiproxy.command,
    labels: { ...toxiproxy.labels, ...options.labels, "kvchaos.node": toxiproxy.name },
    networks,
    ports: hostPorts.map((host, i) => ({ container: ports[i] as number, host })),
  });
  const [api, ...published] = reached as [Address, ...Address[]];
  const server = await ToxiproxyServer.connect(`http://${api.host}:${api.port}`, READY_MS, options.signal);
  const links = await server.open(
    plans.map((link, i) => {
      const { from, to, listen, offsets } = link;
      const plain = from === "client" || paths.refusal !== null;
      return {
        from,
        to,
        address: plain ? { host: toxiproxy.name, port: listen } : paths.addressOf(to),
        published: published[i] as Address,
        proxies: offsets.map((offset) => ({
          listen: listen + offset,
          upstream: `${to}:${paths.upstreamPort(link, offset)}`,
        })),
      };
    }),
  );
  return { api, links };
}

/**
 * Ports of this machine, where it does not reach the container itself. The engine sets several packet filter rules for each, one after
 * the other: with many nodes, whose links are as many as their pairs, that took minutes.
 */
async function publishedPorts({ engine, resources }: MakeOptions, count: number): Promise<number[]> {
  if (engine.info.dialsContainers) return [];
  const ports = await engine.freePorts(count);
  resources.defer("give Toxiproxy's ports back", () => engine.releasePorts(ports));
  return ports;
}
