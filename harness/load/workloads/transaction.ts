import type { Random } from "../../base/random.ts";
import { KIND, NOTHING } from "../../journal/history.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { commandHead } from "../../resp/command-writer.ts";
import { type Reply, RespError } from "../../resp/reply.ts";
import { groupKeys } from "./groups.ts";
import type { Ending, Talk, Workload, WriteNumbers } from "./workload.ts";

/*
 *   [WATCH key, GET key,] MULTI ─► OK ─► SET × elements, EXEC ─► an array: done │ nil: a watched key was changed │ EXECABORT
 *                          └─► an error: nothing was sent that could be done outside of a transaction
 */

/** Shares of the operations. */
const READS = 0.25;
const WATCHES = 0.25;
const DISCARDS = 1 / 16;

export const transaction: Workload = {
  name: "transaction",
  summary: "MULTI, SET of all keys of a random group (`elements` keys), EXEC; some with WATCH, DISCARD, or GET",
  needs: ["MULTI", "EXEC", "DISCARD", "WATCH"],
  talk: (spec, random, writes) => () => talk(spec, random, writes),
  recorded: { type: "group", does: ["read", "write"] },
};

function talk(spec: LoadSpec, random: Random, writes: WriteNumbers): Talk {
  const [watch, get, set] = [commandHead("WATCH", 1), commandHead("GET", 1), commandHead("SET", 2)];
  const [multi, exec, discard] = [commandHead("MULTI", 0), commandHead("EXEC", 0), commandHead("DISCARD", 0)];
  const keys = groupKeys(spec);
  const first = groupKeys({ ...spec, elements: 1 });
  let begun = false;
  let [watches, discards] = [false, false];

  return {
    draw(intent) {
      const reads = random.next() < READS;
      watches = !reads && random.next() < WATCHES;
      discards = random.next() < DISCARDS;
      intent.cell = Math.floor(random.next() * spec.keys);
      intent.kind = reads ? KIND.read : KIND.write;
      intent.value = reads ? NOTHING : writes.next();
    },
    begin(to, intent) {
      begun = false;
      if (watches) {
        first(to, intent.cell, { before: () => to.piece(watch) });
        first(to, intent.cell, { before: () => to.piece(get) });
      }
      to.piece(multi);
      return watches ? 3 : 1;
    },
    heard(replies, to, intent) {
      const last = replies.at(-1) as Reply;
      if (begun) return ending(last, intent.kind, (found) => (intent.value = found));
      if (last instanceof RespError) return last;
      begun = true;
      const reads = intent.kind === KIND.read;
      if (reads) keys(to, intent.cell, { before: () => to.piece(get) });
      else keys(to, intent.cell, { before: () => to.piece(set), after: () => writes.write(to, intent.value) });
      to.piece(discards ? discard : exec);
      return spec.elements + 1;
    },
  };

  /** What the reply of EXEC or DISCARD says. */
  function ending(reply: Reply, kind: number, found: (value: number) => void): Ending {
    if (reply instanceof RespError) return reply;
    if (!Array.isArray(reply)) return "nothing";
    // Servers do not roll back: what came before the refused command may have happened.
    if (reply.length !== spec.elements || reply.some((one) => one instanceof RespError)) return "partly";
    if (kind === KIND.read) found(writes.read(reply));
    return "ok";
  }
}
