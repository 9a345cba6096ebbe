import type { KeySpace } from "../journal/loads/key-space.ts";
import type { CommandWriter } from "../resp/command-writer.ts";
import type { Login } from "../resp/login.ts";
import type { Dialogue } from "./dialogue.ts";
import type { LoadTarget } from "./load.ts";
import type { PipeLog } from "./operation-log.ts";
import type { Redirects } from "./redirects/redirects.ts";
import type { Tally } from "./tally.ts";

export interface PipeSettings {
  /** Commands in flight at most. */
  pipeline: number;
  /** Milliseconds for connecting, and for each reply. */
  timeout: number;
  login: Login | undefined;
  /** Absent: the first. */
  space: KeySpace | undefined;
  tally: Tally;
  /** Opens the log of a new connection's operations; undefined: they are not recorded. */
  log: ((target: LoadTarget) => PipeLog) | undefined;
  /** Opens what is said on a new connection of a load whose operations take several commands; undefined: they take one. */
  dialogue: ((target: LoadTarget) => Dialogue) | undefined;
  /** Follows servers' redirections; undefined: the masters do not share the key space. */
  redirects: Redirects | undefined;
  /** Every connection of a load fills it and sends what it holds. */
  writer: CommandWriter;
  /** Milliseconds, any origin. */
  now(): number;
}

export interface PipeEvents<Pipe> {
  /** Room for commands: just connected, replies came, or a write was taken over by the kernel. */
  onRoom(pipe: Pipe): void;
  /** Told once. `refused`: the error class when it never was ready for commands. */
  onEnd(pipe: Pipe, refused: string | undefined): void;
  /** What came is no reply, or one to another command: of which command, where that is known. */
  onOutOfStep(at: LoadTarget, text: string, command?: string): void;
  /** Nobody knows what became of it: a command that is drawn from the server's table. */
  onLost(at: LoadTarget, words: string): void;
  /** A server said that the key's slot is another's: "MOVED 2843 172.21.255.254:6379". */
  onMoved(pipe: Pipe, text: string): void;
}
