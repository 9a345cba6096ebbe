import { z } from "zod";
import { sizeRange } from "../../base/units.ts";
import type { Fault } from "../fault.ts";
import { linkSelector, mentionLink, resolveLink, selectLink } from "../selector.ts";
import { capTook, echoOf } from "./measure-link.ts";

const params = z.strictObject({
  links: z.array(linkSelector).min(1),
  rate: sizeRange.describe("bytes per second in each direction, at least 1KB"),
});
type Params = z.infer<typeof params>;
const resolved = z.strictObject({ links: z.array(linkSelector).min(1), rate: z.number().min(1) });
type Resolved = z.infer<typeof resolved>;

/**
 * Caps links at `rate` bytes per second in each direction (bandwidth toxic, whole kB/s).
 * Heal: toxics removed. Effect: an ECHO of half a second's worth of bytes takes as long as the cap says.
 */
export const bandwidth: Fault<Params, Resolved> = {
  kind: "bandwidth",
  summary: "cap the throughput of links",
  lasting: true,
  params,
  resolved,
  mentions: (p) => p.links.flatMap((link, i) => mentionLink(link, ["links", i])),
  resolve: (p, random, _occurrence, shape) => ({
    links: p.links.map((link) => resolveLink(link, random, shape)),
    rate: Math.round(p.rate),
  }),
  inject: async (context, p) => {
    const links = p.links.map((link) => selectLink(context.cluster, link));
    const kilobytes = Math.max(1, Math.round(p.rate / 1000));
    for (const link of links) {
      for (const direction of ["to-master", "to-replica"] as const) {
        const name = `${context.id}-${direction}`;
        context.onHeal(`remove bandwidth from ${link.name} (${direction})`, () => link.removeToxic(name));
        await link.addToxic(name, "bandwidth", direction, { rate: kilobytes });
      }
    }
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
};
