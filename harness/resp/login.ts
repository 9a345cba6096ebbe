import type { TlsSettings } from "./dial.ts";

/** Who we say we are to a server, and how it wants to be dialled. Plain data, which may cross a thread border. */
export interface Login {
  /** An ACL user; absent: the default one. */
  username?: string | undefined;
  password?: string | undefined;
  /** Absent: none. */
  tls?: TlsSettings | undefined;
}
