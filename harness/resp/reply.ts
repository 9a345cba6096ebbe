/** A decoded RESP2 reply. Bulk strings stay bytes: keys and values are data, not text. */
export type Reply = null | number | bigint | string | Buffer | RespError | Reply[];

/** An error reply (`-LOADING …`). A value, not an exception: an error reply is an answer. */
export class RespError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
  /** The first word: "LOADING", "READONLY", "ERR". */
  get code(): string {
    return this.message.split(" ", 1)[0] ?? "";
  }
}

/**
 * What became of one command. `fail`: it definitely had no effect. `info`: it may or may not have happened
 * (no reply before the deadline, connection lost after sending).
 */
export type Outcome =
  | { outcome: "ok"; reply: Exclude<Reply, RespError> }
  | { outcome: "fail"; error: string; reply?: RespError }
  | { outcome: "info"; error: "timeout" | "connection-lost" };
