import {
  type Incoming,
  type Outgoing,
  redirect,
  redirectRefusal,
  VirtualAddresses,
} from "../network/virtual-addresses.ts";
import type { System } from "../systems/system.ts";
import type { Address } from "./cluster.ts";
import type { LinkPlan } from "./open-links.ts";
import type { ClusterSpec } from "./spec.ts";

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

  /** @param subnet of the data network */
  constructor(system: Pick<System, "port">, spec: ClusterSpec, subnet: string, engineIsLocal: boolean) {
    this.#spec = spec;
    this.#port = system.port;
    this.refusal = redirectRefusal(engineIsLocal);
    const names = spec.nodes.filter(({ role }) => role !== "control").map(({ name }) => name);
    this.addresses = new VirtualAddresses(subnet, names);
  }

  /** What a server or sentinel is known by to all others. */
  addressOf(name: string): Address {
    const port = this.#spec.nodes.find((node) => node.name === name)?.port ?? this.#port;
    return { host: this.addresses.of(name), port };
  }

  /** The port of its server that a link's proxy dials: one of its own, by which the server's side knows the link. */
  upstreamPort({ from, listen, port }: LinkPlan, offset: number): number {
    return this.#isMarked(from) ? listen + offset : port + offset;
  }

  /** Whom an address means that some server has learnt or shows; null: none of them. @param links with what Toxiproxy is called */
  nodeAt(host: string, port: number, links: readonly LinkPlan[], toxiproxy: readonly string[]): string | null {
    if (toxiproxy.includes(host)) return links.find(({ listen }) => listen === port)?.to ?? null;
    const name = this.addresses.nameOf(host);
    return name !== null && this.addressOf(name).port === port ? name : null;
  }

  /** Sets the rules in the namespace of a node that was just started. @param toxiproxy its address on the data network */
  async prepare(name: string, pid: number, links: readonly LinkPlan[], toxiproxy: string): Promise<void> {
    if (this.refusal !== null || this.#spec.nodes.find((node) => node.name === name)?.role === "control") return;
    const outgoing = links
      .filter(({ from }) => from === name)
      .flatMap(({ to, listen, port, offsets }) =>
        [this.addresses.of(to), this.addresses.container(to)].flatMap((host) =>
          offsets.map((offset): Outgoing => ({ host, port: port + offset, listen: listen + offset })),
        ),
      );
    const own = [this.addresses.of(name)].map((host): Outgoing => {
      return { host, port: this.addressOf(name).port, listen: null };
    });
    const incoming = links
      .filter(({ to, from }) => to === name && this.#isMarked(from))
      .flatMap((link) =>
        link.offsets.map((offset): Incoming => {
          const source = this.addresses.of(link.from);
          return { listen: this.upstreamPort(link, offset), port: link.port + offset, source };
        }),
      );
    await redirect(pid, toxiproxy, { outgoing: [...outgoing, ...own], incoming });
  }

  /** Clients are nobody that a server could dial. */
  #isMarked(from: string): boolean {
    return this.refusal === null && from !== "client";
  }
}
