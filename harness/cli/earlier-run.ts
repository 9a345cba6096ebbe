import { access, readFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError } from "../base/chaos-error.ts";
import { registries } from "../experiment/catalogue.ts";
import { readPlan } from "../experiment/plan-file.ts";
import type { Plan } from "../journal/plan.ts";
import { readRecord } from "../journal/reader.ts";
import type { RunRecord } from "../journal/record.ts";

const journalIn = (folder: string): string => path.join(folder, "journal.jsonl");

export async function isRun(folder: string): Promise<boolean> {
  return access(journalIn(folder)).then(
    () => true,
    () => false,
  );
}

export function recordIn(folder: string): Promise<RunRecord> {
  return readRecord(journalIn(folder));
}

/** The plan in a run's folder, or wherever it was copied to. */
export async function readPlanFile(file: string): Promise<Plan> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ChaosError("usage", `cannot read ${file}`, { hint: "Name a run's folder below reports/.", cause });
  });
  return readPlan(text, file, registries);
}
