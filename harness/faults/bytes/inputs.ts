import { ChaosError } from "../../base/chaos-error.ts";
import { encodeCommand } from "../../resp/encode.ts";
import { parseBytes } from "./bytes-text.ts";
import { CORPUS } from "./corpus.ts";
import { mutations } from "./mutations.ts";

const PING = encodeCommand(["PING"]);

/** One text that goes to a server on a connection of its own. */
export interface Input {
  /** "lone-crlf", "mutation 12"; the bytes as written have none. */
  name: string | null;
  /** Valid commands before it. */
  before: Buffer;
  bytes: Buffer;
  /** And behind it. */
  after: Buffer;
}

/** What is sent, as the plan has it. */
interface Wanted {
  bytes: string | null;
  hex: string | null;
  corpus: readonly string[] | null;
  mutations: number | null;
  seed: number;
  /** Valid commands around each. */
  pipeline: number;
  place: "before" | "inside";
}

/** Every text, in the order in which they are sent. */
export function inputsOf(wanted: Wanted): Input[] {
  const { pipeline, place } = wanted;
  const ahead = place === "before" ? 0 : Math.ceil(pipeline / 2);
  const [before, after] = [pings(ahead), pings(pipeline - ahead)];
  return textsOf(wanted).map(({ name, bytes }) => ({ name, before, bytes, after }));
}

export function wholeOf({ before, bytes, after }: Input): Buffer {
  return Buffer.concat([before, bytes, after]);
}

function pings(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => PING));
}

function textsOf({ bytes, hex, corpus, mutations: count, seed }: Wanted): Pick<Input, "name" | "bytes">[] {
  if (count !== null) return mutations(seed, count).map((text, i) => ({ name: `mutation ${i + 1}`, bytes: text }));
  if (corpus !== null) return corpus.map((name) => ({ name, bytes: read(CORPUS.get(name) ?? "") }));
  return [{ name: null, bytes: hex === null ? read(bytes ?? "") : Buffer.from(hex, "hex") }];
}

function read(text: string): Buffer {
  const bytes = parseBytes(text);
  if (bytes === null) throw new ChaosError("internal", `not a text of bytes: ${text}`);
  return bytes;
}
