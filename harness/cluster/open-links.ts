import type { Link } from "../network/link.ts";
import type { ToxiproxyServer } from "../network/toxiproxy.ts";
import type { System } from "../systems/system.ts";
import type { DialPaths } from "./dial/dial-paths.ts";
import type { SelfRule } from "./self-rule.ts";
import { linksOf } from "./shape.ts";
import type { ClusterSpec } from "./spec.ts";

/** First port of the links inside the toxiproxy container; offsets (Pika +2000 and +10001, Redis Cluster +10000) then never collide. */
const FIRST_LISTEN = 10_000;

/** One link as it is to be: by number, so that its ports follow from it. */
export interface LinkPlan {
  from: string;
  to: string;
  /** Where Toxiproxy listens for the port that clients dial; further ones are so many above it. */
  listen: number;
  /** The ports of `to`: what clients dial, and from there what else is dialled. */
  port: number;
  offsets: readonly number[];
}

/** All links of a cluster with their ports. */
export function planLinks(
  { nodes }: Pick<ClusterSpec, "nodes">,
  system: Pick<System, "port" | "portOffsets">,
  selfRule: SelfRule | null,
): LinkPlan[] {
  const named = (...roles: string[]) => nodes.filter(({ role }) => roles.includes(role)).map(({ name }) => name);
  return linksOf(named("master", "replica"), named("sentinel")).map(({ from, to }, i) => ({
    from,
    to,
    listen: FIRST_LISTEN + i,
    port: nodes.find(({ name }) => name === to)?.port ?? system.port,
    offsets: selfRule?.offsets(from) ?? system.portOffsets,
  }));
}

/** Opens them. @param host Toxiproxy's name on the data network @param published their ports on 127.0.0.1, in the same order */
export function openLinks(
  server: ToxiproxyServer,
  links: readonly LinkPlan[],
  { host, published, paths }: { host: string; published: readonly number[]; paths: DialPaths },
): Promise<Link[]> {
  return Promise.all(
    links.map((link, i) => {
      const { from, to, listen, offsets } = link;
      return server.open({
        from,
        to,
        address: from === "client" || paths.refusal !== null ? { host, port: listen } : paths.addressOf(to),
        published: { host: "127.0.0.1", port: published[i] as number },
        proxies: offsets.map((offset) => ({
          listen: listen + offset,
          upstream: `${to}:${paths.upstreamPort(link, offset)}`,
        })),
      });
    }),
  );
}
