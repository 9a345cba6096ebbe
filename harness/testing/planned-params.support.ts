import { seededRandom } from "../base/random.ts";
import type { Fault } from "../faults/fault.ts";

const SHAPE = { masters: ["m1"], replicas: ["r1", "r2"], links: [] };

/** What the plan holds for what a user writes. */
export function plannedParams<W, P>({ parameters }: Fault<W, P>, written: object, occurrence = 0): P {
  const random = seededRandom("1");
  return parameters.resolve(parameters.written.parse(written), { random, occurrence, shape: SHAPE });
}
