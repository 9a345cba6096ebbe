import { wallClock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { showBytes } from "../../base/show-bytes.ts";
import { NOTHING, UNRECORDED } from "../../journal/history.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { encodeCommand } from "../../resp/encode.ts";
import { type Reply, RespError } from "../../resp/reply.ts";
import type { DrawnCommand } from "../commands/choice.ts";
import { WordDrawer } from "../commands/words.ts";
import { OutOfStep, type Talk, type Workload } from "./workload.ts";

/*
 *   ZADD …, ECHO kvchaos:17 ─► a reply, "kvchaos:17": each reply belongs to its command
 *                           └► anything else in its place: some command before has had no reply, or two
 */

/** Every so many keys one has a name that is no text. */
const UNPLEASANT_EVERY = 8;
/** Bytes of a word. */
const WORD_SHOWN = 40;

export const commands: Workload = {
  name: "commands",
  summary: "drawn from the server's whole command table, words by their types; ECHO behind each",
  needs: ["ECHO"],
  drawsFromTable: true,
  blocks: true,
  talk: (spec, random, _writes, table) => () => talk(spec, random, table),
};

function talk(spec: LoadSpec, random: Random, table: readonly DrawnCommand[]): Talk {
  const { keys, elements, value } = spec;
  const space = { name: keyNames(spec), keys, families: 1, elements, value };
  const words = new WordDrawer(space, random, wallClock);
  const pick = picker(table, random);
  let command = "";
  let answer: { reply: Reply } | undefined;
  let argv: Buffer[] = [];
  let token = "";
  let number = 0;
  return {
    get command() {
      return command;
    },
    get words() {
      return argv.map((word) => showBytes(word, WORD_SHOWN)).join(" ");
    },
    draw(intent) {
      const { syntax } = pick();
      command = syntax.name.join(" ");
      token = `kvchaos:${number++}`;
      intent.cell = UNRECORDED;
      intent.value = NOTHING;
      argv = words.draw(syntax).map((word) => Buffer.from(word, "latin1"));
    },
    begin(to) {
      to.whole(encodeCommand(argv));
      to.whole(encodeCommand(["ECHO", token]));
      answer = undefined;
      return 1;
    },
    heard([heard = null]) {
      if (answer === undefined) {
        if (!(heard instanceof RespError) && String(heard) === token) return new OutOfStep(`${command} got no reply`);
        answer = { reply: heard };
        return 1;
      }
      const [{ reply }, echo] = [answer, heard];
      // A server that refuses everything refuses this, too.
      if (!(echo instanceof RespError) && String(echo) !== token) {
        return new OutOfStep(`${token} was to come behind the reply to ${command}, and ${shown(echo)} came`);
      }
      if (!(reply instanceof RespError)) return "ok";
      return isAboutServer(reply) ? reply : "nothing";
    },
  };
}

function shown(reply: Reply): string {
  const text = Array.isArray(reply) ? `an array of ${reply.length}` : JSON.stringify(String(reply));
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** Key 7 of the lists: "commands:7:list". */
function keyNames({ keyPrefix }: Pick<LoadSpec, "keyPrefix">): (number: number, kind: string) => string {
  const prefix = Buffer.from(keyPrefix).toString("latin1");
  return (number, kind) => {
    const end = number % UNPLEASANT_EVERY === UNPLEASANT_EVERY - 1 ? ":\r\n\0\u00ff" : "";
    return `${prefix}${number}:${kind}${end}`;
  };
}

/** Each as often as its weight says. */
function picker(table: readonly DrawnCommand[], random: Random): () => DrawnCommand {
  let sum = 0;
  const until = table.map(({ weight }) => (sum += weight));
  return () => {
    const drawn = random.next() * sum;
    const at = until.findIndex((end) => drawn < end);
    return table[at < 0 ? table.length - 1 : at] as DrawnCommand;
  };
}

/** Words of errors that tell what is wrong with a command or with the data that it met. */
const ABOUT_COMMANDS = /^(?:ERR|WRONGTYPE|NOGROUP|BUSYGROUP|BUSYKEY|INVALIDOBJ|NOSCRIPT|NOTBUSY|NOPERM|UNKNOWN)$/;
/** Errors without such a word of their own that tell of the server's state. */
const ABOUT_SERVERS =
  /read.?only|loading|restoring|in progress|replica|slave|master|max number of clients|out of memory/i;

/** Does it say how the server is, so that the command may succeed later or elsewhere? */
function isAboutServer({ code, message }: RespError): boolean {
  return !ABOUT_COMMANDS.test(code) || (code === "ERR" && ABOUT_SERVERS.test(message));
}
