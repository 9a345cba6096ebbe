import type { Bug } from "../../explore/ledger.ts";
import type { Word } from "../observe/notify.ts";

/** What a webhook is told of the first bug that an exploration meets. */
export function findingWord(
  { signature, known }: Pick<Bug, "signature" | "known">,
  experiment: number,
  { system, image, seed }: { system: string; image: string; seed: string },
  out: string,
): Word {
  const what = known === null ? "a bug" : `a known bug (${known})`;
  return {
    kind: "finding",
    text: `kvchaos, exploration of ${image}: ${what} in experiment ${experiment}: ${signature}`,
    facts: { system, image, seed, experiment, signature, known, folder: out },
  };
}
