import { connectionStorm } from "../../faults/clients/connection-storm.ts";
import { nodeVariable, scriptOf } from "../fault-script.ts";

export const connectionStormScript = scriptOf(connectionStorm, ({ node: selector, connections, over, send, end }) => {
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
});
