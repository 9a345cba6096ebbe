import { printable } from "../../base/escape.ts";
import { clip } from "../../base/shorten.ts";

/** Characters: names of C++ have no end, and nobody reads them to it. */
const LONGEST = 160;
const READ = 32 * 1024;
/** Lambdas that are looked at in one name. */
const LAMBDAS = 64;
/** Lambdas in lambdas. */
const DEEPEST = 20;
/** What compilers add to the name of a part or a copy of a function. */
const COPIES = /\.(?:isra|constprop|part|cold|lto_priv|localalias|llvm|clone)\b[.\w]*$/;
const OPERATOR = /^operator(?:\(\)|\[\]|<=>|->\*?|<<=?|>>=?|&&|\|\||\+\+|--|[-+*/%^&|<>=!]=?|[~,])/;
const QUALIFIER = /^ (?:const|volatile|noexcept|&&?|\[clone [^\]]*\]|\[with .*$)(?!\w)/;
const CLOSING: Record<string, string> = { "(": ")", "<": ">", "[": "]" };

/**
 * A function's name for people, the same in every build: "void kvrocks::Foo<int>::Bar(std::string const&) const [clone .cold]" →
 * "kvrocks::Foo::Bar". Without template arguments, parameters, and what is returned; lambdas keep their number: "main::{lambda#3}".
 */
export function shortName(demangled: string): string {
  const text = demangled
    .slice(0, READ)
    .replace(COPIES, "")
    .replace(/^(?:non-)?virtual thunk to /, "")
    .replace(/\[abi:[^\]]*\]/g, "")
    .replace(/\(anonymous namespace\)|\{anonymous\}/g, "{anonymous}");
  const { name, whole } = cut(text, 0, "");
  const short = name.replace(/^.*\bdecltype\b\s*/, "").replace(/^[\s*&:]+|::$|\s+$/g, "");
  // A lambda is called by what it is.
  const called = short.replace(/(\{lambda[^{}]*\})::(?:operator\(\)|_FUN)/g, "$1");
  return clip(
    printable(whole && called !== "" ? called : text).replace(/\{anonymous\}/g, "(anonymous namespace)"),
    LONGEST,
  );
}

/** From a place in a text to its end, or to the end of the braces that it stands in. */
function cut(text: string, from: number, until: string, depth = 0): { name: string; end: number; whole: boolean } {
  let name = "";
  let at = from;
  while (at < text.length) {
    const one = text.charAt(at);
    if (one === until) return { name, end: at + 1, whole: true };
    const rest = text.slice(at, at + 300);
    const operator = /\w$/.test(name) ? null : OPERATOR.exec(rest);
    const qualifier = QUALIFIER.exec(rest);
    if (operator) {
      name += operator[0];
      at += operator[0].length;
    } else if (one === "{") {
      if (depth > DEEPEST) return { name, end: text.length, whole: false };
      const inner = cut(text, at + 1, "}", depth + 1);
      if (!inner.whole) return { name, end: inner.end, whole: false };
      name += `{${inner.name}}`;
      at = inner.end;
    } else if (CLOSING[one] !== undefined) {
      const end = skip(text, at);
      if (end === null) return { name, end: text.length, whole: false };
      at = end;
    } else if (qualifier) {
      at += qualifier[0].length;
    } else if (one === " " && until === "" && !/\boperator\b/.test(name.slice(name.lastIndexOf("::") + 1))) {
      // What stood before it is what the function returns.
      name = "";
      at++;
    } else {
      name += one;
      at++;
    }
  }
  return { name, end: at, whole: until === "" };
}

/** Behind the bracket that closes the one here; null: none does. */
function skip(text: string, from: number): number | null {
  const open: string[] = [];
  for (let at = from; at < text.length; at++) {
    const one = text.charAt(at);
    if (one === "o" && !/[\w]/.test(text.charAt(at - 1))) {
      const operator = OPERATOR.exec(text.slice(at, at + 12));
      if (operator) {
        at += operator[0].length - 1;
        continue;
      }
    }
    if (one === "-" && text.charAt(at + 1) === ">") at++;
    else if (CLOSING[one] !== undefined) open.push(CLOSING[one]);
    else if (one === open.at(-1)) open.pop();
    // In parentheses "<" and ">" can be what they are in arithmetic.
    else if (one === ")" && open.lastIndexOf(")") >= 0) open.length = open.lastIndexOf(")");
    if (open.length === 0) return at + 1;
  }
  return null;
}

const OPENING: Record<string, string> = { ")": "(", ">": "<", "]": "[", "}": "{" };

/**
 * Short names of the lambdas that a function was made for, each once: "std::_Function_handler<void (), Server::Start()::{lambda()#2}>::_M_invoke"
 * → "Server::Start::{lambda#2}". The one that is given to another comes first.
 */
export function lambdasIn(demangled: string): string[] {
  const text = demangled.slice(0, READ);
  const found = new Set<string>();
  let tries = 0;
  for (let at = text.indexOf("{lambda("); at >= 0 && tries < LAMBDAS; at = text.indexOf("{lambda(", at + 1), tries++) {
    const closed = skip(text, at + "{lambda".length);
    const [number] = /^#\d+\}/.exec(text.slice(closed ?? text.length, (closed ?? 0) + 20)) ?? [];
    if (closed === null || number === undefined) continue;
    const end = closed + number.length;
    // A lambda in it is the one that was meant.
    if (!text.startsWith("::", end)) found.add(shortName(text.slice(beginOf(text, at), end)));
  }
  return [...found];
}

/** Where the qualified name begins in which a place is. */
function beginOf(text: string, place: number): number {
  const open: string[] = [];
  for (let at = place - 1; at >= 0; at--) {
    const one = text.charAt(at);
    if (OPENING[one] !== undefined) open.push(OPENING[one]);
    else if (one === open.at(-1)) open.pop();
    else if (open.length === 0 && /[ ,<({]/.test(one) && !/^ (?:const|volatile|&&?)::/.test(text.slice(at, at + 12)))
      return at + 1;
  }
  return 0;
}
