import { z } from "zod";
import { mistakesError, YamlSource } from "../base/mistakes.ts";
import { Mistakes } from "../experiment/read/zod-mistakes.ts";

const listSchema = z.array(
  z.strictObject({ signature: z.string().min(1), issue: z.url(), experiment: z.string().optional() }),
);

/** Bugs that the catalogue knows, by the signatures of runs on images that have them. */
export class KnownSignatures {
  readonly #issues: ReadonlyMap<string, string>;

  /** @param text of experiments/signatures.yaml @throws ChaosError `invalid-experiment` */
  constructor(text: string, file: string) {
    const source = YamlSource.parse(file, text);
    const mistakes = new Mistakes(source);
    const read = mistakes.parse(listSchema, source.value ?? [], []);
    if (!read) throw mistakesError(mistakes.list);
    this.#issues = new Map(read.map(({ signature, issue }) => [signature, issue]));
  }

  /** Address of the issue; null: nobody has told of this one yet. */
  issueOf(signature: string): string | null {
    return this.#issues.get(signature) ?? null;
  }
}
