import { readFile } from "node:fs/promises";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { type Access, PASSWORD, SENTINEL_PASSWORD } from "../../live/discover.ts";
import { readTls } from "../../resp/dial.ts";

/** How servers that are there are reached. */
export const LOGIN = {
  user: { type: "string", describe: "ACL user" },
  "password-file": { type: "string", describe: `file with the password; default: ${PASSWORD} of the environment` },
} as const;

export const TLS = {
  tls: { type: "boolean", default: false, describe: "servers want TLS" },
  ca: { type: "string", describe: "with --tls: file of certificates (PEM) that are trusted" },
  cert: { type: "string", describe: "with --tls: file of our own certificate (PEM)" },
  key: { type: "string", describe: "with --tls: file of its key (PEM)" },
  insecure: { type: "boolean", default: false, describe: "with --tls: believe whoever answers" },
} as const;

interface Said {
  user: string | undefined;
  "password-file": string | undefined;
  tls?: boolean;
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  insecure?: boolean;
}

/** Passwords come from the environment or a file: a command line is everybody's to read. */
export async function readAccess(said: Said): Promise<Access> {
  const { user, tls = false, insecure = false, ca, cert, key, "password-file": file } = said;
  if (!tls && (ca ?? cert ?? key) !== undefined) throw new ChaosError("usage", "--ca, --cert and --key are for --tls");
  const own = file === undefined ? process.env[PASSWORD] : await passwordIn(file);
  return {
    username: user,
    password: own === "" ? undefined : own,
    sentinelPassword: process.env[SENTINEL_PASSWORD],
    tls: tls ? readTls({ ca, cert, key }, !insecure) : undefined,
  };
}

async function passwordIn(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    throw new ChaosError("usage", `cannot read the password from ${file}: ${messageOf(error)}`);
  }
}
