import { switchMaster } from "../../faults/commands/switch-master.ts";
import type { BashFunction } from "../bash-functions.ts";
import { nodeWord, scriptOf } from "../fault-script.ts";

export const switchMasterScript = scriptOf(
  switchMaster,
  ({ to, node, oldMaster, throughNoOne }) => {
    if (node === null) {
      const target = nodeWord(to);
      const leave = oldMaster === "leave" ? " leave" : "";
      return { inject: [`promote ${target.text}${leave}`], heal: [], functions: ["promote", ...target.functions] };
    }
    const replica = nodeWord(node);
    const other = to === "other-master";
    const target = other
      ? { text: `"$(other_master ${replica.text})"`, functions: ["other-master" as const] }
      : nodeWord(to);
    const piece: BashFunction = throughNoOne ? "repoint-through-no-one" : "repoint";
    return {
      inject: [`${piece.replaceAll("-", "_")} ${replica.text} ${target.text}`],
      heal: [],
      functions: [piece, ...replica.functions, ...target.functions],
    };
  },
  { moves: true },
);
