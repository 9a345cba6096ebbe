import { list } from "@ioredis/commands";
import { systems } from "../../systems/registry.ts";
import { commonSyntax, syntaxIn } from "./lines.ts";
import { type CommandSyntax, isGroup } from "./syntax.ts";

/** What kvchaos itself describes of a server's commands. */
export function describedFor(ownCommands: Readonly<Record<string, string>> = {}): CommandSyntax[] {
  const own = Object.entries(ownCommands).flatMap(([group, lines]) => (isGroup(group) ? syntaxIn(group, lines) : []));
  return [...commonSyntax, ...own];
}

let names: ReadonlySet<string> | undefined;

/** Names of commands of Redis, and of those that an adapter describes, in capitals. */
export function knownNames(): ReadonlySet<string> {
  names ??= new Set([
    ...list.map((name) => name.toUpperCase()),
    ...[...systems.values()].flatMap(({ ownCommands }) =>
      describedFor(ownCommands).flatMap(({ name }) => name[0] ?? []),
    ),
  ]);
  return names;
}

/** Can a server have such a command? Of modules, whose names have a point, nobody knows them all. */
export function isKnown(name: string): boolean {
  return name.includes(".") || knownNames().has(name.split(" ")[0] ?? "");
}
