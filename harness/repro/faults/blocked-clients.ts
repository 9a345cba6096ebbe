import { blockedClients } from "../../faults/clients/blocked-clients.ts";
import { nodeVariable, scriptOf } from "../fault-script.ts";

const KEY = "kvchaos:blocked";
/** `ms` 0: for ever. */
const WORDS = {
  blpop: (ms: number) => ["BLPOP", KEY, String(ms / 1000)],
  brpop: (ms: number) => ["BRPOP", KEY, String(ms / 1000)],
  xread: (ms: number) => ["XREAD", "BLOCK", String(ms), "STREAMS", KEY, "$"],
};

export const blockedClientsScript = scriptOf(
  blockedClients,
  ({ node: selector, connections, command, timeout }, _id, { secret }) => {
    const node = nodeVariable(selector);
    const words = WORDS[command](timeout ?? 0);
    // As RESP for printf, of which 044 is the dollar sign.
    const bytes = `*${words.length}${words.map((one) => `\\r\\n$${one.length}\\r\\n${one}`).join("")}\\r\\n`;
    return {
      inject: [
        ...node.set,
        `connect_many ${node.use} ${connections} 0`,
        ...(secret ? ['write_all "AUTH $PASSWORD\\r\\n"'] : []),
        `write_all '${bytes.replaceAll("$", "\\044")}'`,
      ],
      heal: ["disconnect_many"],
      functions: ["connect-many", ...node.functions],
      differs: [
        "It dials the container's own address, so it needs Docker on Linux.",
        ...(timeout === null ? [] : ["It closes all of them; kvchaos goes on waiting for those that have no answer."]),
        "In cluster mode the key must belong to that node: put its hash tag in front.",
      ],
    };
  },
);
