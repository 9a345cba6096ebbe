import { z } from "zod";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { countEach } from "../../base/count-each.ts";
import type { Address, ClusterNode } from "../../cluster/cluster.ts";
import { defineFault, type Effect, type FaultContext } from "../fault.ts";
import {
  choiceParameter,
  linksParameter,
  nodeParameter,
  Parameter,
  parameters,
  plainParameter,
  wholeNumberParameter,
} from "../parameters.ts";
import { linkPattern, selectLink, selectNode } from "../selector.ts";
import { parseBytes } from "./bytes-text.ts";
import { CORPUS } from "./corpus.ts";
import { type Input, inputsOf, wholeOf } from "./inputs.ts";
import { type Answer, sendBytes } from "./send-bytes.ts";
import { Suspect } from "./suspect.ts";
import { Witness } from "./witness.ts";

const PATIENCE_MS = 5_000;
const INJECT_MS = 60_000;
/** Of one text: to connect, its answer, and the question whether others are answered. */
const EACH_MS = 1_000;
const SEED_MAX = 0xffffffff;
const NAMES = [...CORPUS.keys()];

const bytesForm = z
  .string()
  .min(1)
  .refine((text) => parseBytes(text) !== null, {
    error:
      "expected text in which every backslash begins \\r, \\n, \\t, \\0, \\\\, \\\", \\' or \\x and two hexadecimal digits",
  })
  .meta({ title: "bytes" });
const hexForm = z
  .string()
  .regex(/^(?:[0-9a-f]{2})+$/i, { error: "expected pairs of hexadecimal digits, without anything between them" })
  .meta({ title: "hexadecimal digits" });
const names = z.array(z.enum(NAMES)).min(1);
const corpusForm = z.union([z.literal("all").transform(() => NAMES), names]);

const described = parameters(
  {
    node: nodeParameter("who gets them, straight").optional(),
    links: linksParameter("instead: through these links, one after the other").optional(),
    bytes: plainParameter(bytesForm, "text with escapes: `PING\\r\\n`, `\\x00`").optional(),
    hex: plainParameter(hexForm, "the same in hexadecimal: `0d0a`").optional(),
    corpus: plainParameter(corpusForm, "`all`, or a list of malformed texts by their names", names).optional(),
    mutations: wholeNumberParameter("so many valid commands, each changed in up to three places", 1, 2_000).optional(),
    seed: new Parameter<number | undefined, number>({
      written: z.int().min(0).max(SEED_MAX).optional().describe("of the mutations; default: drawn from the run's"),
      planned: z.int().min(0).max(SEED_MAX),
      resolve: (seed, { own }) => seed ?? own.int(0, SEED_MAX),
    }),
    pipeline: wholeNumberParameter("so many valid commands on the same connection, at once", 0, 1_000).default(0),
    place: choiceParameter("the bytes come `before` the pipeline, or `inside`: half of it before them", [
      "before",
      "inside",
    ]).default("inside"),
  },
  {
    check: ({ node, links, bytes, hex, corpus, mutations, seed }, wrong) => {
      if ((node === undefined) === (links === undefined)) wrong("expected either `node` or `links`");
      const given = [bytes, hex, corpus, mutations].filter((one) => one !== undefined);
      if (given.length !== 1) wrong("expected exactly one of `bytes`, `hex`, `corpus` and `mutations`");
      if (seed !== undefined && mutations === undefined) wrong("`seed` goes with `mutations`", ["seed"]);
    },
  },
);
type Params = z.infer<typeof described.planned>;

/** Where the bytes go: straight, or through a link. */
interface Way {
  node: ClusterNode;
  link: string | null;
  address(): Address;
}

/**
 * Anything but a command: each text goes to the server on a connection of its own, and after each somebody else asks whether he is still
 * answered. A server may say what it likes to the sender, or close his connection. One that ends, or leaves the others without an answer,
 * ends the fault; when that is healed, and evidence has been taken, the server is started anew to find the shortest prefix that does it again.
 * Heal: it runs, in its role. Effect: every text was sent, and what became of them.
 */
export const rawBytes = defineFault({
  kind: "raw-bytes",
  summary: "send bytes that are no command",
  lasting: false,
  parameters: described,
  injectWithin: (p) => INJECT_MS + inputsOf(p).length * (p.links?.length ?? 1) * EACH_MS,
  // Others go on as if nothing were.
  holdsUp: () => [],
  dials: ({ links }) => (links ?? []).map(linkPattern),
  inject: async (context, p) => {
    const ways = waysOf(context, p);
    const said: Answer[] = [];
    let found: Suspect | null = null;
    for (const way of ways) {
      found ??= await sendAll(context, way, inputsOf(p), said);
    }
    const targets = ways.flatMap(({ node, link }) => (link === null ? [node.name] : [link, node.name]));
    return { targets: [...new Set(targets)], effect: async () => effectOf(ways, said, found) };
  },
});

function waysOf({ cluster }: FaultContext, { node, links }: Params): Way[] {
  if (node !== null) {
    const one = selectNode(cluster, node);
    return [{ node: one, link: null, address: () => one.nearest() }];
  }
  return (links ?? []).map((selector) => {
    const link = selectLink(cluster, selector);
    return { node: cluster.node(link.to), link: link.name, address: () => link.published };
  });
}

/** Sends one after the other, until others suffer. Returns who is to blame then. Rejects with the signal, unless somebody is. */
async function sendAll(
  context: FaultContext,
  way: Way,
  inputs: readonly Input[],
  said: Answer[],
): Promise<Suspect | null> {
  const { node, link } = way;
  const witness = new Witness(node, PATIENCE_MS);
  const sent: Input[] = [];
  try {
    if ((await witness.look()) !== "answers") {
      throw new ChaosError("infrastructure", `${node.name} did not answer PING before any byte was sent to it`);
    }
    for (const input of inputs) {
      const at = context.clock.now();
      sent.unshift(input);
      const failure = await sendBytes(way.address(), wholeOf(input), {
        password: context.cluster.login.password,
        signal: context.signal,
      }).then(
        (answer) => {
          said.push(answer);
          return null;
        },
        (error: unknown) => messageOf(error),
      );
      // Also when chaos is over by now: what the bytes did must be told.
      const fate = await witness.look();
      if (fate !== "answers") {
        const other = context.heldBy(node.name);
        if (other !== null) throw new ChaosError("infrastructure", `another fault holds ${node.name} (${other})`);
        return await Suspect.accuse(context, { node, link, fate, at, sent });
      }
      context.signal.throwIfAborted();
      if (failure !== null) throw new ChaosError("infrastructure", failure);
    }
    return null;
  } finally {
    witness.close();
  }
}

function effectOf(ways: readonly Way[], said: readonly Answer[], found: Suspect | null): Effect {
  const counts = countEach(said);
  const of = (answer: Answer): number => counts.get(answer) ?? 0;
  const whom = ways.map(({ node, link }) => link ?? node.name).join(", ");
  const told = [
    `${of("answered")} answered`,
    `${of("refused")} refused`,
    `${of("closed")} closed without a word`,
    `${of("none")} without an answer`,
  ].join(", ");
  const others = found === null ? "others were answered all the time" : found.text;
  return { measured: true, summary: `${said.length} texts to ${whom}: ${told}; ${others}` };
}
