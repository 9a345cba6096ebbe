import { partition } from "../../faults/links/partition.ts";
import { word } from "../bash.ts";
import { containerWord, type FaultLines, nodeVariable, scriptOf } from "../fault-script.ts";
import { BOTH, type Stream, toxicLines } from "./toxic.ts";

/** As faults/links/partition.ts does it: nothing passes and nothing is lost; what is sent is lost; connections are reset. */
const TOXICS = {
  blackhole: ["bandwidth", { rate: 0 }],
  drop: ["timeout", { timeout: 0 }],
  reset: ["reset_peer", { timeout: 0 }],
} as const;

export const partitionScript = scriptOf(
  partition,
  ({ links, isolate, mode, direction }, id) => {
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
  { links: ({ mode }) => mode !== "disconnect", disconnects: ({ mode }) => mode === "disconnect" },
);

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
