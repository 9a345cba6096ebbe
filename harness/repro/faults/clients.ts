import { inputsOf, wholeOf } from "../../faults/bytes/inputs.ts";
import { rawBytes } from "../../faults/bytes/raw-bytes.ts";
import { blockedClients } from "../../faults/clients/blocked-clients.ts";
import { connectionStorm } from "../../faults/clients/connection-storm.ts";
import { halfWrittenCommand } from "../../faults/clients/half-written-command.ts";
import { slowReader } from "../../faults/clients/slow-reader.ts";
import { word } from "../bash.ts";
import { type FaultScript, nodeScript, nodeVariable, scriptOf } from "../fault-script.ts";
import { bandwidthToxic, toxicLines } from "./toxic.ts";

const DIALS = "It dials the container's own address, so it needs Docker on Linux.";
const NO_RESET = "bash cannot send a RST: they end with a FIN.";
const AUTH = 'write_all "AUTH $PASSWORD\\r\\n"';

const connectionStormScript = nodeScript(connectionStorm, (node, { connections, over, send, end }) => {
  const stays = end === "hold";
  return {
    inject: [
      `connect_many ${node} ${connections} ${Math.round(over)}`,
      ...(send === "ping" ? ["write_all 'PING\\r\\n'"] : []),
      ...(stays ? [] : ["disconnect_many"]),
    ],
    heal: stays ? ["disconnect_many"] : [],
    differs: [
      DIALS,
      ...(stays ? [] : ["They are closed when all are open; kvchaos closes each at once."]),
      ...(end === "reset" ? [NO_RESET] : []),
    ],
  };
});

/** As faults/clients/half-written-command.ts sends it, for printf: 044 is the dollar sign. */
const SET = "*3\\r\\n\\0443\\r\\nSET\\r\\n\\04412\\r\\nkvchaos";

const halfWrittenCommandScript = nodeScript(
  halfWrittenCommand,
  (node, { connections, how, announce }, _id, { secret }) => {
    const stays = how === "half" || how === "huge";
    const half = how === "huge" ? `${SET}:half\\r\\n\\044${announce}\\r\\nx` : SET;
    return {
      inject: [
        `connect_many ${node} ${connections} 0`,
        ...(secret ? [AUTH] : []),
        `write_all '${half}'`,
        ...(stays ? [] : ["disconnect_many"]),
      ],
      heal: stays ? ["disconnect_many"] : [],
      differs: [DIALS, ...(how === "reset" ? [NO_RESET] : [])],
    };
  },
);

const KEY = "kvchaos:blocked";
/** `ms` 0: for ever. */
const BLOCKING = {
  blpop: (ms: number) => ["BLPOP", KEY, String(ms / 1000)],
  brpop: (ms: number) => ["BRPOP", KEY, String(ms / 1000)],
  xread: (ms: number) => ["XREAD", "BLOCK", String(ms), "STREAMS", KEY, "$"],
};

const blockedClientsScript = nodeScript(blockedClients, (node, { connections, command, timeout }, _id, { secret }) => {
  const words = BLOCKING[command](timeout ?? 0);
  // As RESP for printf, of which 044 is the dollar sign.
  const bytes = `*${words.length}${words.map((one) => `\\r\\n$${one.length}\\r\\n${one}`).join("")}\\r\\n`;
  return {
    inject: [
      `connect_many ${node} ${connections} 0`,
      ...(secret ? [AUTH] : []),
      `write_all '${bytes.replaceAll("$", "\\044")}'`,
    ],
    heal: ["disconnect_many"],
    differs: [
      DIALS,
      ...(timeout === null ? [] : ["It closes all of them; kvchaos goes on waiting for those that have no answer."]),
      "In cluster mode the key must belong to that node: put its hash tag in front.",
    ],
  };
});

const CLIENT = /^\s*client\s*->\s*(\S+)\s*$/;

const slowReaderScript = scriptOf(
  slowReader,
  ({ links, rate, pending }, id) => {
    const replicas = links.filter((link) => !CLIENT.test(link));
    const lines = toxicLines(replicas, id, { ...bandwidthToxic(rate), streams: ["downstream"] });
    const clients = links
      .flatMap((link) => CLIENT.exec(link)?.[1] ?? [])
      .map((selector, i) => nodeVariable(selector, `node${i}`));
    const reading = clients.flatMap(({ set, use }, i) => [
      ...set,
      `slow_client ${use} ${rate} ${pending} &`,
      `reader${i}=$!`,
    ]);
    return {
      inject: [...lines.inject, ...reading],
      heal: [...lines.heal, ...clients.map((_, i) => `kill "$reader${i}"`)],
      differs:
        clients.length > 0 ? ["The slow client reads the container's own address, so it needs Docker on Linux."] : [],
    };
  },
  { links: ({ links }) => links.some((link) => !CLIENT.test(link)) },
);

/** Characters of texts that a ticket has room for. */
const TEXTS_MAX = 5_000;

const rawBytesScript = scriptOf(rawBytes, (p, _id, { secret }) => {
  const selectors = p.node === null ? (p.links ?? []).map((link) => link.split("->")[1]?.trim() ?? "") : [p.node];
  const texts = inputsOf(p).map((input) => word(printfFormat(wholeOf(input))));
  let room = TEXTS_MAX;
  const shown = texts.filter(({ length }) => {
    if (length > room) return false;
    room -= length;
    return true;
  });
  const lines = selectors.flatMap((selector, i) => {
    const { set, use } = nodeVariable(selector, `node${i}`);
    return [...set, ...shown.map((text) => `send_text ${use} ${text}${secret ? ' "AUTH $PASSWORD\\r\\n"' : ""}`)];
  });
  return {
    inject: lines,
    differs: [
      DIALS,
      ...(p.links === null ? [] : ["The bytes go straight to the server, not through its link."]),
      ...(shown.length < texts.length
        ? [`It sends ${shown.length} of ${texts.length} texts: those for which there is room here.`]
        : []),
    ],
  };
});

/** For printf: octal for all that means something to it, or does not print. */
function printfFormat(bytes: Buffer): string {
  return [...bytes]
    .map((byte) => {
      const plain = byte > 0x20 && byte < 0x7f && !"\\%-".includes(String.fromCharCode(byte));
      return plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`;
    })
    .join("");
}

export const clientScripts: readonly FaultScript[] = [
  connectionStormScript,
  halfWrittenCommandScript,
  blockedClientsScript,
  rawBytesScript,
  slowReaderScript,
];
