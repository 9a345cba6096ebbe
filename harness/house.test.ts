import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { untaggedLiterals } from "./testing/literals.support.ts";

const HARNESS = import.meta.dirname;
/** The rooms from the ground up, as docs/house.md lists them: a room imports only itself and rooms above it in this list. */
const FLOORS = (/^```floors\n(.*?)^```/ms.exec(readFileSync(path.join(HARNESS, "../docs/house.md"), "utf8"))?.[1] ?? "")
  .trim()
  .split("\n")
  .map((line) => line.split(" ", 1)[0] as string);
/** So many files are seen at once in a folder; tests beside them do not count. */
const MOST_FILES = 25;

interface Import {
  from: string;
  to: string;
}

/** Types included. */
function importsOf(file: string): Import[] {
  const statements = read(file).matchAll(/^\s*(?:import|export)\s[^;"']*?from\s+"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm);
  return [...statements].map(([, from, called]) => ({
    from: file,
    to: path.join(path.dirname(file), (from ?? called) as string),
  }));
}

const entries = readdirSync(HARNESS, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts") && entry.parentPath !== HARNESS)
  .map((entry) => path.relative(HARNESS, path.join(entry.parentPath, entry.name)));
const files = entries.filter((file) => file.endsWith(".ts") && room(file) !== "testing");
const imports = files.flatMap(importsOf);

function room(file: string): string {
  return file.split(path.sep, 1)[0] as string;
}

function read(file: string): string {
  return readFileSync(path.join(HARNESS, file), "utf8");
}

describe("the house", () => {
  it("has a floor for every folder", () => {
    assert.deepEqual(
      [...new Set(files.map(room))].filter((name) => !FLOORS.includes(name)),
      [],
    );
    assert.ok(imports.length > 200, `only ${imports.length} imports were found: is the pattern still right?`);
  });

  it("imports only from the same or a lower floor", () => {
    const upward = imports
      // What is no room, such as testing/, is for tests and bench/ only.
      .filter(({ from, to }) => !FLOORS.slice(0, FLOORS.indexOf(room(from)) + 1).includes(room(to)))
      .map(({ from, to }) => `${from} -> ${to}`);
    assert.deepEqual(upward, []);
  });

  it("has no circles between files", () => {
    const targets = new Map<string, Import[]>();
    for (const one of imports) targets.set(one.from, [...(targets.get(one.from) ?? []), one]);
    const done = new Set<string>();
    const walk = (file: string, trail: readonly string[]): string[] => {
      if (trail.includes(file)) return [[...trail.slice(trail.indexOf(file)), file].join(" -> ")];
      if (done.has(file)) return [];
      const found = (targets.get(file) ?? []).flatMap(({ to }) => walk(to, [...trail, file]));
      done.add(file);
      return found;
    };
    assert.deepEqual(
      files.flatMap((file) => walk(file, [])),
      [],
    );
  });

  it("imports dockerode, toxiproxy-node-client and ioredis each in one place", () => {
    const importers = (name: string): string[] => files.filter((file) => new RegExp(`from "${name}"`).test(read(file)));
    assert.deepEqual(
      importers("dockerode").filter((file) => !/^docker\/engine[a-z-]*\.ts$/.test(file)),
      [],
    );
    assert.deepEqual(importers("toxiproxy-node-client"), ["network/toxiproxy.ts"]);
    assert.deepEqual(importers("ioredis"), ["resp/admin.ts"]);
  });

  it("writes markup only through the tags that escape what is put in", () => {
    const importers = files.filter((file) => /\bescape(Html|Xml)\b/.test(read(file)));
    assert.deepEqual(importers, ["base/escape.ts", "report/html/markup.ts"]);
    const trusting = files.filter((file) => /\.trusted\(/.test(read(file)));
    assert.deepEqual(trusting, ["report/html/page.ts"], "style sheet and script alone are markup as they stand");
    // A ticket is Markdown, and folds its script.
    const raw = files
      .filter((file) => room(file) === "report" && !file.startsWith("report/issue/"))
      .flatMap((file) => untaggedLiterals(read(file)).map((text) => ({ file, text })))
      .filter(({ text }) => /<\/?[a-z][a-z0-9]*(?:[\s/>]|$)/i.test(text));
    assert.deepEqual(raw, []);
  });

  it("keeps its files small", () => {
    const long = files.filter((file) => read(file).split("\n").length > 301);
    assert.deepEqual(long, []);
  });

  it("shows no more files in a folder than can be seen at once", () => {
    const counts = new Map<string, number>();
    for (const file of entries) counts.set(path.dirname(file), (counts.get(path.dirname(file)) ?? 0) + 1);
    assert.deepEqual(
      [...counts].filter(([, count]) => count > MOST_FILES),
      [],
    );
  });

  it("throws errors with a code", () => {
    const bare = /new (Error|RangeError|TypeError|SyntaxError)\(/;
    assert.deepEqual(
      files.filter((file) => bare.test(read(file))),
      [],
    );
  });
});
