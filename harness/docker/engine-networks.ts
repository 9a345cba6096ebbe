import { readFile } from "node:fs/promises";
import { call, callUnless, type Daemon, engineError, GONE, reasonOf, withSignal } from "./engine-call.ts";
import type { CallOptions, Labels, Network, NetworkSpec } from "./engine-types.ts";

const SUBNET_ATTEMPTS = 10;

/** The ranges out of which an engine gives a network one when nobody names any (libnetwork, ipamutils). */
const DEFAULT_RANGES = [
  ...Array.from({ length: 15 }, (_, i) => `172.${17 + i}.0.0/16`),
  ...Array.from({ length: 16 }, (_, i) => `192.168.${16 * i}.0/20`),
];

export function networkCalls(daemon: Daemon, { local, defaultRanges }: { local: boolean; defaultRanges: boolean }) {
  const { docker } = daemon;

  async function create(spec: NetworkSpec, subnet: string | undefined, abortSignal: AbortSignal): Promise<string> {
    const network = await docker.createNetwork({
      Name: spec.name,
      Labels: { ...spec.labels },
      Internal: spec.internal ?? false,
      Driver: "bridge",
      ...(subnet ? { IPAM: { Driver: "default", Config: [{ Subnet: subnet }] } } : {}),
      abortSignal,
    });
    return network.id;
  }

  /**
   * A range that is free. Where this machine is the engine's and has its usual ranges, it is looked up as the engine does; elsewhere the
   * engine is asked for a network, whose range is taken and given back: three calls that change the packet filter for one.
   */
  async function freeRange(spec: NetworkSpec, abortSignal: AbortSignal): Promise<string | undefined> {
    if (local && defaultRanges) {
      const [networks, routes, resolver] = await Promise.all([
        docker.listNetworks({ abortSignal }),
        readFile("/proc/net/route", "utf8"),
        readFile("/etc/resolv.conf", "utf8").catch(() => ""),
      ]);
      const taken = networks.flatMap(({ IPAM }) => IPAM?.Config?.flatMap(({ Subnet = "" }) => Subnet) ?? []);
      const free = freeRanges({ taken, routes, resolver });
      // Other processes look at the same moment.
      if (free.length > 0) return free[Math.floor(Math.random() * free.length)];
    }
    const draft = docker.getNetwork(await create(spec, undefined, abortSignal));
    const inspected = await draft.inspect();
    await draft.remove({ abortSignal });
    return inspected.IPAM?.Config?.find((config) => config.Subnet?.includes("."))?.Subnet;
  }

  return {
    /**
     * Makes a bridge network with a user-configured subnet: only there may a container ask for the address it had
     * (docs/facts.md#docker). Another process may take the range in between: then once more.
     */
    async createNetwork(spec: NetworkSpec, options: CallOptions = {}): Promise<Network> {
      const what = `create network ${spec.name}`;
      return call(daemon, what, { default: 60_000, ...options }, async (abortSignal) => {
        for (let attempt = 1; ; attempt++) {
          const subnet = await freeRange(spec, abortSignal);
          if (!subnet) throw engineError(daemon, what, `the daemon gave network ${spec.name} no IPv4 subnet`);
          try {
            return { id: await create(spec, subnet, abortSignal), name: spec.name, subnet };
          } catch (error) {
            if (attempt >= SUBNET_ATTEMPTS || !/overlap/i.test(reasonOf(error))) throw error;
          }
        }
      });
    },

    /** Does nothing when there is none. Fails while containers are attached. */
    async removeNetwork(network: string, options: CallOptions = {}): Promise<void> {
      await callUnless(daemon, GONE, `remove network ${network}`, options, (abortSignal) =>
        docker.getNetwork(network).remove({ abortSignal }),
      );
    },

    /** Does nothing when the container is attached already. */
    async connectNetwork(
      network: string,
      container: string,
      attachment: { aliases?: readonly string[]; ip?: string } = {},
      options: CallOptions = {},
    ): Promise<void> {
      const what = `connect ${container} to network ${network}`;
      const so = /already exists in network|already attached to network/i;
      await callUnless(daemon, so, what, options, (abortSignal) =>
        docker
          .getNetwork(network)
          .connect(withSignal({ Container: container, EndpointConfig: endpointConfig(attachment) }, abortSignal)),
      );
    },

    /** Does nothing when the container is not attached. The network's connections see neither FIN nor RST. */
    async disconnectNetwork(network: string, container: string, options: CallOptions = {}): Promise<void> {
      const what = `disconnect ${container} from network ${network}`;
      await callUnless(daemon, /^404 |is not connected to/i, what, options, (abortSignal) =>
        docker.getNetwork(network).disconnect({ Container: container, Force: true, abortSignal }),
      );
    },

    /** @param options.folder the volume is this folder of the daemon's machine, which need not exist before it is used */
    async createVolume(name: string, labels: Labels, options: CallOptions & { folder?: string } = {}): Promise<void> {
      const { folder } = options;
      const bind = folder === undefined ? {} : { DriverOpts: { type: "none", o: "bind", device: folder } };
      await call(daemon, `create volume ${name}`, options, (abortSignal) =>
        docker.createVolume({ Name: name, Labels: { ...labels }, ...bind, abortSignal }),
      );
    },

    /** Does nothing when there is none. Fails while a container uses it. */
    async removeVolume(name: string, options: CallOptions = {}): Promise<void> {
      await callUnless(daemon, GONE, `remove volume ${name}`, options, (abortSignal) =>
        docker.getVolume(name).remove({ abortSignal }),
      );
    },
  };
}

export function endpointConfig(attachment: { aliases?: readonly string[] | undefined; ip?: string | undefined }) {
  return {
    Aliases: [...(attachment.aliases ?? [])],
    ...(attachment.ip ? { IPAMConfig: { IPv4Address: attachment.ip } } : {}),
  };
}

/**
 * The engine's usual ranges that nothing of this machine uses.
 * @param taken the subnets of the engine's networks @param routes the text of /proc/net/route @param resolver that of /etc/resolv.conf
 */
export function freeRanges({
  taken,
  routes,
  resolver,
}: {
  taken: readonly string[];
  routes: string;
  resolver: string;
}): string[] {
  const routed = routes
    .split("\n")
    .slice(1)
    .flatMap((line): Span[] => {
      const [, destination = "", , , , , , mask = ""] = line.trim().split(/\s+/);
      const [from, size] = [littleEndian(destination), 2 ** 32 - littleEndian(mask)];
      // The default route leads everywhere, and a line that is none nowhere.
      return size > 0 && size < 2 ** 32 ? [[from, from + size - 1]] : [];
    });
  const servers = [...resolver.matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)/gm)].map(([, address]) => `${address}/32`);
  const used = [...routed, ...[...taken, ...servers].filter((subnet) => /^[\d.]+\/\d+$/.test(subnet)).map(spanOf)];
  return DEFAULT_RANGES.filter((range) => {
    const [from, to] = spanOf(range);
    return used.every(([low, high]) => high < from || low > to);
  });
}

/** First and last address. */
type Span = [from: number, to: number];

function spanOf(subnet: string): Span {
  const [address = "", bits] = subnet.split("/");
  const from = address.split(".").reduce((value, part) => value * 256 + Number(part), 0);
  return [from, from + 2 ** (32 - Number(bits)) - 1];
}

/** An address as /proc/net/route has it; NaN: it is none. */
function littleEndian(hex: string): number {
  return /^[0-9A-F]{8}$/i.test(hex) ? Buffer.from(hex, "hex").readUInt32LE() : Number.NaN;
}
