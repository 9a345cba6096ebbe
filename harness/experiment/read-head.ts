import { resolve } from "node:path";
import type { z } from "zod";
import { mistakesError, YamlSource } from "../base/mistakes.ts";
import type { Experiment } from "./experiment.ts";
import { readText } from "./read/read-text.ts";
import { Mistakes } from "./read/zod-mistakes.ts";
import { experimentSchema } from "./schema.ts";
import { show } from "./schema-parts.ts";

const { title, systems, issue, tags, images, expect } = experimentSchema.shape;
const HEAD = { title, systems, issue, tags, images, expect };

/** What an experiment is about, without what it does. */
export type ExperimentHead = Pick<Experiment, "file" | keyof typeof HEAD>;

/**
 * Reads what an experiment is about and no other key of the file, which takes a tenth of the time: all there are can be listed.
 * @throws ChaosError `invalid-experiment`: the mistakes in these keys, as readExperiment tells them
 */
export async function readHead(file: string): Promise<ExperimentHead> {
  const text = await readText(file);
  const short = onlyKeys(Object.keys(HEAD), text);
  try {
    return parseHead(file, short);
  } catch (error) {
    if (short === text) throw error;
    return parseHead(file, text); // Which knows the places of mistakes, and what is elsewhere in the file.
  }
}

function parseHead(file: string, text: string): ExperimentHead {
  const source = YamlSource.parse(file, text);
  const mistakes = new Mistakes(source);
  const head = headOf(mapIn(source, mistakes), mistakes);
  const { title, tags, images } = head;
  if (mistakes.list.length > 0 || title === undefined || !tags || !images) throw mistakesError(mistakes.list);
  return { file: resolve(file), ...head, title, tags, images };
}

/** The keys of an experiment as they are written. @throws ChaosError `invalid-experiment`: there are none */
export function mapIn(source: YamlSource, mistakes: Mistakes): Readonly<Record<string, unknown>> {
  const raw = source.value;
  if (isMap(raw)) return raw;
  const empty = "the file is empty: expected an experiment";
  mistakes.add([], raw === null ? empty : `expected a map of keys, got ${show(raw)}`);
  throw mistakesError(mistakes.list);
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What the keys of HEAD say; of one that is wrong undefined, null or nothing, and a mistake. */
export function headOf(raw: Readonly<Record<string, unknown>>, mistakes: Mistakes) {
  const part = <T>(key: keyof typeof HEAD, schema: z.ZodType<T>) => mistakes.parse(schema, raw[key], [key]);
  return {
    title: part("title", HEAD.title),
    systems: part("systems", HEAD.systems) ?? [],
    issue: part("issue", HEAD.issue) ?? null,
    tags: part("tags", HEAD.tags),
    images: part("images", HEAD.images),
    expect: readExpect(part("expect", HEAD.expect), mistakes),
  };
}

function readExpect(given: z.output<typeof expect>, mistakes: Mistakes): Experiment["expect"] {
  if (!given) return null;
  const { finding, class: kind = null, sometimes } = given;
  const types = [finding].flat();
  if (kind !== null && types.length > 1) {
    mistakes.add(["expect", "class"], "expected no class beside several types of finding: it is one of a single type");
  }
  return { finding: types, class: kind, sometimes };
}

/** The lines of some keys of a map; the whole text where it is not plain which line belongs to which key. */
export function onlyKeys(keys: readonly string[], text: string): string {
  let kept = true;
  let isPlain = true;
  const lines = text.split("\n").filter((line) => {
    // Everything within a key is indented; only a list may stand as far left as its key.
    if (/^(?:[ \t\r#]|- |$)/.test(line)) return kept;
    const key = /^([\w-]+):(?:[ \r]|$)/.exec(line)?.[1];
    if (key === undefined) isPlain = false;
    kept = key !== undefined && keys.includes(key);
    return kept;
  });
  return isPlain ? lines.join("\n") : text;
}
