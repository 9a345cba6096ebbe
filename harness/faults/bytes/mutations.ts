import { type Random, seededRandom } from "../../base/random.ts";
import { encodeCommand } from "../../resp/encode.ts";

/** Commands whose neighbours do no harm: none that stops a server or touches keys of others is within a few bytes of them. */
const COMMANDS: readonly (readonly string[])[] = [
  ["PING"],
  ["ECHO", "kvchaos"],
  ["GET", "kvchaos:bytes"],
  ["MGET", "kvchaos:bytes", "kvchaos:bytes:2"],
  ["SET", "kvchaos:bytes", "value"],
  ["INCR", "kvchaos:bytes:number"],
  ["HSET", "kvchaos:bytes:hash", "field", "value"],
  ["ZADD", "kvchaos:bytes:zset", "1.5", "member"],
  ["RPUSH", "kvchaos:bytes:list", "a", "b", "c"],
];
/** Lengths that no text may have. */
const LENGTHS = [
  "-1",
  "-2147483648",
  "4294967296",
  "9223372036854775807",
  "18446744073709551616",
  "",
  "0x10",
  "1e3",
  " 4",
];
const MOST_CHANGES = 3;

type Change = (bytes: Buffer, random: Random) => Buffer;

const CHANGES: readonly Change[] = [
  function flipBit(bytes, random) {
    const at = random.int(0, bytes.length - 1);
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] as number) ^ (1 << random.int(0, 7));
    return changed;
  },
  function insertByte(bytes, random) {
    const at = random.int(0, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([random.int(0, 255)]), bytes.subarray(at)]);
  },
  function leaveOut(bytes, random) {
    const at = random.int(0, bytes.length - 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.int(1, 4))]);
  },
  function cutOff(bytes, random) {
    return bytes.subarray(0, random.int(1, bytes.length));
  },
  function repeat(bytes, random) {
    const at = random.int(0, bytes.length - 1);
    const end = at + random.int(1, 8);
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
  },
  function otherLength(bytes, random) {
    const text = bytes.toString("latin1");
    const places = [...text.matchAll(/(?<=[*$])\d+/g)];
    if (places.length === 0) return bytes;
    const { 0: number, index } = random.pick(places);
    return Buffer.from(text.slice(0, index) + random.pick(LENGTHS) + text.slice(index + number.length), "latin1");
  },
  function otherEnd(bytes, random) {
    const text = bytes.toString("latin1");
    const ends = [...text.matchAll(/\r\n/g)];
    if (ends.length === 0) return bytes;
    const { index } = random.pick(ends);
    return Buffer.from(
      text.slice(0, index) + random.pick(["\n", "\r", "", "\r\n\r\n"]) + text.slice(index + 2),
      "latin1",
    );
  },
];

/** Valid commands, each changed in one to three places: the same for the same seed. */
export function mutations(seed: number, count: number): Buffer[] {
  const random = seededRandom(`raw-bytes/${seed}`);
  return Array.from({ length: count }, (_, i) => {
    const own = random.fork(String(i));
    let bytes = encodeCommand(own.pick(COMMANDS));
    for (let changes = own.int(1, MOST_CHANGES); changes > 0 && bytes.length > 0; changes--) {
      bytes = own.pick(CHANGES)(bytes, own);
    }
    return bytes.length > 0 ? bytes : Buffer.from("\r\n");
  });
}
