import { bandwidth } from "../../faults/links/bandwidth.ts";
import { latency } from "../../faults/links/latency.ts";
import { packets } from "../../faults/links/packets.ts";
import { partition } from "../../faults/links/partition.ts";
import { indented, word } from "../bash.ts";
import {
  containerWord,
  type FaultLines,
  type FaultScript,
  linkVariable,
  nodeVariable,
  scriptOf,
  Untranslatable,
} from "../fault-script.ts";
import { addToxic, BOTH, bandwidthToxic, toxicLines } from "./toxic.ts";

const ALWAYS = { links: () => true };

const bandwidthScript = scriptOf(
  bandwidth,
  ({ links, rate }, id) => toxicLines(links, id, bandwidthToxic(rate)),
  ALWAYS,
);

const latencyScript = scriptOf(
  latency,
  ({ links, latency: ms, jitter }, id) =>
    toxicLines(links, id, { type: "latency", attributes: { latency: ms, jitter } }),
  ALWAYS,
);

/** As faults/links/partition.ts does it: nothing passes and nothing is lost; what is sent is lost; connections are reset. */
const CUTS = {
  blackhole: { type: "bandwidth", attributes: { rate: 0 } },
  drop: { type: "timeout", attributes: { timeout: 0 } },
  reset: { type: "reset_peer", attributes: { timeout: 0 } },
} as const;
const STREAMS = { both: BOTH, "to-master": ["upstream"], "to-replica": ["downstream"] } as const;

const partitionScript = scriptOf(
  partition,
  ({ links, isolate, mode, direction }, id) => {
    const node = nodeVariable(isolate ?? "");
    if (mode === "disconnect") return disconnect(node);
    const toxic = { ...CUTS[mode], streams: STREAMS[direction] };
    if (links) return toxicLines(links, id, toxic);
    const each = (lines: string[]) => [`for link in $(links_of ${node.use}); do`, ...indented(lines), "done"];
    return {
      inject: [...node.set, ...each(addToxic('"$link"', id, toxic))],
      heal: each([`remove_toxic "$link" ${word(id)}`]),
    };
  },
  { links: ({ mode }) => mode !== "disconnect", disconnects: ({ mode }) => mode === "disconnect" },
);

function disconnect({ set, use }: ReturnType<typeof nodeVariable>): FaultLines {
  return {
    inject: [...set, `docker network disconnect "$P" ${containerWord(use)}`],
    heal: [`docker network connect --alias ${use} "$P" ${containerWord(use)}`],
    differs: ["The node may come back with another address; it is reached by its name."],
  };
}

const packetsScript = scriptOf(
  packets,
  ({ node: selector, links, loss, duplicate, reorder, latency: late }) => {
    if (duplicate !== null || reorder !== null || late !== null) {
      throw new Untranslatable(
        "packets are doubled, delayed and reordered by netem, for which this script has no words",
      );
    }
    const ends = links?.map((link, i) => linkVariable(link, `link${i}`)) ?? [nodeVariable(selector ?? "")];
    const [begin, end] = links ? ["lose_packets_of_link", "lose_none_of_link"] : ["lose_packets", "lose_none"];
    return {
      inject: ends.flatMap(({ set, use }) => [...set, `${begin} ${use} ${(loss ?? 0).toFixed(6)}`]),
      heal: ends.map(({ use }) => `${end} ${use}`),
      differs: ["It needs root, nsenter and iptables on the engine's machine."],
    };
  },
  { links: ({ links }) => links !== null },
);

export const linkScripts: readonly FaultScript[] = [bandwidthScript, latencyScript, packetsScript, partitionScript];
