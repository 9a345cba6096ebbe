import { call, callUnless, type Daemon, engineError, GONE, reasonOf, withSignal } from "./engine-call.ts";
import type { CallOptions, Labels, Network, NetworkSpec } from "./engine-types.ts";

const SUBNET_ATTEMPTS = 10;

export function networkCalls(daemon: Daemon) {
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

  return {
    /**
     * Makes a bridge network with a user-configured subnet: only there may a container ask for the address it had
     * (docs/facts.md#docker). Docker chooses the range: it is asked for one, which is then given back and asked for by name. Another process may
     * take it in between: then once more.
     */
    async createNetwork(spec: NetworkSpec, options: CallOptions = {}): Promise<Network> {
      const what = `create network ${spec.name}`;
      return call(daemon, what, { default: 60_000, ...options }, async (abortSignal) => {
        for (let attempt = 1; ; attempt++) {
          const draft = docker.getNetwork(await create(spec, undefined, abortSignal));
          const inspected = await draft.inspect();
          await draft.remove({ abortSignal });
          const subnet = inspected.IPAM?.Config?.find((config) => config.Subnet?.includes("."))?.Subnet;
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
