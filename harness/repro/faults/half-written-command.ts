import { halfWrittenCommand } from "../../faults/clients/half-written-command.ts";
import { nodeVariable, scriptOf } from "../fault-script.ts";

/** As faults/clients/half-written-command.ts sends it, for printf: 044 is the dollar sign. */
const SET = "*3\\r\\n\\0443\\r\\nSET\\r\\n\\04412\\r\\nkvchaos";

export const halfWrittenCommandScript = scriptOf(
  halfWrittenCommand,
  ({ node: selector, connections, how, announce }, _id, { secret }) => {
    const node = nodeVariable(selector);
    const stays = how === "half" || how === "huge";
    const half = how === "huge" ? `${SET}:half\\r\\n\\044${announce}\\r\\nx` : SET;
    return {
      inject: [
        ...node.set,
        `connect_many ${node.use} ${connections} 0`,
        ...(secret ? ['write_all "AUTH $PASSWORD\\r\\n"'] : []),
        `write_all '${half}'`,
        ...(stays ? [] : ["disconnect_many"]),
      ],
      heal: stays ? ["disconnect_many"] : [],
      functions: ["connect-many", ...node.functions],
      differs: [
        "It dials the container's own address, so it needs Docker on Linux.",
        ...(how === "reset" ? ["bash cannot send a RST: they end with a FIN."] : []),
      ],
    };
  },
);
