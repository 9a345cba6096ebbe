import { ChaosError } from "../../base/chaos-error.ts";
import { nearest } from "../../base/mistakes.ts";
import { issueAt, issueText, parseIssueText } from "../../experiment/issue-name.ts";
import { type KnownBug, names, standsFor } from "../../experiment/known-bugs.ts";
import type { ExperimentHead } from "../../experiment/read-head.ts";
import { knownSystem } from "../choose-server.ts";

/** What `kvchaos list` is asked for; all of it must hold. */
export interface Filters {
  system?: string | undefined;
  tag?: string | undefined;
  /** "2512", "kvrocks#2512", an address, or a row of the catalogue. */
  issue?: string | undefined;
}

/**
 * The experiments that a filter leaves.
 * @throws ChaosError usage: nothing has that name; the message names what there is
 */
export function selectExperiments(
  all: readonly ExperimentHead[],
  bugs: readonly KnownBug[],
  wish: Filters,
): ExperimentHead[] {
  const { system, tag, issue } = wish;
  const name = system === undefined ? undefined : knownSystem(system).name;
  const fits = name === undefined ? [...all] : all.filter(({ systems }) => systems.includes(name));
  const whose = name === undefined ? "no experiment" : `no experiment for ${name}`;
  let left = fits;
  if (tag !== undefined) {
    left = left.filter(({ tags }) => tags.includes(tag));
    const known = fits.flatMap(({ tags }) => tags);
    if (left.length === 0) throw unknown(`${whose} has the tag ${tag}`, tag, known);
  }
  if (issue !== undefined) {
    const wanted = namedBy(issue, bugs);
    const known = left.map((one) => shortIssue(one, bugs)).filter((short) => short !== "-");
    left = left.filter((one) => issuesOf(one, bugs).some(wanted));
    const tagged = tag === undefined ? "is about" : `with the tag ${tag} is about`;
    if (left.length === 0) throw unknown(`${whose} ${tagged} the issue ${issue}`, issue, known);
  }
  return left;
}

/** As people say it: "kvrocks#2512", the row of a bug that has no issue, the address of an issue elsewhere; "-" without any. */
export function shortIssue(experiment: ExperimentHead, bugs: readonly KnownBug[]): string {
  const { issue } = experiment;
  if (issue === null) return bugs.find((bug) => standsFor(experiment, bug))?.id ?? "-";
  const at = issueAt(issue);
  return at ? issueText(at) : issue;
}

/** Its own issue, and all that the rows tell of for which it stands. */
function issuesOf(experiment: ExperimentHead, bugs: readonly KnownBug[]): string[] {
  const rows = bugs.filter((bug) => standsFor(experiment, bug));
  return [shortIssue(experiment, bugs), ...rows.flatMap(names)];
}

function namedBy(given: string, bugs: readonly KnownBug[]): (name: string) => boolean {
  const number = /^#?(\d+)$/.exec(given)?.[1];
  if (number !== undefined) return (name) => name.endsWith(`#${number}`);
  const at = issueAt(given) ?? parseIssueText(given);
  if (at) return (name) => name === issueText(at);
  if (bugs.some(({ id }) => id === given)) return (name) => name === given;
  if (/^https?:/.test(given)) return (name) => name === given;
  throw new ChaosError("usage", `--issue ${given}: expected a number, "kvrocks#2512", or an issue's address`);
}

function unknown(message: string, given: string, known: readonly string[]): ChaosError {
  const sorted = [...new Set(known)].sort();
  const near = nearest(given, sorted);
  const valid = `Known: ${sorted.join(", ") || "none"}.`;
  const hint = near === undefined ? valid : `Did you mean "${near}"? ${valid}`;
  return new ChaosError("usage", message, { hint });
}
