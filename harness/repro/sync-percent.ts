import type { System } from "../systems/system.ts";
import { posixRegex } from "./ere.ts";

const ACTIONS: Partial<Record<System["logRules"][number]["meaning"], string>> = {
  "full-sync-start": "on = 1; percent = 0",
  restoring: "on = 1; percent = 100",
  "full-sync-done": "on = 0",
  "full-sync-failed": "on = 0",
  "full-sync-ended": "on = 0",
};

/**
 * Bash function `sync_percent NODE`: how far its full sync is, 0 to 100; nothing while none is under way. INFO where it tells,
 * else the log rules of the system, in their order.
 */
export function syncPercentFunction({ logRules }: Pick<System, "logRules">): string {
  const rules = logRules.flatMap(({ pattern, meaning }) => {
    const regex = posixRegex(pattern.source)?.replaceAll("/", "\\/");
    if (regex === undefined) return [];
    const done = /\?<done>/.test(pattern.source) && /\?<total>/.test(pattern.source);
    const progress = done ? "on = 1; p = part($0); if (p > percent) percent = p" : "on = 1";
    const action = meaning === "full-sync-progress" ? progress : ACTIONS[meaning];
    return action === undefined ? [] : [`      /${regex}/ { ${action}; next }`];
  });
  return `# sync_percent NODE: how far its full sync is, 0 to 100, as INFO or its log tells; nothing while none is under way.
sync_percent() {
  local percent
  percent=$(WITHIN=2 state "$1" | sed -n 's/.*syncing=1.*percent=\\([0-9][0-9]*\\).*/\\1/p')
  if [ -n "$percent" ]; then printf '%s' "$percent" && return; fi
  docker logs --tail 2000 "$P-$1" 2>&1 | awk '
      function part(line, a) {
        if (!match(line, /[0-9]+\\/[0-9]+/)) return 0
        split(substr(line, RSTART, RLENGTH), a, "/")
        return a[2] > 0 ? int(100 * a[1] / a[2]) : 0
      }
${rules.join("\n")}
      END { if (on) printf "%d", percent }'
}`;
}
