import { z } from "zod";
import { ChaosError } from "../../base/chaos-error.ts";
import { formatDuration, parseDuration } from "../../base/units.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import { defineFault, type Effect, type FaultContext } from "../fault.ts";
import { nodeParameter, Parameter, parameters } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import { interposeRefusal, interposerOf } from "./interposed.ts";

const ASK_MS = 5_000;
const TRIES = 3;
/** Of the time that passes while it is asked, and of what a busy machine makes of it: this much is no clock. ms */
const SLACK_MS = 500;
/** Ten years, and half as fast again. */
const MOST_MS = 10 * 365 * 86_400_000;
const MOST_DRIFT = 0.5;

/** "10s", "-1h..1h": ms. */
const signedDuration = signedRange(
  (text) => parseDuration(text),
  MOST_MS,
  'a duration like "10s" or "-1h", or a range "-10s..10s"',
  "duration or range, either may be negative",
);
/** "1%", "-5%..5%": a share. */
const signedPercent = signedRange(
  (text) => (/^\d+(?:\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) / 100 : undefined),
  MOST_DRIFT,
  'a percentage like "1%" or "-0.5%" from -50% to 50%, or a range of them',
  "percentage or range, either may be negative",
);

interface Signed {
  min: number;
  max: number;
}

function signedRange(parse: (text: string) => number | undefined, most: number, expected: string, title: string) {
  const one = (text: string): number | undefined => {
    const value = parse(text.replace(/^[-+]/, ""));
    return value === undefined ? undefined : text.startsWith("-") ? -value : value;
  };
  return z
    .string({ error: `expected ${expected}` })
    .transform((text, ctx): Signed => {
      const [first = "", last = first] = text.trim().split("..");
      const [min, max] = [one(first.trim()), one(last.trim())];
      if (min !== undefined && max !== undefined && min <= max && -most <= min && max <= most) return { min, max };
      ctx.addIssue({ code: "custom", message: `expected ${expected}` });
      return z.NEVER;
    })
    .meta({ title });
}

function signedParameter(form: z.ZodType<Signed>, about: string, most: number, whole: boolean) {
  return new Parameter<Signed, number>({
    written: form.describe(about),
    planned: z.number().min(-most).max(most),
    resolve: ({ min, max }, { own }) => {
      const value = min === max ? min : own.between(min, max);
      return whole ? Math.round(value) : value;
    },
  });
}

const described = parameters(
  {
    node: nodeParameter("whose clock is wrong"),
    by: signedParameter(signedDuration, "it jumps ahead by this; back, where it is negative", MOST_MS, true).optional(),
    drift: signedParameter(
      signedPercent,
      "and from then on it goes so much faster; slower, where it is negative",
      MOST_DRIFT,
      false,
    ).optional(),
  },
  {
    check: ({ by, drift }, wrong) => {
      if (by === undefined && drift === undefined) wrong("expected `by`, `drift` or both");
    },
  },
);

/**
 * A node's wall clock is wrong: it jumps, drifts, or both, while the server runs and when it is started again meanwhile. A library that is
 * loaded into the servers answers for the C library (interpose/); the kernel's clock, and the monotonic one, stay. Several add up.
 * Heal: the clock jumps back. Effect: the server's own TIME against this machine's.
 */
export const clockSkew = defineFault({
  kind: "clock-skew",
  summary: "let a node's wall clock jump, drift, or both",
  lasting: true,
  interposes: true,
  refusal: interposeRefusal,
  parameters: described,
  inject: async (context, { node: selector, by, drift }) => {
    const node = selectNode(context.cluster, selector);
    const interposer = interposerOf(node);
    const before = await aheadOf(node, context, context.signal);
    context.onHeal(`set the clock of ${node.name} right`, async () => interposer.unskew(context.id));
    interposer.skew(context.id, { by: by ?? 0, drift: drift ?? 0 });
    const since = context.clock.now();
    const measure = async (): Promise<Effect> => {
      // Also when chaos is over: a drift is known at the heal.
      const moved = (await aheadOf(node, context)) - before;
      const wanted = (by ?? 0) + (drift ?? 0) * (context.clock.now() - since);
      const close = Math.abs(moved - wanted) <= Math.min(SLACK_MS, Math.abs(wanted) / 2);
      return { measured: close, summary: `TIME of ${node.name} ${moveText(moved)}` };
    };
    return { targets: [node.name], effect: measure, ...(by === null ? { effectAt: "heal" as const } : {}) };
  },
});

function moveText(ms: number): string {
  const exact = Math.abs(Math.round(ms));
  const much = formatDuration(exact < 1_000 ? exact : Math.round(exact / 100) * 100);
  return ms < 0 ? `went back by ${much}` : `went ahead by ${much}`;
}

/** How far the clock of a server is ahead of the run's, ms: only differences mean anything. */
async function aheadOf(node: ClusterNode, { clock }: FaultContext, signal?: AbortSignal): Promise<number> {
  let best = { took: Number.POSITIVE_INFINITY, ahead: 0 };
  for (let tries = 0; tries < TRIES; tries++) {
    const asked = clock.now();
    const reply = await node.admin(["TIME"], { within: ASK_MS, signal });
    const answered = clock.now();
    const [seconds, micros] = Array.isArray(reply) ? reply.map((one) => Number(String(one))) : [];
    if (seconds === undefined || micros === undefined || Number.isNaN(seconds)) {
      throw new ChaosError("infrastructure", `${node.name} does not tell its time`);
    }
    // Asked at some moment in between: the quickest answer says most exactly when.
    const took = answered - asked;
    if (took < best.took) best = { took, ahead: seconds * 1000 + micros / 1000 - (asked + answered) / 2 };
  }
  return best.ahead;
}
