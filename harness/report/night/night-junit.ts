import { escapeXml } from "../../base/escape.ts";
import type { NightSum } from "../../run/night/merge.ts";
import type { NightEntry } from "../../run/night/record.ts";
import { xmlAttributes } from "../ci/xml-attributes.ts";
import { againCommand, OUTCOME_WORDS } from "./night-words.ts";

/*
 * One suite per system, one case per experiment × image, named as in a single run's junit.xml:
 *
 *   pass, known-bug → passed      fail, not-reproduced → failure      error, not-run → error      the rest → skipped
 */

const TAGS: Readonly<Record<NightEntry["outcome"], "failure" | "error" | "skipped" | null>> = {
  pass: null,
  "known-bug": null,
  fail: "failure",
  "not-reproduced": "failure",
  error: "error",
  "not-run": "error",
  inconclusive: "skipped",
  skipped: "skipped",
};

/** junit.xml of a night. What is missing of it is a suite of its own, whose cases are errors. */
export function nightJunit({ entries, missing, startedAt, seeds }: NightSum): string {
  const systems = [...new Set(entries.map(({ system }) => system))].sort();
  const timestamp = (startedAt ?? "1970-01-01T00:00:00").replace(/\.\d+Z$|Z$/, "");
  const suites = systems.map((system, id) => {
    const mine = entries.filter((entry) => entry.system === system);
    return suite({ id, package: `kvchaos.${system}`, name: `kvchaos.${system}`, timestamp }, seeds, mine.map(caseOf));
  });
  if (missing.length > 0) {
    const cases = missing.map(
      (text): Case => ({ classname: "kvchaos.night", name: text, ms: 0, tag: "error", text, type: "missing" }),
    );
    suites.push(suite({ id: systems.length, package: "kvchaos", name: "kvchaos.night", timestamp }, seeds, cases));
  }
  return ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", ...suites.flat(), "</testsuites>", ""].join("\n");
}

interface Case {
  classname: string;
  name: string;
  ms: number;
  tag: "failure" | "error" | "skipped" | null;
  type: string;
  text: string;
}

function caseOf(entry: NightEntry): Case {
  const { system, image, title, ms, outcome, reasons, runs } = entry;
  const [first] = runs[0]?.findings ?? [];
  const command = againCommand(entry);
  return {
    classname: `kvchaos.${system}.${image.replaceAll(".", "_")}`,
    name: title,
    ms,
    tag: TAGS[outcome],
    type: outcome === "fail" && first ? `${first.type}/${first.class}` : outcome,
    text: [
      `${OUTCOME_WORDS[outcome].word}: ${reasons.join("; ") || "no reason was given"}`,
      ...runs.map(({ folder, verdict }) => `${verdict}: ${folder}`),
      ...(command === null ? [] : [`again: ${command}`]),
    ].join("\n"),
  };
}

function suite(names: Record<string, string | number>, seeds: readonly string[], cases: readonly Case[]): string[] {
  const count = (tag: Case["tag"]): number => cases.filter((one) => one.tag === tag).length;
  const counts = xmlAttributes({
    tests: cases.length,
    failures: count("failure"),
    errors: count("error"),
    skipped: count("skipped"),
    time: time(cases.reduce((sum, { ms }) => sum + ms, 0)),
  });
  return [
    `  <testsuite${xmlAttributes({ ...names, hostname: "localhost" })}${counts}>`,
    "    <properties>",
    ...seeds.map((value) => `      <property${xmlAttributes({ name: "seed", value })}/>`),
    "    </properties>",
    ...cases.flatMap(({ classname, name, ms, tag, type, text }) => {
      const open = `    <testcase${xmlAttributes({ classname, name, time: time(ms) })}`;
      const [message = ""] = text.split("\n");
      if (tag === null) return [`${open}/>`];
      if (tag === "skipped") return [`${open}>`, `      <skipped${xmlAttributes({ message })}/>`, "    </testcase>"];
      return [
        `${open}>`,
        `      <${tag}${xmlAttributes({ message, type })}>${escapeXml(text)}</${tag}>`,
        "    </testcase>",
      ];
    }),
    "    <system-out/>",
    "    <system-err/>",
    "  </testsuite>",
  ];
}

const time = (ms: number): string => (ms / 1000).toFixed(3);
