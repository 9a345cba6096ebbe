import path from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { writeRunIndex } from "../../report/runs/run-index.ts";
import { nameOfServer } from "../../run/attached/attached-servers.ts";
import { newSeed } from "../../run/campaign/rounds.ts";
import { EXIT, exitOfVerdict } from "../exit-codes.ts";
import { interruptible } from "../interrupt.ts";
import { invocation } from "../invocation.ts";
import { readyMachine } from "../machine.ts";
import { planFor } from "../plan-for.ts";
import { log, logError } from "../print.ts";
import { runHere } from "../run-here.ts";
import { attachedLines } from "./explain-attached.ts";
import { type AttachAsked, DELETES, prepareAttached } from "./prepare-attached.ts";

export interface RunAttached extends AttachAsked {
  seed: string | undefined;
  reports: string;
  /** A known bug must reproduce. */
  expectFail: boolean;
  quiet: boolean;
  json: boolean;
}

/** An experiment against servers that are there. @returns the exit code */
export function runAttached(experiment: Experiment, asked: RunAttached): Promise<number> {
  return interruptible(async (signal) => {
    // Everything that can refuse it does so before anything is installed or written.
    const attachable = await prepareAttached(experiment, asked, signal);
    const engine = await readyMachine(signal);
    for (const [name, { container }] of attachable.attached.servers) {
      if (container === undefined || (await engine.inspectContainer(container, { signal }))?.running) continue;
      throw new ChaosError("usage", `${name} of ${asked.attach}: there is no container ${container} that runs`);
    }
    if (!asked.quiet && !asked.json) for (const line of attachedLines(attachable)) log(line);
    const [first] = attachable.attached.servers.values();
    if (!first) throw new ChaosError("internal", "there is no server to attach to");
    const { system } = first;
    const image = nameOfServer(first);
    const seed = asked.seed ?? newSeed();
    const { plan } = await planFor(attachable.experiment, seed, { system, image });
    const reports = path.resolve(asked.reports);
    const { username } = asked.access;
    const user = username === undefined ? [] : ["--user", username];
    const deletes = asked.deletes ? [`--${DELETES}`] : [];
    const result = await runHere(
      {
        ...{ plan, password: "", system: system.name, image, benchmarkImage: null, reports },
        again: {
          verb: "run",
          target: experiment.file,
          rest: ["--attach", asked.attach, ...user, ...deletes, "--seed", seed],
        },
        ...{ keep: false, part: false, warm: null, pages: "always" },
      },
      {
        ...{ engine, invocation: invocation(), interrupt: signal, terminal: process.stderr },
        ...{ quiet: asked.quiet, json: asked.json, attached: attachable.attached },
      },
    );
    await writeRunIndex(reports).catch((error: unknown) => logError(error, "the list of runs could not be written:"));
    const left = result.record.of("note").find(({ about, text }) => about === "teardown" && text.includes(PUT_BACK));
    if (left) log(left.text);
    if (signal.aborted) return EXIT.interrupted;
    const code = exitOfVerdict(result.verdict, asked.expectFail);
    // A finding is what was looked for, whatever it has left.
    return left && result.verdict !== "fail" ? EXIT.infrastructure : code;
  });
}

const PUT_BACK = "put the servers back";
