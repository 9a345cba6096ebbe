import { until, withDeadline } from "../../base/deadline.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import type { EventOf } from "../../journal/events.ts";
import type { FaultContext } from "../fault.ts";
import { START_MS, startAgain } from "../processes/restart.ts";
import { bytesText } from "./bytes-text.ts";
import { type Input, wholeOf } from "./inputs.ts";
import { sendBytes } from "./send-bytes.ts";
import { type Shortest, shortestPrefix } from "./shortest.ts";
import { type Fate, Witness } from "./witness.ts";

/** Undoing has a minute: a try takes a start of the server, and its end. */
const SEARCH_MS = 35_000;
const MOST_TRIES = 24;
/** A server that died may have been busy with the text before the last one. */
const CANDIDATES = 4;
const PATIENCE_MS = 3_000;
const GONE_MS = 10_000;
const SHOWN = 200;

interface Deed {
  node: ClusterNode;
  link: string | null;
  fate: Exclude<Fate, "answers">;
  /** When the last text was sent, run ms. */
  at: number;
  /** The last one first. */
  sent: readonly Input[];
}

/** The text after which a server ended or went silent, until it is known which of its bytes do it. */
export class Suspect {
  readonly #context: FaultContext;
  readonly #deed: Deed;

  /** Journals it, takes evidence, and has the search for the shortest prefix done when the fault is healed. */
  static async accuse(context: FaultContext, deed: Deed): Promise<Suspect> {
    const suspect = new Suspect(context, deed);
    const { node, fate } = deed;
    context.onHeal(`start ${node.name}`, async () => void (await startAgain(context, node)));
    context.onHeal(`find the bytes that do it to ${node.name}`, () => suspect.#search());
    const file = await suspect.#keep("sent", suspect.#whole);
    suspect.#emit({ step: "suspected", files: [file] });
    await context.capture(node.name, fate === "ended" ? "dead" : "unresponsive");
    return suspect;
  }

  private constructor(context: FaultContext, deed: Deed) {
    this.#context = context;
    this.#deed = deed;
  }

  /** "m1 ended after …" */
  get text(): string {
    const { node, fate, sent } = this.#deed;
    const name = sent[0]?.name;
    const what = `"${bytesText(this.#whole, SHOWN)}"${name ? ` (${name})` : ""}`;
    return `${node.name} ${fate === "ended" ? "ended" : "left others without an answer"} after ${what}`;
  }

  get #whole(): Buffer {
    return wholeOf(this.#deed.sent[0] as Input);
  }

  async #search(): Promise<void> {
    const { claim } = this.#context;
    const { node, sent } = this.#deed;
    claim(node.name, "down");
    const end = performance.now() + SEARCH_MS;
    // Without its pipeline first: that is shorter than any prefix with it.
    const likely = sent.slice(0, CANDIDATES).flatMap((input) => {
      const alone = input.before.length + input.after.length > 0 ? [input.bytes] : [];
      return [...alone, wholeOf(input)];
    });
    const found = await shortestPrefix(
      likely,
      (bytes) => this.#harms(bytes),
      (tries) => tries < MOST_TRIES && performance.now() < end,
    );
    await this.#tell(found);
  }

  async #tell({ bytes, exact, tries }: Shortest): Promise<void> {
    if (bytes === null) return this.#emit({ step: "shrunk", shortest: null, exact, tries, files: [] });
    const files = [await this.#keep("shortest", bytes)];
    this.#emit({ step: "shrunk", shortest: bytesText(bytes, SHOWN), length: bytes.length, exact, tries, files });
  }

  /** Does it end, or go silent, when it is started anew and gets nothing but these bytes? */
  async #harms(bytes: Buffer): Promise<boolean> {
    const { node, fate } = this.#deed;
    const { password } = this.#context.cluster.login;
    await this.#startAnew();
    const witness = new Witness(node, PATIENCE_MS);
    try {
      if ((await witness.look()) !== "answers") return false;
      // Straight: a link may be held up by another fault at this moment.
      await withDeadline({ what: "sending bytes", within: GONE_MS }, (signal) =>
        sendBytes(node.nearest(), bytes, { password, signal }),
      ).catch(() => {});
      return (await witness.look()) === fate;
    } finally {
      witness.close();
    }
  }

  async #startAnew(): Promise<void> {
    const { node } = this.#deed;
    if ((await node.inspect()).running) {
      await node.kill("SIGKILL");
      await until({ what: `the end of ${node.name}`, within: GONE_MS }, async () => !(await node.inspect()).running);
    }
    await node.start({ within: START_MS });
  }

  #keep(what: string, bytes: Buffer): Promise<string> {
    return this.#context.keep(`${this.#context.id.replace("#", "-")}-${what}.bytes`, bytes);
  }

  #emit(told: Pick<EventOf<"raw-bytes">, "step" | "shortest" | "length" | "exact" | "tries" | "files">): void {
    const { node, link, fate, at, sent } = this.#deed;
    const about = { id: this.#context.id, node: node.name, link, fate, at, name: sent[0]?.name ?? null };
    this.#context.emit({ type: "raw-bytes", ...about, sent: bytesText(this.#whole, SHOWN), ...told });
  }
}
