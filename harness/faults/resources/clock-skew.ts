import { z } from "zod";
import { ChaosError } from "../../base/chaos-error.ts";
import { defineFault } from "../fault.ts";
import { nodeParameter, parameters, plainParameter } from "../parameters.ts";

const REFUSAL = [
  "clock-skew is not possible: Linux keeps one wall clock for all containers of a machine (time namespaces move only",
  "CLOCK_MONOTONIC and CLOCK_BOOTTIME), and setting it would move the host's. It would need a virtual machine per node,",
  "or an image that starts its server with libfaketime, which then is not the server that others run",
].join(" ");

/**
 * A node's wall clock is wrong: refused, where the experiment is read, with the reason. It has a name so that whoever looks
 * for it finds the reason, and not a guess at another fault.
 */
export const clockSkew = defineFault({
  kind: "clock-skew",
  summary: "refused: containers share the machine's wall clock",
  lasting: true,
  parameters: parameters(
    {
      node: nodeParameter("whose clock is wrong").optional(),
      by: plainParameter(z.string(), "how much").optional(),
    },
    { check: (_written, wrong) => wrong(REFUSAL) },
  ),
  inject: async () => {
    throw new ChaosError("infrastructure", REFUSAL);
  },
});
