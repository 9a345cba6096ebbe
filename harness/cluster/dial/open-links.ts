import type { Link } from "../../network/link.ts";
import type { ToxiproxyServer } from "../../network/toxiproxy.ts";
import type { DialPaths } from "./dial-paths.ts";
import type { LinkPlan } from "./link-plan.ts";

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
