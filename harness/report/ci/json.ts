import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { clientViews } from "../../checks/service/outages.ts";
import type { RunRecord } from "../../journal/record.ts";
import { ownImages } from "../../journal/run-images.ts";
import type { Foreseen } from "../../journal/view/foreseen.ts";
import { sentenceOf } from "../foreseen/foreseen-text.ts";
import { withoutRoot } from "../replay-command.ts";
import type { Reporter } from "../reporter.ts";
import { summarize } from "../run-summary.ts";
import { clientsSchema, RESULT_VERSION, type Result } from "./result-schema.ts";

/** result.json: the run for programs, as result.schema.json describes it. */
export const jsonReporter: Reporter = {
  name: "json",
  async onEnd(record, directory) {
    await writeFile(join(directory, "result.json"), `${JSON.stringify(resultOf(record), null, 2)}\n`);
  },
};

/** What result.json holds. */
export function resultOf(record: RunRecord): Result {
  const {
    run,
    verdict,
    reasons,
    findings,
    phases,
    loads,
    faults,
    self,
    checks,
    nodes,
    exchanges,
    serverVersion,
    end,
    losses,
    foreseen,
  } = summarize(record);
  return {
    version: RESULT_VERSION,
    kvchaos: run.kvchaos,
    runId: run.runId,
    startedAt: run.startedAt,
    durationMs: end,
    experiment: {
      ...{ title: run.title, file: withoutRoot(run, run.experimentFile), issue: run.issue },
      ...(foreseen?.confirms ? { confirms: foreseen.confirms } : {}),
    },
    command: run.command,
    seed: run.seed,
    system: run.system,
    image: run.image,
    digest: run.digest,
    ...(ownImages(run) ? { nodeImages: { ...ownImages(run) } } : {}),
    serverVersion,
    verdict,
    reasons: [...reasons],
    findings: [...findings],
    checks: checks.map(({ name, valid, why, findings: found }) => ({ name, valid, why, findings: found.length })),
    phases: [...phases],
    load: [...loads],
    clients: clientsSchema.parse(clientViews(record)),
    ...(losses.length > 0 ? { losses: [...losses] } : {}),
    ...(foreseen ? foreseenResult(foreseen) : {}),
    faults: faults.map(({ id, fault, targets, from, to, outcome, effect, detail, params }) => {
      return { id, fault, targets, from, to, outcome, effect, detail, params };
    }),
    selfCheck: self,
    ...(exchanges.length > 0
      ? {
          exchanges: exchanges.map(({ t, node, by, before, image, digest, version, ended }) => ({
            t,
            node,
            by,
            before,
            image,
            digest,
            version,
            ended: ended !== null,
          })),
        }
      : {}),
    nodes: nodes.map(({ name, role, image, digest, version }) => ({ name, role, image, digest, version })),
    host: run.host,
    truncated: record.tornLine !== null,
  };
}

function foreseenResult({
  deadlocks,
  waits,
  lost,
  unseen,
}: Foreseen): Pick<Result, "predictions" | "longWaits" | "locksUnseen"> {
  return {
    predictions: deadlocks.map((one) => ({
      ...one.prediction,
      nodes: [...one.nodes],
      known: one.known,
      sentence: sentenceOf(one),
    })),
    longWaits: waits.map(({ node, wait }) => ({ node, ...wait })),
    locksUnseen: [...unseen, ...lost],
  };
}
