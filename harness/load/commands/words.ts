import type { Random } from "../../base/random.ts";
import type { Range } from "../../base/units.ts";
import type { Argument, CommandSyntax, Group, WordType } from "./syntax.ts";

/* Words are strings each character of which is one byte. */

/** What keys are drawn from. */
export interface KeySpace {
  /** Name of the key of this number that is to hold this: those that one command may name together have one `family`. */
  name(number: number, kind: string): string;
  keys: number;
  /** Numbers that differ by a multiple of it may stand in one command. */
  families: number;
  elements: number;
  value: Range;
}

/** Keys of these hold the same type. */
const KINDS: Readonly<Partial<Record<Group, string>>> = {
  "sorted-set": "zset",
  geo: "zset",
  bitmap: "bits",
  hyperloglog: "hll",
};
const EACH_KIND = ["string", "list", "set", "zset", "hash", "stream", "bits", "hll"] as const;
/** Shares of the words. */
const OTHER_KIND = 0.04;
const UNPLEASANT = 0.1;
const EXTREME = 0.04;
const OPTION = 0.3;

/** Bytes that parsers trip over. */
const STRINGS = [
  "",
  " ",
  "\r\n",
  "\0",
  "\u00ff\u00fe\u0000\u0001",
  "$-1\r\n",
  "*1\r\n$4\r\nPING\r\n",
  "%s%n%x",
  "\"'\\",
  "{}",
  "{a}b",
  "\u00c3\u00a4\u00e2\u0082\u00ac",
  "nan",
  "-inf",
  "00017",
  "1e400",
  "9".repeat(40),
  "x".repeat(4096),
] as const;
const INTEGERS = [
  "9223372036854775807",
  "-9223372036854775808",
  "4294967296",
  "-1",
  "0",
  "00",
  "1e3",
  "0x10",
  "",
  " 1",
];
const SCORES = ["inf", "-inf", "1e308", "-0", "nan", "0.1", "9007199254740993", "3.0e-5"];
/** Of these no extreme ones: the server would have to make as many bytes or elements, or wait as long. */
const MODEST = /^(?:num|count|limit|offset|timeout|len|maxlen|entries|size|capacity|milliseconds$)/;

/** Draws the words of one command after another. */
export class WordDrawer {
  readonly #random: Random;
  readonly #space: KeySpace;
  readonly #wall: () => number;
  /** Of the command being drawn. */
  #kind = "string";
  #family = 0;
  /** How many keys are to come, as the word before said. */
  #announced: number | undefined;
  /** How many keys there were in a row. */
  #repeat: number | undefined;

  /** @param wall the clock of the servers, ms: points in time are counted from now */
  constructor(space: KeySpace, random: Random, wall: () => number) {
    this.#space = space;
    this.#random = random;
    this.#wall = wall;
  }

  /** Name and arguments. */
  draw({ name, group, arguments: args }: CommandSyntax): string[] {
    const { keys, families } = this.#space;
    this.#kind = KINDS[group] ?? (group === "generic" || group === "other" ? this.#random.pick(EACH_KIND) : group);
    this.#family = this.#number(keys) % families;
    this.#announced = undefined;
    this.#repeat = undefined;
    const words = [...name];
    this.#all(args, name.join(" "), words);
    return words;
  }

