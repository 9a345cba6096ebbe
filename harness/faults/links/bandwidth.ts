import { defineFault } from "../fault.ts";
import { linksParameter, parameters, sizeParameter } from "../parameters.ts";
import { linkPattern, selectLink } from "../selector.ts";
import { capTook, echoOf } from "./measure-link.ts";
import { addToxics } from "./toxics.ts";

/**
 * Caps links at `rate` bytes per second in each direction (bandwidth toxic, whole kB/s).
 * Heal: toxics removed. Effect: an ECHO of half a second's worth of bytes takes as long as the cap says.
 */
export const bandwidth = defineFault({
  kind: "bandwidth",
  summary: "cap the throughput of links",
  lasting: true,
  parameters: parameters({
    links: linksParameter("what is capped"),
    rate: sizeParameter("bytes per second in each direction, at least 1KB"),
  }),
  holdsUp: ({ links }) => links.map(linkPattern),
  inject: async (context, p) => {
    const links = p.links.map((link) => selectLink(context.cluster, link));
    const kilobytes = Math.max(1, Math.round(p.rate / 1000));
    await addToxics(context, links, "bandwidth", ["bandwidth", { rate: kilobytes }]);
    return {
      targets: links.map((link) => link.name),
      effect: async () => {
        const echo = echoOf(kilobytes * 1000);
        const took = await Promise.all(links.map((link) => echo.through(link, context.clock)));
        const text = links.map(
          (link, i) => `${link.name}: ${took[i] === null ? "no answer" : `${Math.round(took[i] ?? 0)} ms`}`,
        );
        return {
          measured: took.every((ms) => capTook(ms, echo.expected)),
          summary: `ECHO of ${echo.bytes} bytes at ${kilobytes} kB/s: ${text.join("; ")}`,
        };
      },
    };
  },
});
