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
/** With more links than this, those between servers have no port of this machine. */
const MOST_PUBLISHED = 100;

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
  const hosts = await publishedPorts(options, [API_PORT, ...publishedOf(options, plans)]);
  const outside = toxiproxy.networks.find((network) => network.name !== dataNetwork)?.name ?? dataNetwork;
  const reached = ports.map((port): Address => {
    const host = hosts.get(port);
    return host === undefined ? { host: paths.toxiproxyOn(outside), port } : { host: "127.0.0.1", port: host };
  });
  await startContainer(options, {
    name,
    image,
    command: toxiproxy.command,
    labels: { ...toxiproxy.labels, ...options.labels, "kvchaos.node": toxiproxy.name },
    networks,
    ports: [...hosts].map(([container, host]) => ({ container, host })),
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
 * The links that get a port of this machine: those of clients that it dials; the others, too, where they are wanted or cannot be reached without.
 * The engine sets several packet filter rules for each and takes them away, one after the other: 50 ms, and minutes for the pairs of thirty nodes.
 */
function publishedOf({ engine, publishPairs = false, dialled }: MakeOptions, plans: readonly LinkPlan[]): number[] {
  const all = !engine.info.dialsContainers || (publishPairs && plans.length <= MOST_PUBLISHED);
  const isDialled = ({ from, to }: LinkPlan): boolean => from === "client" && (dialled?.includes(to) ?? true);
  return plans.filter((plan) => all || isDialled(plan)).map(({ listen }) => listen);
}

/** A free port of this machine for each. */
async function publishedPorts(
  { engine, resources }: MakeOptions,
  ports: readonly number[],
): Promise<Map<number, number>> {
  const free = await engine.freePorts(ports.length);
  resources.defer("give Toxiproxy's ports back", () => engine.releasePorts(free));
  return new Map(ports.flatMap((port, i): [number, number][] => (free[i] === undefined ? [] : [[port, free[i]]])));
}
