import { wallClock } from "../../base/clock.ts";
import { deadlineOf, hasValue, type TimeToLive } from "../../journal/time-to-live.ts";
import { type CommandWriter, commandHead, Text } from "../../resp/command-writer.ts";

/** Writes the command by which write `number` sets key `key`, or changes its deadline. True: it sets a value. */
export type KeyWriter = (to: CommandWriter, key: number, number: number) => boolean;

const NONE = new Text("");
const [EX, PX] = [new Text("$2\r\nEX\r\n"), new Text("$2\r\nPX\r\n")];

/**
 * SET of a load's keys, of which some get a deadline, lose it, or get another one: which, their numbers say (deadlineOf).
 * @param value writes the value of write `number`, as one argument @param wall the clock of the servers
 */
export function keyWriter(
  { keyPrefix, ttl }: { keyPrefix: string; ttl?: TimeToLive | undefined },
  value: (to: CommandWriter, number: number) => void,
  wall = wallClock,
): KeyWriter {
  const prefix = new Text(keyPrefix);
  const heads = {
    set: commandHead("SET", 2),
    setex: commandHead("SETEX", 3),
    "set-ex": commandHead("SET", 4),
    "set-px": commandHead("SET", 4),
    pexpireat: commandHead("PEXPIREAT", 2),
    persist: commandHead("PERSIST", 1),
  };
  const begin = (to: CommandWriter, command: keyof typeof heads, key: number): void => {
    to.piece(heads[command]);
    to.numbered(prefix, key);
  };
  return (to, key, number) => {
    const deadline = ttl === undefined ? null : deadlineOf(ttl, number);
    begin(to, deadline?.by ?? "set", key);
    if (deadline?.by === "setex") to.numbered(NONE, deadline.ms / 1000);
    if (deadline === null || hasValue(deadline)) value(to, number);
    if (deadline?.by === "set-ex") {
      to.piece(EX);
      to.numbered(NONE, deadline.ms / 1000);
    } else if (deadline?.by === "set-px") {
      to.piece(PX);
      to.numbered(NONE, deadline.ms);
    } else if (deadline?.by === "pexpireat") to.numbered(NONE, Math.floor(wall()) + deadline.ms);
    return deadline === null || hasValue(deadline);
  };
}
