import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** The floors of DESIGN.md from the ground up: a folder imports only itself and folders above it in this list. */
const FLOORS = [
  "base",
  "journal",
  "history",
  "resp",
  "docker",
  "images",
  "network",
  "systems",
  "cluster",
  "load",
  "faults",
  "watchdog",
  "forensics",
  "checks",
  "experiment",
  "run",
  "repro",
  "report",
  "cli",
];
const HARNESS = import.meta.dirname;

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(HARNESS, file), "utf8");
  const statements = text.matchAll(/^\s*(?:import|export)\s+(type\s+)?[^;"']*?from\s+"(\.[^"]+)"/gm);
  return [...statements].map(([, type, target]) => ({
    from: file,
    to: path.join(path.dirname(file), target as string),
    typeOnly: type !== undefined,
  }));
}

const files = readdirSync(HARNESS, { recursive: true, encoding: "utf8" }).filter(
  (name) =>
    name.endsWith(".ts") && !name.endsWith(".test.ts") && name.includes(path.sep) && !name.startsWith("testing"),
);
const imports = files.flatMap(importsOf);
const room = (file: string): string => file.split(path.sep, 1)[0] as string;

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
      .filter(({ from, to, typeOnly }) => !typeOnly && FLOORS.indexOf(room(to)) > FLOORS.indexOf(room(from)))
      .map(({ from, to }) => `${from} -> ${to}`);
    assert.deepEqual(upward, []);
  });

  it("has no circles between files", () => {
    const targets = new Map<string, Import[]>();
    for (const one of imports) if (!one.typeOnly) targets.set(one.from, [...(targets.get(one.from) ?? []), one]);
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
    const importers = (name: string): string[] =>
      files.filter((file) => new RegExp(`from "${name}"`).test(readFileSync(path.join(HARNESS, file), "utf8")));
    assert.deepEqual(
      importers("dockerode").filter((file) => !/^docker\/engine[a-z-]*\.ts$/.test(file)),
      [],
    );
    assert.deepEqual(importers("toxiproxy-node-client"), ["network/toxiproxy.ts"]);
    assert.deepEqual(importers("ioredis"), ["resp/admin.ts"]);
  });

  it("keeps its files small", () => {
    const long = files.filter((file) => readFileSync(path.join(HARNESS, file), "utf8").split("\n").length > 301);
    assert.deepEqual(long, []);
  });
});
