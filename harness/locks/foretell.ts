import type { LongWait, Prediction } from "../journal/prediction.ts";
import type { LockGraph } from "./graph.ts";
import { longWaits } from "./predict/long-waits.ts";
import { type Naming, Places } from "./predict/places.ts";
import { inCycles, predict } from "./predict/predict.ts";

export interface Foretold {
  predictions: Prediction[];
  waits: LongWait[];
  /** What was not looked at or could not be named, in words. */
  incomplete: string[];
}

/**
 * What a graph foretells, with names. Only what is told is looked up: a server's symbols take seconds.
 * @param since the run's clock at `graph.started`, ms. Rejects only when aborted
 */
export async function foretell(graph: LockGraph, naming: Naming, since = 0): Promise<Foretold> {
  const places = await Places.find(graph, [...inCycles(graph), ...graph.waits], naming);
  const { predictions, incomplete } = predict(graph, places, since);
  return { predictions, waits: longWaits(graph, places, since), incomplete: [...incomplete, ...naming.problems] };
}
