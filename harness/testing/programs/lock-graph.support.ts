import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runCommand } from "../../base/run-command.ts";
import type { LockGraph } from "../../locks/graph.ts";
import { readGraphFile } from "../../locks/library/graph-file.ts";
import { Table } from "../../locks/library/layout.ts";
import { makeLibrary } from "../../locks/library/make-library.ts";

/** What the library writes of a program that runs to its end on this machine, outside of any container. */
export async function lockGraphOf(...argv: [string, ...string[]]): Promise<LockGraph> {
  const library = await makeLibrary();
  const folder = await mkdtemp(path.join(tmpdir(), "kvchaos-locks-"));
  try {
    const table = new Table(library.layout, "control");
    const control = Buffer.alloc(table.size);
    table.set(control, 0, "layout", library.layout.version);
    await writeFile(path.join(folder, "control"), control);
    await runCommand(argv, { within: 20_000, env: { LD_PRELOAD: library.path, KVCHAOS_LOCKS: folder } });
    const [file] = (await readdir(folder)).filter((name) => name.endsWith(".graph"));
    const graph = file === undefined ? null : await readGraphFile(path.join(folder, file), library.layout);
    if (graph === null) throw new Error(`${argv[0]} left no lock graph`);
    return graph;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
