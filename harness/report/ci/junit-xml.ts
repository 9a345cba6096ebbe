import { type Xml, xml } from "../html/markup.ts";

// Ant's schema wants id, package and both streams of each suite, and knows no attributes of <testsuites>; Jenkins' allows that.

export interface JunitSuite {
  package: string;
  name: string;
  /** ISO 8601. */
  startedAt: string;
  properties: readonly (readonly [name: string, value: string])[];
  cases: readonly JunitCase[];
}

/** An experiment on an image. */
export interface JunitCase {
  classname: string;
  name: string;
  ms: number;
  /** null: it passed. */
  trouble: JunitTrouble | null;
}

export interface JunitTrouble {
  tag: "failure" | "error" | "skipped";
  message: string;
  type: string;
  /** What more there is to say; not of one that was skipped. */
  lines: readonly string[];
}

/** Jenkins takes what follows the last dot for the class. */
export function junitClass(system: string, image: string): string {
  return `kvchaos.${system}.${image.replaceAll(".", "_")}`;
}

/** A whole junit.xml. */
export function junitXml(suites: readonly JunitSuite[]): Xml {
  return xml`<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
${xml.lines(suites.map(suiteXml))}
</testsuites>
`;
}

function suiteXml({ package: group, name, startedAt, properties, cases }: JunitSuite, id: number): Xml {
  const count = (tag: JunitTrouble["tag"]) => cases.filter(({ trouble }) => trouble?.tag === tag).length;
  const counts = xml`tests="${cases.length}" failures="${count("failure")}" errors="${count("error")}" skipped="${count("skipped")}"`;
  const timestamp = startedAt.replace(/\.\d+Z$|Z$/, "");
  return xml.lines([
    xml`  <testsuite id="${id}" package="${group}" name="${name}" timestamp="${timestamp}" hostname="localhost" ${counts} time="${inSeconds(cases.reduce((sum, { ms }) => sum + ms, 0))}">`,
    xml`    <properties>`,
    ...properties.map(([key, value]) => xml`      <property name="${key}" value="${value}"/>`),
    xml`    </properties>`,
    ...cases.map(caseXml),
    xml`    <system-out/>`,
    xml`    <system-err/>`,
    xml`  </testsuite>`,
  ]);
}

function caseXml({ classname, name, ms, trouble }: JunitCase): Xml {
  return xml.lines([
    xml`    <testcase classname="${classname}" name="${name}" time="${inSeconds(ms)}">`,
    ...(trouble ? [troubleXml(trouble)] : []),
    xml`    </testcase>`,
  ]);
}

function troubleXml({ tag, message, type, lines }: JunitTrouble): Xml {
  if (tag === "skipped") return xml`      <skipped message="${message}"/>`;
  return xml`      <${tag} message="${message}" type="${type}">${xml.lines(lines)}</${tag}>`;
}

function inSeconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
