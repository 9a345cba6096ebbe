import { kindOf } from "../../journal/finding.ts";
import type { NightSum } from "../../run/night/merge.ts";
import type { NightEntry } from "../../run/night/record.ts";
import { type JunitCase, type JunitSuite, type JunitTrouble, junitClass, junitXml } from "../ci/junit-xml.ts";
import type { Xml } from "../html/markup.ts";
import { againCommand, OUTCOME_WORDS } from "./outcome-words.ts";

/**
 * junit.xml of a night: one suite per system, one case per experiment × image, named as in a single run's. What is missing of it
 * is a suite of its own, whose cases are errors.
 */
export function nightJunit({ entries, missing, startedAt, seeds }: NightSum): Xml {
  const suite = (group: string, name: string, cases: readonly JunitCase[]): JunitSuite => ({
    package: group,
    name,
    startedAt: startedAt ?? "1970-01-01T00:00:00",
    properties: seeds.map((seed) => ["seed", seed]),
    cases,
  });
  const systems = [...new Set(entries.map(({ system }) => system))].sort();
  const suites = systems.map((system) => {
    const own = entries.filter((entry) => entry.system === system);
    return suite(`kvchaos.${system}`, `kvchaos.${system}`, own.map(caseOf));
  });
  if (missing.length > 0) suites.push(suite("kvchaos", "kvchaos.night", missing.map(missingCase)));
  return junitXml(suites);
}

function missingCase(text: string): JunitCase {
  const trouble: JunitTrouble = { tag: "error", message: text, type: "missing", lines: [text] };
  return { classname: "kvchaos.night", name: text, ms: 0, trouble };
}

function caseOf(entry: NightEntry): JunitCase {
  const { system, image, title, ms } = entry;
  const { tag } = OUTCOME_WORDS[entry.outcome];
  return { classname: junitClass(system, image), name: title, ms, trouble: tag && troubleOf(entry, tag) };
}

function troubleOf(entry: NightEntry, tag: JunitTrouble["tag"]): JunitTrouble {
  const { outcome, reasons, runs } = entry;
  const [first] = runs[0]?.findings ?? [];
  const command = againCommand(entry);
  const message = `${OUTCOME_WORDS[outcome].word}: ${reasons.join("; ") || "no reason was given"}`;
  return {
    tag,
    message,
    type: outcome === "fail" && first ? kindOf(first) : outcome,
    lines: [
      message,
      ...runs.map(({ folder, verdict }) => `${verdict}: ${folder}`),
      ...(command === null ? [] : [`again: ${command}`]),
    ],
  };
}
