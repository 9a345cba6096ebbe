import type { Check } from "../check.ts";
import { resultOf } from "../result.ts";
import { judgeBlockedCommands } from "./blocked-commands.ts";
import { judgeHangs } from "./hang-rules.ts";

export const noHang: Check = {
  name: "no-hang",
  summary:
    "No node stops answering, leaves a command of a fault without answer, or stays slow, beyond heal and recovery or the experiment's limit.",
  check(record) {
    if (record.of("condition").length === 0) {
      return { valid: "unknown", why: "the watchdog said nothing of any node", findings: [] };
    }
    const [hangs, blocked] = [judgeHangs(record), judgeBlockedCommands(record)];
    return resultOf({
      findings: [...hangs.findings, ...blocked.findings],
      unknown: [...hangs.unknown, ...blocked.unknown],
    });
  },
};
