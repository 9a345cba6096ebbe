import { z } from "zod";
import { type FaultScript, nodeWord } from "../fault-script.ts";
import type { Piece } from "../pieces.ts";

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
      return { inject: [`promote ${target.text}${leave}`], heal: [], pieces: ["promote", ...target.pieces] };
    }
    const replica = nodeWord(node);
    const other = to === "other-master";
    const target = other
      ? { text: `"$(other_master ${replica.text})"`, pieces: ["other-master" as const] }
      : nodeWord(to);
    const piece: Piece = throughNoOne ? "repoint-through-no-one" : "repoint";
    return {
      inject: [`${piece.replaceAll("-", "_")} ${replica.text} ${target.text}`],
      heal: [],
      pieces: [piece, ...replica.pieces, ...target.pieces],
    };
  },
};
