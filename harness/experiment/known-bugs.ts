import { fileURLToPath } from "node:url";
import { z } from "zod";
import { mistakesError, YamlSource } from "../base/mistakes.ts";
import type { Experiment } from "./experiment.ts";
import { issueAt, issueText, parseIssueText } from "./issue-name.ts";
import { readText } from "./read/read-text.ts";
import { Mistakes } from "./read/zod-mistakes.ts";

/*
 *   experiments/catalogue.yaml ─► rows ─┐
 *   experiments/**                      ┴─► which experiment stands for which row ─► kvchaos list --coverage
 */

/** The bugs that experiments should reproduce. It lies among them, and is none. */
export const CATALOGUE_FILE = "catalogue.yaml";
/** Their signatures, by which an exploration knows them again. */
export const SIGNATURES_FILE = "signatures.yaml";

/** Is a file below experiments/ an experiment, by its name? */
export function isExperimentName(name: string): boolean {
  const file = name.split("/").at(-1) ?? name;
  return /\.ya?ml$/.test(file) && file !== CATALOGUE_FILE && file !== SIGNATURES_FILE;
}
export const CATALOGUE = fileURLToPath(new URL(`../../experiments/${CATALOGUE_FILE}`, import.meta.url));

const text = (max: number) => z.string().min(1).max(max);

/** One bug that is known in public, or that was seen on an image and has no issue yet. */
const bugSchema = z.strictObject({
  /** "kvrocks#2512"; without an issue "pika/info-under-flush", whose second part is a tag of the experiments about it. */
  id: z.string().regex(/^[a-z][\w-]*(?:#\d+|\/[a-z][\w-]*)$/, {
    error:
      'expected the project and the issue\'s number, like "kvrocks#2512", or a tag of experiments, like "pika/info-under-flush"',
  }),
  url: z
    .url({ protocol: /^https?$/, error: "expected an http or https address" })
    .optional()
    .transform((url) => url ?? null),
  /** Other issues and pull requests of the same tracker that tell of it. */
  also: z.array(z.int().min(1)).max(20).prefault([]),
  /** Versions as the tracker tells them, for people; null: not told, or not fixed yet. */
  affected: text(100).nullable(),
  fixed: text(100).nullable(),
  trigger: text(300),
  symptom: text(300),
});
export type KnownBug = z.output<typeof bugSchema>;

/**
 * Reads the catalogue of known bugs.
 * @throws ChaosError `invalid-experiment`: every mistake as file:line:column
 */
export async function readKnownBugs(file: string): Promise<KnownBug[]> {
  const source = YamlSource.parse(file, await readText(file));
  const mistakes = new Mistakes(source);
  const catalogue = mistakes.parse(z.strictObject({ bugs: z.array(bugSchema).min(1) }), source.value, []);
  const bugs = catalogue?.bugs ?? [];
  bugs.forEach(({ id, url, also }, index) => {
    const path = ["bugs", index] as const;
    const name = parseIssueText(id);
    const at = url === null ? null : issueAt(url);
    if (name && !at) mistakes.add([...path, "id"], `expected the address of ${id} as url: .../issues/${name.number}`);
    if (at && issueText(at) !== id)
      mistakes.add([...path, "url"], `this is the address of ${issueText(at)}, and the id says ${id}`);
    if (!name && url !== null) mistakes.add([...path, "url"], "expected an id with a number, as the bug has an issue");
    const before = bugs.slice(0, index).find((one) => names(one).some((other) => names({ id, also }).includes(other)));
    if (before) mistakes.add([...path, "id"], `the row ${before.id} is about the same issue`);
  });
  if (mistakes.list.length > 0) throw mistakesError(mistakes.list);
  return bugs;
}

/** Every issue that a row is about, as "kvrocks#2549"; of one without an issue its id. */
export function names({ id, also }: Pick<KnownBug, "id" | "also">): string[] {
  const project = parseIssueText(id)?.project;
  return [id, ...also.map((number) => `${project}#${number}`)];
}

/** Does the experiment stand for the bug: by its `issue`, or, for a bug without one, by a tag? */
export function standsFor({ issue, tags }: Pick<Experiment, "issue" | "tags">, bug: KnownBug): boolean {
  if (bug.url === null) return tags.includes(bug.id.slice(bug.id.indexOf("/") + 1));
  const at = issue === null ? null : issueAt(issue);
  return at !== null && names(bug).includes(issueText(at));
}
