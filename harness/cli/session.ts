import { randomUUID } from "node:crypto";
import path from "node:path";
import type { Engine } from "../docker/engine.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { hasHidden, withPassword } from "../experiment/secrets.ts";
import type { Plan } from "../journal/plan.ts";
import type { RunRecord } from "../journal/record.ts";
import type { RunResult } from "../run/run-options.ts";
import { chooseServer, type ServerChoice, type ServerWish } from "./choose-server.ts";
import { countAgain } from "./count-again.ts";
import { EXIT } from "./exit-codes.ts";
import { interruptSignal } from "./interrupt.ts";
import { composeFor, planFor } from "./plan-for.ts";
import { log } from "./print.ts";
import { readyMachine } from "./ready-machine.ts";
import { type OnceOptions, runOnce } from "./run-once.ts";

/*
 *   interrupt handlers ─► the machine made ready ─► runs, each on a server that is chosen ─► their pages counted again ─► exit code
 */

export interface SessionOptions extends Pick<OnceOptions, "reports" | "keep" | "quiet" | "json" | "part"> {
  /** At the end, however it comes, each page tells how often what it found came back in the other runs. */
  again?: boolean | undefined;
}

/** The runs of one command, on a machine that is ready for them. */
export class Session {
  /** The runs' folders by their experiments' files, oldest first. */
  readonly #directories = new Map<string, string[]>();
  readonly #password = `replay-${randomUUID()}`;
  readonly engine: Engine;
  readonly signal: AbortSignal;
  readonly #options: SessionOptions;

  constructor(engine: Engine, signal: AbortSignal, options: SessionOptions) {
    this.engine = engine;
    this.signal = signal;
    this.#options = { ...options, reports: path.resolve(options.reports) };
  }

  choose(wish: ServerWish, { systems }: Pick<Experiment, "systems">): Promise<ServerChoice> {
    return chooseServer(this.engine, wish, systems, this.signal);
  }

  /** The server of an earlier run where its journal is there, unless another is wished for. */
  async chooseAgain({ system, image }: ServerWish, plan: Plan, record: RunRecord | undefined): Promise<ServerChoice> {
    const before = record?.first("run");
    const server = await this.choose(
      { system: system ?? before?.system, image: image ?? before?.image },
      plan.experiment,
    );
    if (hasHidden(plan)) log("the plan hides its passwords: one that is made up is used in place of each");
    return server;
  }

  async runSeed(experiment: Experiment, seed: string, server: ServerChoice): Promise<RunResult> {
    return this.#run({ server, ...(await planFor(experiment, seed, server)) });
  }

  /** Of a plan as it was written into a run's folder: its passwords are hidden there, and one is made up for all of them. */
  async runPlan(written: Plan, server: ServerChoice): Promise<RunResult> {
    const compose = await composeFor(written.experiment.cluster, server);
    const opened = hasHidden(written) ? withPassword(written, compose, this.#password) : { plan: written, compose };
    return this.#run({ server, ...opened, fromPlan: true });
  }

  async #run(what: Pick<OnceOptions, "server" | "plan" | "compose" | "fromPlan">): Promise<RunResult> {
    const { engine, signal } = this;
    const result = await runOnce({ ...this.#options, ...what, engine, signal });
    const { file } = what.plan.experiment;
    this.#directories.set(file, [...(this.#directories.get(file) ?? []), result.directory]);
    return result;
  }

  async countAgain(): Promise<void> {
    if (this.#options.again) for (const own of this.#directories.values()) await countAgain(own);
  }
}

/** @param body does the runs and says how it went; once the user has interrupted it, that is the exit code */
export async function withSession(
  options: SessionOptions,
  body: (session: Session) => Promise<number>,
): Promise<number> {
  const { signal, dispose } = interruptSignal();
  try {
    const session = new Session(await readyMachine(signal), signal, options);
    try {
      const code = await body(session);
      return signal.aborted ? EXIT.interrupted : code;
    } finally {
      await session.countAgain();
    }
  } finally {
    dispose();
  }
}
