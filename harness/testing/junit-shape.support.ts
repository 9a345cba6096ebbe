import assert from "node:assert/strict";

/** Attributes per element: [required, optional], as Ant's JUnit.xsd has them, and Jenkins' allows them, too. */
const JUNIT: Record<string, { required: string[]; optional: string[]; children: string[] }> = {
  testsuites: { required: [], optional: [], children: ["testsuite"] },
  testsuite: {
    required: ["id", "package", "name", "timestamp", "hostname", "tests", "failures", "errors", "time"],
    optional: ["skipped"],
    children: ["properties", "testcase", "system-out", "system-err"],
  },
  properties: { required: [], optional: [], children: ["property"] },
  property: { required: ["name", "value"], optional: [], children: [] },
  testcase: { required: ["name", "classname", "time"], optional: [], children: ["skipped", "error", "failure"] },
  failure: { required: ["type"], optional: ["message"], children: [] },
  error: { required: ["type"], optional: ["message"], children: [] },
  skipped: { required: [], optional: ["message"], children: [] },
  "system-out": { required: [], optional: [], children: [] },
  "system-err": { required: [], optional: [], children: [] },
};

/** Test support: fails unless a text has the shape of a junit.xml that CI viewers read. */
export function assertJunit(xml: string): void {
  const open: string[] = [];
  const last: number[] = [];
  for (const [, close, name = "", text = "", empty] of xml.matchAll(
    /<(\/?)([\w-]+)((?:\s+[\w:]+="[^"<]*")*)\s*(\/?)>/g,
  )) {
    if (close) {
      assert.equal(open.pop(), name);
      last.pop();
      continue;
    }
    const rule = JUNIT[name];
    assert.ok(rule, `unknown element ${name}`);
    const parent = open.at(-1);
    if (parent === undefined) assert.equal(name, "testsuites");
    else {
      const place = JUNIT[parent]?.children.indexOf(name) ?? -1;
      assert.ok(place >= (last.at(-1) ?? 0), `<${name}> at this place in <${parent}>`);
      last[last.length - 1] = place;
    }
    const attributes = new Map(
      [...text.matchAll(/([\w:]+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value]),
    );
    for (const key of rule.required) assert.ok(attributes.has(key), `${name} needs ${key}`);
    for (const key of attributes.keys())
      assert.ok(rule.required.includes(key) || rule.optional.includes(key), `${name} has no ${key}`);
    if (attributes.has("time")) assert.match(attributes.get("time") ?? "", /^\d+\.\d+$/);
    if (attributes.has("timestamp"))
      assert.match(attributes.get("timestamp") ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    for (const key of ["tests", "failures", "errors", "skipped"])
      if (attributes.has(key)) assert.match(attributes.get(key) ?? "", /^\d+$/);
    if (!empty) {
      open.push(name);
      last.push(0);
    }
  }
  assert.deepEqual(open, []);
}
