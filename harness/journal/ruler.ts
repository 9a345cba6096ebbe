import { z } from "zod";

/** Who says who is master: kvchaos as the operator, the servers among themselves (Redis Cluster), sentinels, or controllers (kvrocks-controller). */
export const rulerSchema = z.enum(["operator", "servers", "sentinels", "controllers"]);
export type Ruler = z.infer<typeof rulerSchema>;

/** As a run's `cluster` event tells it; that of an older kvchaos tells nothing, and there was only the operator then. */
export function rulerOf(cluster: { ruledBy?: Ruler | undefined } | undefined): Ruler {
  return cluster?.ruledBy ?? "operator";
}
