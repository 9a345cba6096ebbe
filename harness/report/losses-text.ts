import { formatCount } from "../base/units.ts";
import type { Losses } from "../journal/losses.ts";

/** All loads as one; null: nobody counted. A number that is not known of one is not known of all. */
export function totalLosses(losses: readonly Losses[]): Omit<Losses, "load"> | null {
  if (losses.length === 0) return null;
  const sum = (numbers: readonly (number | null)[]): number | null =>
    numbers.reduce((total, one) => (total === null || one === null ? null : total + one), 0);
  return {
    acknowledged: losses.reduce((total, { acknowledged }) => total + acknowledged, 0),
    allowed: losses.reduce((total, { allowed }) => total + allowed, 0),
    lost: sum(losses.map(({ lost }) => lost)),
    excused: sum(losses.map(({ excused }) => excused)),
  };
}

/** "Of 1,200 acknowledged writes 30 were allowed to get lost; 4 really were." */
export function lossesText(losses: readonly Losses[]): string | null {
  const total = totalLosses(losses);
  if (total === null) return null;
  const { acknowledged, allowed, lost, excused } = total;
  const may = `Of ${formatCount(acknowledged)} acknowledged writes ${allowed === 0 ? "none was" : `${formatCount(allowed)} were`} allowed to get lost`;
  if (lost === null || excused === null)
    return `${may}; not every load could be read in the end to count those that were.`;
  const broken = lost - excused;
  if (broken === 0)
    return `${may}; ${lost === 0 ? "none" : formatCount(lost)} really ${lost === 1 || lost === 0 ? "was" : "were"}.`;
  return `${may}; ${formatCount(lost)} really were, ${formatCount(broken)} of them without being allowed to.`;
}
