import { z } from "zod";
import { word } from "../bash.ts";
import { containerWord, type FaultLines, type FaultScript, nodeVariable } from "../fault-script.ts";
import { BOTH, type Stream, toxicLines } from "./toxic.ts";

const params = z.looseObject({
  links: z.array(z.string()).optional(),
  isolate: z.string().optional(),
  mode: z.enum(["blackhole", "drop", "reset", "disconnect"]),
  direction: z.enum(["both", "to-master", "to-replica"]),
});

/** As faults/links/partition.ts does it: nothing passes and nothing is lost; what is sent is lost; connections are reset. */
const TOXICS = {
  blackhole: ["bandwidth", { rate: 0 }],
  drop: ["timeout", { timeout: 0 }],
  reset: ["reset_peer", { timeout: 0 }],
} as const;

export const partition: FaultScript = {
  kind: "partition",
  links: (given) => params.parse(given).mode !== "disconnect",
  disconnects: (given) => params.parse(given).mode === "disconnect",
  write(given, id) {
    const { links, isolate, mode, direction } = params.parse(given);
    if (mode === "disconnect") return disconnect(isolate ?? "");
    const [type, attributes] = TOXICS[mode];
    const streams: readonly Stream[] =
      direction === "both" ? BOTH : [direction === "to-master" ? "upstream" : "downstream"];
    if (links) return toxicLines(links, id, type, streams, attributes);
    const node = nodeVariable(isolate ?? "");
    const each = (lines: string[]) => [
      `for link in $(links_of ${node.use}); do`,
      ...lines.map((line) => `  ${line}`),
      "done",
    ];
    return {
      inject: [
        ...node.set,
        ...each(
          streams.map(
            (stream) => `add_toxic "$link" ${word(id)} ${type} ${stream} ${word(JSON.stringify(attributes))}`,
          ),
        ),
      ],
      heal: each([`remove_toxic "$link" ${word(id)}`]),
      functions: ["links-of", "toxics", ...node.functions],
    };
  },
};

function disconnect(selector: string): FaultLines {
  const node = nodeVariable(selector);
  const container = containerWord(node.use);
  return {
    inject: [...node.set, `docker network disconnect "$P" ${container}`],
    heal: [`docker network connect --alias ${node.use} "$P" ${container}`],
    functions: node.functions,
    differs: ["The node may come back with another address; it is reached by its name."],
  };
}
