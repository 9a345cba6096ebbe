import { slowReader } from "../../faults/clients/slow-reader.ts";
import { type FaultLines, nodeVariable, scriptOf } from "../fault-script.ts";
import { kilobytes } from "./bandwidth.ts";
import { toxicLines } from "./toxic.ts";

const CLIENT = /^\s*client\s*->\s*(\S+)\s*$/;

export const slowReaderScript = scriptOf(
  slowReader,
  ({ links, rate, pending }, id) => {
    const replicas = links.filter((link) => !CLIENT.test(link));
    const lines = toxicLines(replicas, id, "bandwidth", ["downstream"], { rate: kilobytes(rate) });
    const clients = links
      .flatMap((link) => CLIENT.exec(link)?.[1] ?? [])
      .map((node, i) => client(node, i, rate, pending));
    return {
      inject: [...lines.inject, ...clients.flatMap(({ inject }) => inject)],
      heal: [...lines.heal, ...clients.flatMap(({ heal }) => heal)],
      functions: [...lines.functions, ...clients.flatMap(({ functions }) => functions)],
      ...(clients.length > 0
        ? { differs: ["The slow client reads the container's own address, so it needs Docker on Linux."] }
        : {}),
    };
  },
  { links: ({ links }) => links.some((link) => !CLIENT.test(link)) },
);

function client(selector: string, i: number, rate: number, pending: number): FaultLines {
  const node = nodeVariable(selector, `node${i}`);
  return {
    inject: [...node.set, `slow_client ${node.use} ${rate} ${pending} &`, `reader${i}=$!`],
    heal: [`kill "$reader${i}"`],
    functions: ["slow-client", ...node.functions],
  };
}
