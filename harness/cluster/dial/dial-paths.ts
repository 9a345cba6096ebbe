import { ChaosError } from "../../base/chaos-error.ts";
import {
  type Incoming,
  type Outgoing,
  redirect,
  redirectRefusal,
  VirtualAddresses,
} from "../../network/virtual-addresses.ts";
import type { System } from "../../systems/system.ts";
import type { Address } from "../cluster.ts";
import type { ClusterSpec, NodeSpec } from "../spec.ts";
import type { LinkPlan } from "./link-plan.ts";

/**
 * How servers reach each other: under one address per server, each through links of its own (network/virtual-addresses.ts). Where this
 * machine cannot set such rules, a replica is told its link's place at Toxiproxy, and nothing else that a server learns can be dialled.
 */
export class DialPaths {
  /** Why servers cannot dial each other as on a plain network; null: they can. */
  readonly refusal: string | null;
  readonly addresses: VirtualAddresses;
  readonly #spec: ClusterSpec;
  readonly #port: number;
  /** Those of the containers on each of their networks, by its name in the Compose file. */
  readonly #networks: ReadonlyMap<string, VirtualAddresses>;

  /** @param subnets of the networks, by their names in the Compose file */
  constructor(
    system: Pick<System, "port">,
    spec: ClusterSpec,
    subnets: ReadonlyMap<string, string>,
    engineIsLocal: boolean,
  ) {
    this.#spec = spec;
    this.#port = system.port;
    this.refusal = redirectRefusal(engineIsLocal);
    const names = spec.nodes.filter(({ role }) => role !== "control").map(({ name }) => name);
    this.#networks = new Map([...subnets].map(([name, subnet]) => [name, new VirtualAddresses(subnet, names)]));
    const data = this.#networks.get(spec.dataNetwork);
    if (!data) throw new ChaosError("internal", `${spec.dataNetwork} has no range of addresses`);
    this.addresses = data;
  }

  /** What a server or sentinel is known by to all others. */
  addressOf(name: string): Address {
    const port = this.#spec.nodes.find((node) => node.name === name)?.port ?? this.#port;
    return { host: this.addresses.of(name), port };
  }

  /** A container's address on one of its networks, the same after every restart; undefined: the engine chooses. */
  containerOn(network: string, { name, role }: Pick<NodeSpec, "name" | "role">): string | undefined {
    return role === "control" ? undefined : this.#networks.get(network)?.container(name);
  }

  /** Toxiproxy's address on a network. */
  toxiproxyOn(network: string): string {
    const addresses = this.#networks.get(network);
    if (!addresses) throw new ChaosError("internal", `there is no network ${network}`);
    return addresses.toxiproxy;
  }

  /** The port of its server that a link's proxy dials: one of its own, by which the server's side knows the link. */
  upstreamPort({ from, listen, port }: LinkPlan, offset: number): number {
    return this.#isMarked(from) ? listen + offset : port + offset;
  }

  /** Whom an address means that some server has learnt or shows; null: none of them. */
  nodeAt(host: string, port: number, links: readonly LinkPlan[]): string | null {
    if ([this.#spec.toxiproxy.name, this.addresses.toxiproxy].includes(host))
      return links.find(({ listen }) => listen === port)?.to ?? null;
    const name = this.nameOf(host);
    return name !== null && this.addressOf(name).port === port ? name : null;
  }

  /** All that a server may call a node in a redirection, "host:port". */
  namesOf(node: string, links: readonly LinkPlan[]): string[] {
    const { host, port } = this.addressOf(node);
    const listens = links.filter(({ to }) => to === node).map(({ listen }) => listen);
    const proxies = [this.#spec.toxiproxy.name, this.addresses.toxiproxy];
    return [`${host}:${port}`, ...proxies.flatMap((proxy) => listens.map((listen) => `${proxy}:${listen}`))];
  }

  /** The node that has this address on any network; null: none. */
  nameOf(host: string): string | null {
    return [...this.#networks.values()].map((one) => one.nameOf(host)).find((one) => one !== null) ?? null;
  }

  /** Sets the rules in the namespace of a node that was just started. */
  async prepare(name: string, pid: number, links: readonly LinkPlan[]): Promise<void> {
    if (this.refusal !== null || this.#spec.nodes.find((node) => node.name === name)?.role === "control") return;
    const outgoing = links
      .filter(({ from }) => from === name)
      .flatMap(({ to, listen, port, offsets }) =>
        this.#hosts(to).flatMap((host) =>
          offsets.map((offset): Outgoing => ({ host, port: port + offset, listen: listen + offset })),
        ),
      );
    const { host, port: ownPort } = this.addressOf(name);
    const offsets = new Set([0, ...links.filter(({ to }) => to === name).flatMap((link) => link.offsets)]);
    const own = [...offsets].map((offset): Outgoing => ({ host, port: ownPort + offset, listen: null }));
    const incoming = links
      .filter(({ to, from }) => to === name && this.#isMarked(from))
      .flatMap((link) =>
        link.offsets.map((offset): Incoming => {
          const source = this.addresses.of(link.from);
          return { listen: this.upstreamPort(link, offset), port: link.port + offset, source };
        }),
      );
    const ends = { own: this.addresses.container(name), toxiproxy: this.addresses.toxiproxy };
    await redirect(pid, ends, { outgoing: [...outgoing, ...own], incoming });
  }

  /** All that a server may be dialled under: Pika tells others the address that it has on the network that leads out. */
  #hosts(name: string): string[] {
    return [this.addresses.of(name), ...[...this.#networks.values()].map((one) => one.container(name))];
  }

  /** Clients are nobody that a server could dial. */
  #isMarked(from: string): boolean {
    return this.refusal === null && from !== "client";
  }
}
