import type { CommandWriter } from "../../resp/command-writer.ts";
import type { RawConnection } from "../../resp/connection.ts";
import { Decoder } from "../../resp/decode.ts";
import type { Dialogue } from "../dialogue.ts";
import type { Ending } from "../workloads/workload.ts";

/*
 *   [ASKING,] WATCH k, [ASKING,] GET k, [ASKING,] MULTI ─► SET k v, SET l v, EXEC      within MULTI the first ASKING goes on
 */

/**
 * Has an operation of several commands once more, on a connection that nobody else uses. Returns how it ended there; or, when a reply
 * did not come, why: then nobody knows whether it happened.
 * @param asking the server is only about to get the keys' slot
 * @param left how many ms of the operation's time are left
 */
export async function repeat(
  dialogue: Dialogue,
  connection: RawConnection,
  { writer, asking, left }: { writer: CommandWriter; asking: boolean; left(): number },
): Promise<{ ending: Ending } | { unknown: "timeout" | "connection-lost" }> {
  let inTransaction = false;
  dialogue.again(writer);
  for (;;) {
    const within = Math.max(1, left());
    const answers = commandsIn(Buffer.from(writer.take())).map((argv) => {
      const name = String(argv[0]);
      if (asking && !inTransaction) void connection.send(["ASKING"], { within });
      if (name === "MULTI") inTransaction = true;
      else if (name === "EXEC" || name === "DISCARD") inTransaction = false;
      return connection.send(argv, { within });
    });
    for (const answer of answers) {
      const outcome = await answer;
      const reply = outcome.outcome === "info" ? undefined : outcome.reply;
      if (reply === undefined) return { unknown: outcome.outcome === "info" ? outcome.error : "connection-lost" };
      const ending = dialogue.heard(reply, writer);
      if (ending !== undefined) return { ending };
    }
  }
}

/** The words of each command in these bytes. */
export function commandsIn(bytes: Buffer): Buffer[][] {
  const decoder = new Decoder();
  decoder.push(bytes);
  const commands: Buffer[][] = [];
  for (let words = decoder.next(); words !== undefined; words = decoder.next()) {
    if (Array.isArray(words)) commands.push(words.map((word) => Buffer.from(word as Buffer)));
  }
  return commands;
}
