import { z } from "zod";
import { type FaultScript, nodeVariable } from "../fault-script.ts";

const params = z.looseObject({
  node: z.string(),
  connections: z.number().int(),
  over: z.number(),
  send: z.enum(["nothing", "ping"]),
  end: z.enum(["hold", "close", "reset"]),
});

export const connectionStorm: FaultScript = {
  kind: "connection-storm",
  write(given) {
    const { node: selector, connections, over, send, end } = params.parse(given);
    const node = nodeVariable(selector);
    const leave = end === "hold" ? [] : ["disconnect_many"];
    return {
      inject: [
        ...node.set,
        `connect_many ${node.use} ${connections} ${Math.round(over)}`,
        ...(send === "ping" ? ["write_all 'PING\\r\\n'"] : []),
        ...leave,
      ],
      heal: end === "hold" ? ["disconnect_many"] : [],
      functions: ["connect-many", ...node.functions],
      differs: [
        "It dials the container's own address, so it needs Docker on Linux.",
        ...(end === "hold" ? [] : ["They are closed when all are open; kvchaos closes each at once."]),
        ...(end === "reset" ? ["bash cannot send a RST: they end with a FIN."] : []),
      ],
    };
  },
};
