/** What a connection says before anything else. @param database absent or 0: the one that every connection begins with */
export function greetingsOf(settings: {
  password?: string | undefined;
  database?: number | undefined;
}): (string | number)[][] {
  const { password, database = 0 } = settings;
  return [...(password === undefined ? [] : [["AUTH", password]]), ...(database === 0 ? [] : [["SELECT", database]])];
}
