import { z } from "zod";
import type { BashFunction } from "../bash-functions.ts";
import { type FaultScript, nodeWord } from "../fault-script.ts";

const params = z.looseObject({
  to: z.string(),
  node: z.string().nullable(),
  oldMaster: z.enum(["replica", "leave"]),
  throughNoOne: z.boolean(),
});

export const switchMaster: FaultScript = {
  kind: "switch-master",
  moves: true,
  write(given) {
    const { to, node, oldMaster, throughNoOne } = params.parse(given);
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
};
