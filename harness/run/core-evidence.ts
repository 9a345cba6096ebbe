import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { withDeadline } from "../base/deadline.ts";
import type { ClusterNode } from "../cluster/cluster.ts";
import { coreStacks } from "../forensics/core.ts";
import { type CoreOrigin, coreOrigin } from "../forensics/core-place.ts";
import type { RunContext } from "./run-context.ts";

/** A core of gigabytes takes its time to be copied and read. */
const CORE_MS = 120_000;
const GDB_MS = 60_000;

type Node = Pick<ClusterNode, "name" | "container" | "pid">;

/** The stacks in the cores of servers that died, as evidence with the reason "core". */
export class CoreCollector {
  readonly #context: RunContext;
  readonly #origins = new Map<string, CoreOrigin>();
  /** When the core that was looked at last had been written, by node. */
  readonly #seen = new Map<string, number>();

  constructor(context: RunContext) {
    this.#context = context;
  }

  /** Notes where a process runs, while it does. */
  note(node: Node): void {
    const pid = node.pid();
    const origin = pid === null ? null : coreOrigin(pid);
    if (origin) this.#origins.set(node.name, origin);
  }

  /** @param folder below the run's folder @param quiet without a core nothing is told */
  async take({ name, container }: Node, folder: string, quiet: boolean): Promise<void> {
    const { directory, clock, emit, signal, hide, options } = this.#context;
    const begun = clock.now();
    const what = `reading the core of ${name}`;
    const core = await withDeadline({ what, within: CORE_MS, signal }, (inner) =>
      coreStacks({
        origin: this.#origins.get(name) ?? null,
        copy: (from, to) => options.engine.copyOut(container, from, to, { signal }),
        seen: this.#seen.get(name) ?? null,
        within: GDB_MS,
        signal: inner,
      }),
    );
    if (core.modified !== null) this.#seen.set(name, core.modified);
    if (quiet && core.found === false) return;
    const files: string[] = [];
    if (core.found) {
      files.push(path.join(folder, "stacks-core.txt"));
      await mkdir(path.join(directory, folder), { recursive: true });
      // gdb shows the command line of the process that died: the run's secrets are hidden in it.
      await writeFile(path.join(directory, files[0] as string), hide(core.text));
    }
    emit({
      type: "evidence",
      node: name,
      reason: "core",
      ms: Math.round(clock.now() - begun),
      stoppedProcessMs: 0,
      files,
      summary: core.found ? core.summary : core.found === null ? core.why : `no core: ${core.why}`,
      proof: null,
      // What a check asks: did the process leave a core, whether it could be read or not?
      data: { core: core.found !== false },
    });
  }
}