  #all(args: readonly Argument[], command: string, words: string[]): void {
    for (const argument of args) this.#one(argument, command, words);
  }

  #one(argument: Argument, command: string, words: string[]): void {
    switch (argument.kind) {
      case "token":
        words.push(argument.text);
        return;
      case "word":
        words.push(this.#word(argument.name, argument.type, command));
        return;
      case "one":
        this.#all(this.#random.pick(argument.of), command, words);
        return;
      case "maybe":
        if (this.#random.next() < OPTION && !isLeftOut(argument.of)) this.#all(argument.of, command, words);
        return;
      case "many":
        for (let left = this.#times(argument.of); left > 0; left--) this.#all(argument.of, command, words);
    }
  }

  #times(of: readonly Argument[]): number {
    const few = this.#random.int(1, 3);
    if (this.#announced !== undefined || of.some((one) => one.kind === "word" && one.type === "key")) {
      this.#repeat = this.#announced ?? few;
      this.#announced = undefined;
      return this.#repeat;
    }
    const [first] = of;
    const follows = first?.kind === "one" || (first?.kind === "word" && /^(?:id|ID|weight)$/.test(first.name));
    return follows ? (this.#repeat ?? few) : few;
  }

  #word(name: string, type: WordType, command: string): string {
    if (type === "key") return this.#key();
    if (type === "pattern") return this.#pick(["*", "element:*", "[a-", "h?llo", "\\", "*".repeat(20), "field:[0-9]"]);
    if (type === "unix-time") return this.#time(name);
    if (type === "integer") return this.#integer(name, command);
    if (type === "double") return this.#double(name);
    return this.#string(name, command);
  }

  #key(): string {
    const { keys, families } = this.#space;
    const other = this.#random.next() < OTHER_KIND;
    const steps = Math.floor((keys - 1 - this.#family) / families) + 1;
    const number = this.#family + families * this.#number(steps);
    return this.#space.name(number, other ? this.#random.pick(EACH_KIND) : this.#kind);
  }

  /** Below `count`; small ones are drawn more often, so that commands meet. */
  #number(count: number): number {
    return Math.floor(count * this.#random.next() ** 3);
  }

  #integer(name: string, command: string): string {
    const random = this.#random;
    if (/^num/.test(name)) {
      this.#announced = random.int(1, 3);
      return `${this.#announced}`;
    }
    if (!MODEST.test(name) && random.next() < EXTREME) return random.pick(INTEGERS);
    if (/timeout/.test(name)) return "1";
    if (/seconds/.test(name)) return `${random.int(1, 30) * (/milli/.test(name) ? 1000 : 1)}`;
    if (/cursor/.test(name)) return this.#pick(["0", "0", "0", "7"]);
    if (name === "bit" || (command === "SETBIT" && name === "value")) return `${random.int(0, 1)}`;
    if (/^offset/.test(name)) return `${random.int(0, command.includes("BIT") ? 4096 : 512)}`;
    if (/^(?:count|rank|index|start|stop|end)$/.test(name)) return `${random.int(-4, 10)}`;
    if (/crement|value/.test(name)) return `${random.int(-100, 100)}`;
    return `${random.int(0, 20)}`;
  }

  #double(name: string): string {
    const random = this.#random;
    if (/timeout/.test(name)) return "1";
    if (random.next() < EXTREME) return random.pick(SCORES);
    if (name === "longitude") return random.between(-180, 180).toFixed(4);
    if (name === "latitude") return random.between(-85, 85).toFixed(4);
    if (/radius|width|height/.test(name)) return `${random.int(1, 5000)}`;
    return random.next() < 0.7 ? `${random.int(-20, 100)}` : random.between(-20, 100).toFixed(3);
  }

  #time(name: string): string {
    const at = this.#wall() + this.#random.int(1_000, 30_000);
    return /milli/.test(name) ? `${Math.floor(at)}` : `${Math.ceil(at / 1000)}`;
  }

  #string(name: string, command: string): string {
    const random = this.#random;
    const { elements } = this.#space;
    const small = Math.floor(random.next() * elements);
    if (/^group/.test(name)) return "group:0";
    if (/^consumer/.test(name)) return `consumer:${random.int(0, 1)}`;
    if (/idle-?time$/.test(name)) return "0";
    if (/^(?:id|ID|last-?id|lastid|start|end|threshold)/i.test(name)) return this.#id(name, command);
    if (/^(?:min|max)$/.test(name)) return this.#bound(command);
    if (name === "stop") return `${random.int(-4, 10)}`;
    if (name === "encoding") return this.#pick(["u1", "u8", "i5", "i32", "i64", "u63"]);
    if (name === "operation") return this.#pick(["AND", "OR", "XOR", "NOT"]);
    if (name === "unit") return this.#pick(["m", "km", "ft", "mi"]);
    if (name === "path") return this.#pick(["$", "$", "$.a", "$..a", "."]);
    if (name === "json") return this.#pick(["1", '"text"', '{"a":1,"b":[1,2]}', "[1,2,3]", "true", "null", "{"]);
    if (name === "pivot") return `element:${small}`;
    if (random.next() < UNPLEASANT) return random.pick(STRINGS);
    if (name === "anything") return random.next() < 0.5 ? `${random.int(-4, 20)}` : `element:${small}`;
    if (/^(?:member|field|element|channel)/.test(name)) return `${name.replace(/\d+$/, "")}:${small}`;
    return random.next() < 0.3 ? `${random.int(-100, 100)}` : this.#value();
  }

  #id(name: string, command: string): string {
    if (!command.startsWith("X")) return `${this.#random.int(-4, 10)}`;
    if (name === "threshold") return this.#pick(["0", "10", "100", "1-1"]);
    return this.#pick(["0", "0-0", "1-1", "0-1", "$", "-", "+", "5", "1526569495631-0"]);
  }

  #bound(command: string): string {
    if (command.includes("LEX")) return this.#pick(["-", "+", "[element:1", "(element:2", "[", "(", "element:1"]);
    return this.#random.next() < 0.4 ? this.#pick(["-inf", "+inf", "(5", "(", "nan"]) : `${this.#random.int(-20, 100)}`;
  }

  #value(): string {
    const { min, max } = this.#space.value;
    const letter = String.fromCharCode(97 + this.#random.int(0, 25));
    return letter.repeat(this.#random.int(min, max));
  }

  #pick(words: readonly string[]): string {
    return this.#random.pick(words);
  }
}

/** Another database is not looked at in the end, and a time to block for would be drawn like a time to live. */
function isLeftOut([first]: readonly Argument[]): boolean {
  return first?.kind === "token" && /^(?:DB|BLOCK)$/.test(first.text);
}
