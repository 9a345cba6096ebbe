import type { KeySpace } from "../journal/loads/key-space.ts";

/** What a connection says before anything else. @param space absent: the one that every connection begins with */
export function greetingsOf(settings: {
  /** An ACL user; absent: the default one. */
  username?: string | undefined;
  password?: string | undefined;
  space?: Pick<KeySpace, "database" | "token"> | undefined;
}): (string | number)[][] {
  const { username, password, space } = settings;
  const secret = space?.token ?? password;
  const auth = username === undefined || space?.token !== undefined ? [secret ?? ""] : [username, password ?? ""];
  const asked = secret !== undefined || username !== undefined;
  return [...(asked ? [["AUTH", ...auth]] : []), ...entry({ database: space?.database })];
}

/** What a connection says to get from one to another. */
export function entry({
  database,
  token,
}: { [key in "database" | "token"]?: KeySpace[key] | undefined }): (string | number)[][] {
  return [...(token === undefined ? [] : [["AUTH", token]]), ...(database === undefined ? [] : [["SELECT", database]])];
}
