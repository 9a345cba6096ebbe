import { defineFault } from "../fault.ts";
import { drawnDurationParameter, durationParameter, linksParameter, parameters } from "../parameters.ts";
import { linkPattern, selectLink } from "../selector.ts";
import { timeThrough } from "./measure-link.ts";
import { addToxics } from "./toxics.ts";

/**
 * Delays everything on links, `latency` ± `jitter` in each direction (latency toxic).
 * Heal: toxics removed. Effect: a PING through each link takes at least the two delays.
 */
export const latency = defineFault({
  kind: "latency",
  onAttached: "free",
  summary: "delay everything on links",
  lasting: true,
  parameters: parameters({
    links: linksParameter("what is delayed"),
    latency: drawnDurationParameter("delay of each direction", { whole: true }),
    jitter: durationParameter("how much more or less each time").default("0ms"),
  }),
  holdsUp: ({ links }) => links.map(linkPattern),
  inject: async (context, p) => {
    const links = p.links.map((link) => selectLink(context.cluster, link));
    const before = await Promise.all(links.map((link) => timeThrough(link, context.clock, ["PING"], 2_000)));
    await addToxics(context, links, "latency", ["latency", { latency: p.latency, jitter: p.jitter }]);
    return {
      targets: links.map((link) => link.name),
      effect: async () => {
        const floor = 2 * Math.max(0, p.latency - p.jitter);
        const within = 2 * (p.latency + p.jitter) + 2_000;
        const after = await Promise.all(links.map((link) => timeThrough(link, context.clock, ["PING"], within)));
        const text = links.map((link, i) => `${link.name}: ${show(before[i])} -> ${show(after[i])}`).join("; ");
        return { measured: after.every((ms) => ms !== null && ms >= floor * 0.95), summary: `PING ${text}` };
      },
    };
  },
});

function show(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? "no answer" : `${ms.toFixed(1)} ms`;
}
