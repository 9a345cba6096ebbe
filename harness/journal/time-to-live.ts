import { z } from "zod";
import { scatter } from "../base/scatter.ts";

/**
 * How a load gives a key a deadline, or takes it away: SETEX, SET … EX, SET … PX with a new value; PEXPIREAT and PERSIST of the
 * key as it is.
 */
export const DEADLINE_COMMANDS = ["setex", "set-ex", "set-px", "pexpireat", "persist"] as const;
export type DeadlineCommand = (typeof DEADLINE_COMMANDS)[number];

const ms = z.number().min(0);

/** Keys that expire: of a load, or of the preload, which knows one command only. */
export const timeToLiveSchema = z.strictObject({
  /** How long they live, ms. */
  of: z.strictObject({ min: ms, max: ms }),
  /** Share of the writes, 0..1. */
  share: z.number().gt(0).max(1),
  by: z.array(z.enum(DEADLINE_COMMANDS)).min(1),
});
export type TimeToLive = z.infer<typeof timeToLiveSchema>;

/** What one write of such a load does about its key's deadline. */
export interface Deadline {
  by: DeadlineCommand;
  /** From when it takes effect (PEXPIREAT: from when it is sent) to the deadline, ms; Infinity: PERSIST takes it away. */
  ms: number;
}

/** Of the random-looking bits of a number, as many as decide the share. */
const SHARE = 0x1_0000;
const [OTHER_BITS, MORE_BITS] = [0x9e3779b9, 0x7f4a7c15];

/**
 * A function of the write's number, like its value: who knows a write knows its deadline, and nothing more has to be recorded.
 * null: a plain SET, which also takes away the deadline that the key had.
 */
export function deadlineOf({ of, share, by }: TimeToLive, write: number): Deadline | null {
  const bits = scatter(write ^ OTHER_BITS);
  if ((bits & (SHARE - 1)) >= share * SHARE) return null;
  const command = by[(bits >>> 16) % by.length] as DeadlineCommand;
  const drawn = of.min + (scatter(write ^ MORE_BITS) % (of.max - of.min + 1));
  return { by: command, ms: lifetime(command, Math.floor(drawn)) };
}

/** Does it give the key a new value too? */
export function hasValue({ by }: Deadline): boolean {
  return by !== "pexpireat" && by !== "persist";
}

function lifetime(command: DeadlineCommand, drawn: number): number {
  if (command === "persist") return Infinity;
  // SETEX and EX count whole seconds.
  return command === "set-px" || command === "pexpireat" ? drawn : Math.ceil(drawn / 1000) * 1000;
}
