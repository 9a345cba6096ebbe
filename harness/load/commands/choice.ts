import { type CommandSyntax, type Group, isGroup } from "./syntax.ts";

/** What an experiment says of the commands of a load: names ("ZADD", "XGROUP CREATE", "XGROUP" for all of them), or "@" and a group. */
export interface Wish {
  /** Absent: all that do no harm. */
  only?: readonly string[] | undefined;
  without?: readonly string[] | undefined;
  /** How often, against 1 for each that has none; 0: never. */
  weights?: Readonly<Record<string, number>> | undefined;
}

/** A command that is drawn, and how often against the others. */
export interface DrawnCommand {
  syntax: CommandSyntax;
  weight: number;
}

/** Some wait; as often as the others they would hold up all of a load's connections. */
const BLOCKING = /^(?:B[LRZ]|XREAD)/;
const BLOCKING_WEIGHT = 0.1;

/** Of the groups that hold data: not drawn unless they are named, and why. */
const UNLESS_NAMED: Readonly<Record<string, string>> = {
  KEYS: "reads all keys at once",
  MIGRATE: "sends keys to a server that it names",
  MOVE: "changes a database that is not looked at",
  RESTORE: "wants bytes that only DUMP makes",
  "RESTORE-ASKING": "is for servers among themselves",
  WAIT: "waits for replicas",
  WAITAOF: "waits for disks",
  LCS: "takes a time that grows with the product of two lengths",
  PFDEBUG: "is for tests of the server",
  PFSELFTEST: "is for tests of the server",
};
/** Without data of their own, and harmless. */
const HARMLESS = ["DBSIZE", "ECHO", "PING", "PUBLISH", "TIME", "MEMORY USAGE"];
/** What breaks the rule that each command gets one reply on its connection, which is what the load watches. */
const NEVER: Readonly<Record<string, string>> = {
  AUTH: "changes who the connection is",
  CLIENT: "changes its connection, or ends others",
  DISCARD: "belongs to the workload transaction",
  EXEC: "belongs to the workload transaction",
  HELLO: "changes the protocol",
  MONITOR: "turns its connection into a stream",
  MULTI: "belongs to the workload transaction",
  PSUBSCRIBE: "turns its connection into a stream",
  PSYNC: "turns its connection into a replica's",
  PUNSUBSCRIBE: "is answered as often as it likes",
  QUIT: "ends its connection",
  REPLCONF: "is for servers among themselves",
  RESET: "changes who the connection is",
  SELECT: "changes the connection's database",
  SSUBSCRIBE: "turns its connection into a stream",
  SUBSCRIBE: "turns its connection into a stream",
  SUNSUBSCRIBE: "is answered as often as it likes",
  SYNC: "turns its connection into a replica's",
  UNSUBSCRIBE: "is answered as often as it likes",
  WATCH: "belongs to the workload transaction",
};

/** Why no load can draw a command; null: one can. @param name in capitals */
export function whyNever(name: string): string | null {
  return NEVER[name.split(" ")[0] ?? ""] ?? null;
}

/** Is it drawn where nobody names it? */
function isForAll({ name, group }: CommandSyntax): boolean {
  const text = name.join(" ");
  if (HARMLESS.includes(text)) return true;
  if (UNLESS_NAMED[name[0] ?? ""] !== undefined || name[1] === "HELP") return false;
  // Of what a server lists besides, nobody knows what it does.
  return group !== "other";
}

/**
 * The commands of a load, in order of their names.
 * @param known what the server has
 * @returns also the names of the wish that the server does not have; it may have nothing of a group
 */
export function chooseCommands(
  known: readonly CommandSyntax[],
  { only, without = [], weights = {} }: Wish,
): { drawn: DrawnCommand[]; lacks: string[] } {
  const named = [...(only ?? []), ...Object.keys(weights).filter((name) => (weights[name] ?? 0) > 0)];
  const byName = (syntax: CommandSyntax, names: readonly string[]): boolean =>
    names.some((name) => !name.startsWith("@") && matches(syntax, name));
  const isWanted = (syntax: CommandSyntax): boolean => {
    if (whyNever(syntax.name.join(" ")) !== null) return false;
    if (without.some((name) => matches(syntax, name))) return false;
    if (byName(syntax, named)) return true;
    if (only && !only.some((name) => matches(syntax, name))) return false;
    return isForAll(syntax);
  };
  const drawn = known
    .filter(isWanted)
    .map((syntax) => ({ syntax, weight: weightOf(syntax, weights, known) }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => (textOf(a.syntax) < textOf(b.syntax) ? -1 : 1));
  const lacks = [...(only ?? []), ...Object.keys(weights)].filter(
    (name) => !name.startsWith("@") && !known.some((one) => matches(one, name)),
  );
  return { drawn, lacks };
}

function textOf({ name, arguments: words }: CommandSyntax): string {
  return `${name.join(" ")} ${JSON.stringify(words)}`;
}

/** The narrowest word about it wins; what has several forms shares its weight among them. */
function weightOf(
  syntax: CommandSyntax,
  weights: Readonly<Record<string, number>>,
  known: readonly CommandSyntax[],
): number {
  const text = syntax.name.join(" ");
  const said = weights[text] ?? weights[syntax.name[0] ?? ""] ?? weights[`@${syntax.group}`];
  const forms = known.filter(({ name }) => name.join(" ") === text).length;
  return (said ?? (BLOCKING.test(text) ? BLOCKING_WEIGHT : 1)) / forms;
}

/** @param name "ZADD", "XGROUP", "XGROUP CREATE", "@list" */
function matches({ name, group }: CommandSyntax, wanted: string): boolean {
  if (wanted.startsWith("@")) return wanted === `@${group}`;
  return wanted === name[0] || wanted === name.join(" ");
}

/** Is "@list" the name of a group? */
export function groupNamed(word: string): Group | null {
  const group = word.slice(1);
  return word.startsWith("@") && isGroup(group) ? group : null;
}
