import type { Range } from "../../base/units.ts";
import type { WrittenParams } from "../../faults/parameters.ts";
import type { Experiment } from "../experiment.ts";
import type { Mistakes } from "./zod-mistakes.ts";

interface Given {
  locks: boolean | undefined;
  noise: { probability: Range; longest: number } | undefined;
  known: Experiment["known"] | undefined;
}

/** What an experiment wants of its servers' locks: the library is loaded where anything needs it. */
export function readLocks(
  { locks, noise, known = [] }: Given,
  {
    faults,
    checks = [],
  }: { faults: readonly { fault: string; params: WrittenParams }[]; checks: readonly string[] | undefined },
  mistakes: Mistakes,
): Pick<Experiment, "locks" | "noise" | "known"> {
  const needs = [
    noise && "`noise`",
    known.length > 0 && "`known`",
    faults.some(({ fault }) => fault === "pause-thread") && "the fault pause-thread",
  ].filter((one) => typeof one === "string");
  if (locks === false && needs[0]) mistakes.add(["locks"], `${needs[0]} needs it: expected true, or no such key`);
  const wanted = locks ?? (needs.length > 0 || checks.includes("lock-order"));
  const other = faults.find(({ params }) => typeof params.image === "string");
  if (wanted && other) {
    const message = `locks beside the fault ${other.fault} with an image: the lock graph of a node is one server's`;
    mistakes.add([locks === true ? "locks" : "faults"], message, "look at locks in an experiment of its own");
  }
  return {
    // That the check cannot do without it, the check says itself.
    locks: wanted,
    noise: noise ? { probability: noise.probability.min, longest: noise.longest * 1000 } : null,
    known,
  };
}
