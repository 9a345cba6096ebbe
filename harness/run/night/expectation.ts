import type { Experiment } from "../../experiment/experiment.ts";
import type { Verdict } from "../../journal/events.ts";
import type { ExpectedFinding } from "../../journal/plan.ts";
import type { NightEntry } from "./record.ts";

/** What a run of an experiment on one image must end with. */
export type Expectation =
  | { kind: "pass" }
  /** A known bug, or a control: it must be found. */
  | ({ kind: "finding" } & ExpectedFinding)
  /** The image shows the bug, but the experiment does not say what must be found: either is right. */
  | { kind: "either" };

/**
 * `expect` holds on the affected image, or everywhere when the experiment names none (a control); on any other image, the
 * fixed one above all, the run must pass.
 */
export function expectationOf({ expect, images }: Pick<Experiment, "expect" | "images">, image: string): Expectation {
  const { affected } = images;
  if (expect && (affected === undefined || affected === image)) {
    return { kind: "finding", ...expect };
  }
  return affected === image ? { kind: "either" } : { kind: "pass" };
}

/** For people: "pass", "hang/deadlocked", "hang or crash", "pass or hang", "pass or a finding". */
export function expectationText(expected: Expectation): string {
  if (expected.kind === "either") return "pass or a finding";
  if (expected.kind === "pass") return "pass";
  return `${expected.sometimes ? "pass or " : ""}${findingText(expected)}`;
}

/** "hang/deadlocked", "hang or crash". */
function findingText({ finding, class: kind }: ExpectedFinding): string {
  return `${finding.join(" or ")}${kind === null ? "" : `/${kind}`}`;
}

/** What one run means, by what was expected of it. */
export function judge(
  expected: Expectation,
  { verdict, findings }: { verdict: Verdict; findings: readonly { type: string; class: string }[] },
): NightEntry["outcome"] {
  switch (verdict) {
    case "interrupted":
      return "not-run";
    case "error":
    case "inconclusive":
      return verdict;
    case "pass":
      return expected.kind === "finding" && !expected.sometimes ? "not-reproduced" : "pass";
    case "fail":
      if (expected.kind === "pass") return "fail";
      if (expected.kind === "either") return "known-bug";
      return findings.some((one) => matches(expected, one)) ? "known-bug" : "fail";
  }
}

function matches({ finding, class: kind }: ExpectedFinding, found: { type: string; class: string }): boolean {
  return finding.includes(found.type) && (kind === null || found.class === kind);
}
