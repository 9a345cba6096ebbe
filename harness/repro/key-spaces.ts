import { type KeySpace, keySpacesOf } from "../journal/loads/key-space.ts";
import { words } from "./bash.ts";
import type { ReproInput } from "./repro-input.ts";

/** The words with which redis-cli begins in a key space: the SPACE of load.sh, benchmark.sh and compare.sh. */
export function spaceWords({ database, token }: KeySpace): string {
  if (database !== undefined) return words(["-n", String(database)]);
  return token === undefined ? "" : words(["--no-auth-warning", "-a", token]);
}

/** Bash lines that name all key spaces; none where there is one. */
export function keySpaceLines({ plan }: ReproInput): string[] {
  const spaces = keySpacesOf(plan.experiment);
  if (spaces.length < 2) return [];
  const names = spaces.map(({ name }) => name).join(", ");
  return [`SPACES=(${spaces.map((space) => `"${spaceWords(space)}"`).join(" ")}) # ${names}, as words of redis-cli`];
}
