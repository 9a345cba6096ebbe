import { diskFull } from "../../faults/resources/disk-full.ts";
import { nodeVariable, scriptOf } from "../fault-script.ts";

export const diskFullScript = scriptOf(diskFull, ({ node: selector, leave }) => {
  const node = nodeVariable(selector);
  return {
    inject: [...node.set, `fill_disk ${node.use} ${Math.round(leave)}`],
    heal: [`free_disk ${node.use}`],
    functions: ["fill-disk", ...node.functions],
  };
});
