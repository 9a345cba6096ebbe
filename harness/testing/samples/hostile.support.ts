import { bounded } from "../../journal/bound.ts";
import type { JournalEvent } from "../../journal/events.ts";
import { type RunRecord, recordOf } from "../../journal/record.ts";
import { hostileForeseen } from "./foreseen.support.ts";
import { sampleLifeFinding, sampleRunWith } from "./life.support.ts";
import { HOSTILE } from "./trouble.support.ts";

/** Test support: what keys, values, log lines and INFO of a server may hold, and what must come alive nowhere. */
export const HOSTILE_TEXTS: Readonly<Record<string, string>> = {
  everything: HOSTILE,
  "a script": `</script><script>window.came="alive"</script><ScRiPt/src=//evil.example/x>`,
  "event attributes": `" onmouseover="window.came=1" x='' autofocus onfocus=window.came=1 '`,
  "an SVG": `</title></text></svg><svg onload=window.came=1><animate onbegin=window.came=1 attributeName=x dur=1s>`,
  "the ends of raw texts": `</style></pre></textarea><iframe srcdoc="<script>parent.came=1</script>">--></noscript>`,
  "links and forms": `<a href="javascript:window.came=1">x</a><form action=https://evil.example><base href=//evil.example>`,
  "the end of CDATA":
    "]]>]]&gt;<![CDATA[<x>]]><?xml version='1.1'?><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;&#0;",
  Markdown:
    "# h\n- [x](javascript:alert(1)) ![i](https://evil.example/i.png) **b** `c` ~~~\n~~~\n| a | b |\n> q\n<!-- x",
  fences: "```\n````\n`````\n``````\n~~~~\n</details>\n# out",
  mentions: "@someone #1 GH-1 owner/repo#1 https://evil.example www.evil.example fix#2 :tada: $x^2$",
  "workflow commands": "\n::error::came alive\r\n::add-mask::x%0A::set-env name=PATH::x\n##[error]x",
  "escape sequences":
    "\u001b[2J\u001b]0;title\u0007\u001b]8;;https://evil.example\u001b\\x\u009b31m\u0090q\u009c\u001bc\r\b\u007f",
  "line ends": "a\rb\u0085c\u2028d\u2029e\vf\fg",
  "reordered text": "\u202egnp.exe\u202c \u2066x\u2069 \u200f\u200e\u061c",
  "no characters": "\u0000\ufffe\uffff\ud800 \udfff\ufffd",
  "TAP and YAML": "\n1..0\nnot ok 1 - x # SKIP\nBail out! x\n---\n...\n- !!js/function 'x'",
  "a shell": `'; touch /tmp/came; echo "$(touch /tmp/came)" \`touch /tmp/came\` \${IFS} \\`,
  "a megabyte": `<b>"'&]]>\u202e\u001b[1m@x `.repeat(50_000),
};

/** The sample run, as a journal holds it, with a text in every place where a server's words end up: titles, keys, values, logs, threads, notes, errors. */
export function runThatSays(text: string): RunRecord {
  const inJson = (value: string) => JSON.stringify(value).slice(1, -1);
  const [was, says] = [inJson(HOSTILE), inJson(text)];
  const said = [...sampleRunWith(sampleLifeFinding()).events, ...hostileForeseen()];
  const events = said.map((event): JournalEvent => {
    const line = JSON.stringify(event).replaceAll(was, says);
    const told = bounded(JSON.parse(line) as JournalEvent, line);
    if (told.type === "run") return { ...told, title: `Title ${text}`.slice(0, 5000) };
    if (told.type === "load") {
      const errors = { ...told.errors, [text.slice(0, 200)]: 1 };
      return { ...told, errors, nodes: { [text.slice(0, 200)]: { ok: 1, fail: 1, info: 0, errors } } };
    }
    if (told.type === "condition") return { ...told, why: text.slice(0, 2000) };
    return told;
  });
  return recordOf(events);
}
