import type { KeySpace } from "../journal/loads/key-space.ts";

/** What a connection says before anything else. @param space absent: the one that every connection begins with */
export function greetingsOf(settings: {
  password?: string | undefined;
  space?: Pick<KeySpace, "database" | "token"> | undefined;
}): (string | number)[][] {
  const { password, space } = settings;
  const secret = space?.token ?? password;
  return [...(secret === undefined ? [] : [["AUTH", secret]]), ...entry({ database: space?.database })];
}

/** What a connection says to get from one to another. */
export function entry({
  database,
  token,
}: { [key in "database" | "token"]?: KeySpace[key] | undefined }): (string | number)[][] {
  return [...(token === undefined ? [] : [["AUTH", token]]), ...(database === undefined ? [] : [["SELECT", database]])];
}
