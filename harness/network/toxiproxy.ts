import { Toxiproxy } from "toxiproxy-node-client";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { until, withDeadline } from "../base/deadline.ts";
import type { Link } from "./link.ts";

/*
 *   r1 ──► toxiproxy:10003 ──(toxics: upstream = to-master)──► m1:6379
 *      ◄──────────────────── (downstream = to-replica) ◄──────
 *
 * One proxy per directed link and port: Toxiproxy dials its upstream inside the accept loop, so a shared proxy would
 * let one unreachable master block every path (docs/facts.md#toxiproxy).
 */

const CALL_MS = 5_000;
/** A thousand proxies at once. */
const OPEN_MS = 30_000;
/** Data held for a peer that has gone is tried for 5 s per chunk before it is thrown away (bandwidth toxic, link.go). */
const REMOVE_MS = 30_000;
const STREAM = { "to-master": "upstream", "to-replica": "downstream" } as const;

interface LinkSpec extends Pick<Link, "from" | "to" | "address" | "published"> {
  /** One per port the system needs: where Toxiproxy listens and what it dials. */
  proxies: readonly { listen: number; upstream: string }[];
}

/** The Toxiproxy server of one cluster. Every call has a deadline, which the client library lacks. */
export class ToxiproxyServer {
  readonly #client: Toxiproxy;
  readonly #api: string;

  private constructor(api: string) {
    this.#api = api;
    this.#client = new Toxiproxy(api);
  }

  /** Waits until the API answers. */
  static async connect(api: string, within: number, signal?: AbortSignal): Promise<ToxiproxyServer> {
    const server = new ToxiproxyServer(api);
    await until({ what: `an answer of Toxiproxy's API at ${api}`, within, signal }, async () => {
      await server.#call("asking for the version", () => server.#client.getVersion());
      return true;
    });
    return server;
  }

  /** Opens all proxies of all links, in one call. In the order given. @param on where they listen; default: on every address of its own */
  async open(links: readonly LinkSpec[], on = "0.0.0.0"): Promise<Link[]> {
    const nameOf = ({ from, to }: LinkSpec, index: number): string => `${from}_${to}_${index}`;
    const wanted = links.flatMap((link) =>
      link.proxies.map(({ listen, upstream }, index) => {
        return { name: nameOf(link, index), listen: `${on}:${listen}`, upstream, enabled: true };
      }),
    );
    const opened = await this.#call("opening the links", () => this.#client.populate(wanted), OPEN_MS);
    return links.map((link) => {
      const { proxies, ...ends } = link;
      const names = proxies.map((_, index) => nameOf(link, index));
      return this.#link(ends, names, opened);
    });
  }

  #link(
    ends: Omit<LinkSpec, "proxies">,
    names: readonly string[],
    opened: Awaited<ReturnType<Toxiproxy["populate"]>>,
  ): Link {
    const name = `${ends.from} -> ${ends.to}`;
    const proxies = names.map((proxy) => {
      const found = opened[proxy];
      if (!found) throw failed(`opening link ${name}`, `its proxy ${proxy} is not among those that were opened`);
      return found;
    });
    return {
      name,
      ...ends,
      addToxic: async (toxic, type, direction, attributes) => {
        const stream = STREAM[direction];
        await Promise.all(
          proxies.map((proxy) =>
            this.#call(`adding toxic ${type} to ${name}`, () =>
              proxy.addToxic({
                name: toxic,
                type: type as "latency",
                stream,
                toxicity: 1,
                attributes: attributes as never,
              }),
            ),
          ),
        );
      },
      removeToxic: async (toxic) => {
        await Promise.all(names.map((proxy) => this.#removeToxic(proxy, toxic)));
      },
    };
  }

  // Asked over HTTP directly: the library cannot remove a toxic by name without first fetching it, and a missing one must be no error.
  async #removeToxic(proxy: string, toxic: string): Promise<void> {
    const url = `${this.#api}/proxies/${proxy}/toxics/${encodeURIComponent(toxic)}`;
    const what = `removing toxic ${toxic} from ${proxy}`;
    await this.#call(
      what,
      async (signal) => {
        const response = await fetch(url, { method: "DELETE", signal });
        const body = await response.text();
        if (!response.ok && response.status !== 404) throw failed(what, `HTTP ${response.status}: ${body}`);
      },
      REMOVE_MS,
    );
  }

  async #call<T>(what: string, work: (signal: AbortSignal) => Promise<T>, within = CALL_MS): Promise<T> {
    try {
      return await withDeadline({ what: `Toxiproxy: ${what}`, within }, work);
    } catch (error) {
      if (error instanceof ChaosError) throw error;
      throw failed(what, error);
    }
  }
}

/** What is in the way of some link: proxies that are off, and toxics. @param api host:port */
export async function toxicsAt(api: string): Promise<string[]> {
  const proxies = await withDeadline({ what: "Toxiproxy: listing the proxies", within: CALL_MS }, async (signal) => {
    const response = await fetch(`http://${api}/proxies`, { signal });
    return (await response.json()) as Record<string, { enabled: boolean; toxics: { name: string }[] }>;
  });
  return Object.entries(proxies).flatMap(([name, { enabled, toxics }]) => [
    ...(enabled ? [] : [`${name} off`]),
    ...toxics.map((toxic) => `${toxic.name} on ${name}`),
  ]);
}

function failed(what: string, cause: unknown): ChaosError {
  return new ChaosError("infrastructure", `Toxiproxy: ${what} failed: ${messageOf(cause)}`, {
    hint: "See the toxiproxy container's log; `kvchaos doctor` checks the image.",
    cause,
  });
}
