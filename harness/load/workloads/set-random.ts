import { command, keys, numbered } from "./keys-and-values.ts";
import type { Workload } from "./workload.ts";

/** SPOP and SRANDMEMBER of several members take so many at most. */
const MOST = 3;

export const setRandom: Workload = {
  name: "set-random",
  summary: "SADD to a random set, SPOP and SRANDMEMBER of it, of one member or a few: the server chooses which",
  needs: ["SPOP", "SRANDMEMBER"],
  source(spec, random) {
    const key = keys(spec, random);
    const member = numbered("element:", spec.elements, random);
    // 0 takes none.
    const few = numbered("", MOST + 1, random);
    const [add, addTwo] = [command("SADD", key, member), command("SADD", key, member, member)];
    const [pop, popSome] = [command("SPOP", key), command("SPOP", key, few)];
    const [look, lookSome] = [command("SRANDMEMBER", key), command("SRANDMEMBER", key, few)];
    return (to) => {
      const drawn = random.next();
      if (drawn < 0.5) (drawn < 0.25 ? add : addTwo)(to);
      else if (drawn < 0.8) (drawn < 0.7 ? pop : popSome)(to);
      else (drawn < 0.9 ? look : lookSome)(to);
    };
  },
};
