import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { until } from "../base/deadline.ts";

/** On a machine that is busy with other tests, too. */
const DIAL_MS = 20_000;
/**
 * Where a dialler's own ports begin: past those that the kernel takes by itself. It takes one for two connections to different addresses,
 * and has to change it on the way when both lead to the same place: then nobody could tell whose connection came out there.
 */
const OWN_PORTS = 61_000;
const PING = "*1\r\n$4\r\nPING\r\n";

/** Runs in the node's network namespace, with the engine's own resolver of names: opens what it is told, says PING when it is told. */
const DIALLER = `
const net = require("node:net");
const dns = new (require("node:dns").promises.Resolver)();
dns.setServers(["127.0.0.11"]);
const open = new Map();
const say = (said) => process.stdout.write(JSON.stringify(said) + "\\n");
require("node:readline").createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, host, port, localPort, send } = JSON.parse(line);
  if (send !== undefined) return void open.get(id).write(send);
  const failed = (error) => say({ id, error: String(error) });
  try {
    const address = net.isIP(host) ? host : (await dns.resolve4(host))[0];
    const socket = net.connect({ host: address, port, localPort });
    open.set(id, socket);
    socket.on("connect", () => say({ id, port: socket.localPort }));
    socket.on("data", (data) => say({ id, data: String(data) }));
    socket.on("error", failed);
  } catch (error) {
    failed(error);
  }
}).on("close", () => process.exit());
`;

interface Said {
  port?: number;
  data?: string;
  error?: string;
}

/** Opens connections as the server in a node's network namespace would. */
export class Dialler {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #said = new Map<number, Said>();
  #stderr = "";
  static #count = 0;

  constructor(pid: number) {
    this.#child = spawn("nsenter", ["-t", String(pid), "-n", process.execPath, "-e", DIALLER]);
    this.#child.stderr.on("data", (text) => {
      this.#stderr += text;
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      const { id, ...said } = JSON.parse(line);
      this.#said.set(id, { ...this.#said.get(id), ...said });
    });
  }

  async dial(host: string, port: number): Promise<{ id: number } & Said> {
    const id = Dialler.#count++;
    this.#tell({ id, host, port, localPort: OWN_PORTS + (id % (65_536 - OWN_PORTS)) });
    const enough = ({ port: own, error }: Said): boolean => own !== undefined || error !== undefined;
    const said = await this.#heard(id, DIAL_MS, enough).catch((error: unknown): Said => ({ error: String(error) }));
    return { id, ...said };
  }

  /** Is PING answered in time, with anything? */
  async answers(id: number, within: number): Promise<boolean> {
    this.#tell({ id, send: PING });
    return this.#heard(id, within, ({ data }) => data !== undefined).then(
      () => true,
      () => false,
    );
  }

  end(): void {
    this.#child.stdin.end();
  }

  #tell(what: object): void {
    this.#child.stdin.write(`${JSON.stringify(what)}\n`);
  }

  async #heard(id: number, within: number, enough: (said: Said) => boolean): Promise<Said> {
    return until({ what: `a connection (${this.#stderr})`, within, every: 2 }, () => {
      const said = this.#said.get(id);
      return said && enough(said) ? said : false;
    });
  }
}

/** An established connection as one end sees it: its own port, and the other end. */
type Seen = `${number} ${string}`;

/** Those of a network namespace. @param pid of any process in it */
export function connections(pid: number): Set<Seen> {
  const lines = ["tcp", "tcp6"].flatMap((file) =>
    readFileSync(`/proc/${pid}/net/${file}`, "utf8").split("\n").slice(1),
  );
  return new Set(
    lines.flatMap((line) => {
      const [, local = "", remote = "", state] = line.trim().split(/\s+/);
      // FIN_WAIT and the like: whoever dialled may have ended it already.
      return state === "01" ? [`${portOf(local)} ${addressOf(remote)}:${portOf(remote)}` as Seen] : [];
    }),
  );
}

const portOf = (hex: string): number => Number.parseInt(hex.slice(-4), 16);

/** An IPv4 address is the last four bytes of an IPv6 one; the kernel writes them the wrong way round. */
function addressOf(hex: string): string {
  const bytes = hex.slice(0, -5).slice(-8).match(/../g) ?? [];
  return bytes
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join(".");
}
