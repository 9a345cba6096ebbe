import { stringify } from "yaml";
import { z } from "zod";
import { mistakesError, YamlSource } from "../base/mistakes.ts";
import { Mistakes } from "../experiment/read/zod-mistakes.ts";
import type { Finding } from "../journal/finding.ts";
import type { RunRecord } from "../journal/record.ts";
import { expectationOf } from "../run/night/expectation.ts";
import { signatureOf } from "./signature.ts";

const entrySchema = z.strictObject({
  system: z.string().min(1),
  signature: z.string().min(1),
  issue: z.url(),
  /** The catalogue's experiment whose run showed it, below experiments/. */
  experiment: z.string().min(1),
});
export type KnownSignature = z.output<typeof entrySchema>;

const HEAD = [
  "Signatures of known bugs, learned from runs on images that have them (`kvchaos signatures <runs>` writes this file):",
  "`kvchaos explore` names the issue where it sees one.",
];

/** Bugs that the catalogue knows, by the signatures of runs on images that have them. */
export class KnownSignatures {
  readonly #entries = new Map<string, KnownSignature>();

  /** @param text of experiments/signatures.yaml @throws ChaosError `invalid-experiment` */
  constructor(text: string, file: string) {
    const source = YamlSource.parse(file, text);
    const mistakes = new Mistakes(source);
    const schema = z.strictObject({ signatures: z.array(entrySchema) });
    const read = mistakes.parse(schema, source.value ?? { signatures: [] }, []);
    if (!read) throw mistakesError(mistakes.list);
    for (const one of read.signatures) this.add(one);
  }

  get entries(): readonly KnownSignature[] {
    return [...this.#entries.values()];
  }

  /** Address of the issue; null: nobody has told of this one yet. */
  issueOf(signature: string, system: string): string | null {
    return this.#entries.get(keyOf({ system, signature }))?.issue ?? null;
  }

  /** @returns whether it is new */
  add(entry: KnownSignature): boolean {
    const key = keyOf(entry);
    const isNew = !this.#entries.has(key);
    if (isNew) this.#entries.set(key, entry);
    return isNew;
  }

  /** As the file has it. */
  get text(): string {
    const order = ({ system, experiment, signature }: KnownSignature): string =>
      [system, experiment, signature].join("\n");
    const signatures = [...this.entries].sort((a, b) => (order(a) < order(b) ? -1 : 1));
    return `${HEAD.map((line) => `# ${line}\n`).join("")}${stringify({ signatures }, { lineWidth: 0 })}`;
  }
}

/** One bug hangs or ends a master and a replica alike. */
function keyOf({ system, signature }: Pick<KnownSignature, "system" | "signature">): string {
  return `${system} ${signature.replace(/^(\S+) of (?:master|replica)/, "$1")}`;
}

/**
 * The signatures of what a run of the catalogue found on an image that has its bug. Only those that no other bug has as well: the shape of
 * what waits, or what the server said when it died; never that data differs, or that something took long.
 */
export function signaturesIn(record: RunRecord): KnownSignature[] {
  const run = record.first("run");
  const verdict = record.last("verdict")?.verdict;
  const experiment = /(?:^|\/)experiments\/(.+)$/.exec(run?.experimentFile ?? "")?.[1];
  const { plan } = record;
  if (!run?.issue || !plan || experiment === undefined || verdict !== "fail") return [];
  const { issue, system, image } = run;
  const expected = expectationOf(plan.experiment, image);
  if (expected.kind === "pass") return [];
  const isOfTheBug = ({ type, class: kind, consequenceOf }: Finding): boolean =>
    consequenceOf === undefined &&
    (expected.kind === "either" ||
      (expected.finding.includes(type) && (expected.class === null || expected.class === kind)));
  const findings = record.of("check").flatMap((check) => check.findings);
  const signatures = findings.filter(isOfTheBug).map((finding) => signatureOf(finding, record));
  return [...new Set(signatures)]
    .filter((signature) => TELLING.test(signature))
    .map((signature) => ({ system, signature, issue, experiment }));
}

/** "hang/deadlocked of replica: …", "crash/exit of master: SIGSEGV, …": a signal alone is that of many. */
const TELLING = /^(?:hang|shutdown-hang)\/[^:]*: .|^crash\/[^:]*: [^,]*, ./;
