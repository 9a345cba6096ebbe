import { z } from "zod";
import { sizeRange } from "../base/units.ts";
import type { Fault } from "./fault.ts";
import { timeThrough } from "./measure-link.ts";
import { linkSelector, mentionLink, resolveLink, selectLink } from "./selector.ts";

/** The echo that measures a cap: half a second of it, at most 4 MiB. */
const ECHO_SECONDS = 0.5;
const ECHO_MAX = 4 * 1024 ** 2;

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
        const bytes = Math.min(ECHO_MAX, Math.max(1_000, Math.round(kilobytes * 1000 * ECHO_SECONDS)));
        const expected = (bytes / (kilobytes * 1000)) * 1000;
        const echo = ["ECHO", Buffer.alloc(bytes, "x")];
        const took = await Promise.all(
          links.map((link) => timeThrough(link, context.clock, echo, expected * 4 + 5_000)),
        );
        const text = links.map(
          (link, i) => `${link.name}: ${took[i] === null ? "no answer" : `${Math.round(took[i] ?? 0)} ms`}`,
        );
        return {
          // 20 % of slack: the toxic lets the first chunk through at once.
          measured: took.every((ms) => ms === null || ms >= expected * 0.8),
          summary: `ECHO of ${bytes} bytes at ${kilobytes} kB/s: ${text.join("; ")}`,
        };
      },
    };
  },
};
