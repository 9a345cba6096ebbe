import { existsSync, readFileSync } from "node:fs";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import type { Clock } from "../../base/clock.ts";
import type { WaitLimits } from "../../base/deadline.ts";
import type { Address, Connection, ContainerState } from "../../cluster/cluster.ts";
import type { OwnNode } from "../../cluster/container-node.ts";
import { awaitAnswer } from "../../cluster/node/await-answer.ts";
import type { ConnectLimits, StartedServer } from "../../cluster/node/node-options.ts";
import { findServerProcess } from "../../cluster/node/server-process.ts";
import { NodeQuestions } from "../../cluster/node-questions.ts";
import type { ContainerResources } from "../../cluster/node-resources.ts";
import type { Engine } from "../../docker/engine.ts";
import { LocalProcess } from "../../examine/local-process.ts";
import type { NodeState } from "../../journal/events.ts";
import { adminCommand } from "../../resp/admin.ts";
import { RawConnection } from "../../resp/connection.ts";
import type { Login } from "../../resp/login.ts";
import { type Reply, RespError } from "../../resp/reply.ts";
import { replyText } from "../../resp/reply-text.ts";
import type { Argv } from "../../systems/system.ts";
import type { Server } from "../../systems/system-of-image.ts";
import type { AttachedServer } from "./attached-servers.ts";
import { nameOfServer } from "./attached-servers.ts";

const ADMIN_MS = 5_000;
const READY_MS = 30_000;
const RUNS: ContainerState = { running: true, paused: false, exitCode: null, oomKilled: false, startedAt: null };

interface AttachedNodeOptions {
  name: string;
  role: OwnNode["role"];
  server: Pick<AttachedServer, "at" | "inside" | "system" | "version" | "pid" | "container">;
  login: Login;
  /** null: no server is in a container. */
  engine: Engine | null;
  clock: Clock;
  /** Why FLUSHALL must not be sent at this moment, in words; null: it may. */
  forbidsFlush(): Promise<string | null>;
}

/**
 * A server that is there. What needs a container of ours rejects: such faults are refused before anything is done
 * (experiment/attach/attach-refusals.ts).
 */
export class AttachedNode implements OwnNode {
  readonly name: string;
  readonly role: OwnNode["role"];
  readonly direct: Address;
  readonly inside: Address;
  readonly server: Server;
  readonly original: Server;
  readonly questions: NodeQuestions;
  readonly locks = null;
  readonly interposer = null;
  dataAddress = "";
  readonly #options: AttachedNodeOptions;
  readonly #process: LocalProcess;
  readonly #connections = new Set<RawConnection>();
  #pid: number | null = null;
  /** When the process that the file names began. */
  readonly #began: string | null;

  constructor(options: AttachedNodeOptions) {
    const { name, role, server, clock } = options;
    this.#options = options;
    this.name = name;
    this.role = role;
    this.direct = server.at;
    this.inside = server.inside;
    this.server = { system: server.system, image: nameOfServer(server) };
    this.original = this.server;
    this.#began = server.pid === undefined ? null : beganAt(server.pid);
    this.#process = new LocalProcess(server.at, clock);
    this.questions = new NodeQuestions((limits) => this.connect(limits), false);
  }

  get resources(): ContainerResources {
    throw this.#cannot("be given less of its machine");
  }

  /** As the file names it; "": it names none. */
  get container(): string {
    return this.#options.server.container ?? "";
  }

  nearest(): Address {
    return this.direct;
  }

  /** Its process on this machine. One that has ended is told until another one is found, which is looked for meanwhile. */
  pid(): number | null {
    if (this.#pid === null || !existsSync(`/proc/${this.#pid}`)) void this.look().catch(() => {});
    return this.#pid;
  }

  /** Looks for its process, by what the file says of it, or else by who listens at its address. */
  async look(): Promise<void> {
    const { server, engine } = this.#options;
    if (server.pid !== undefined) {
      await this.#process.look();
      const { pid } = this.#process;
      if (pid !== null && pid !== server.pid)
        throw new ChaosError("usage", `${this.name}: at its address listens process ${pid}, and not ${server.pid}`);
      this.#pid = server.pid;
    } else if (server.container !== undefined) {
      const info = engine?.info.local ? await engine.inspectContainer(server.container) : null;
      const found = info?.running ? findServerProcess(info.pid, server.system.processName) : null;
      if (found !== null) this.#pid = found;
    } else {
      await this.#process.look();
      this.#pid = this.#process.pid;
    }
  }

  received(): null {
    return null;
  }

  /** Nobody tells us what becomes of a container that is not ours: that a process is gone shows in /proc, or in its silence. */
  containerState(): ContainerState {
    return RUNS;
  }

  async inspect(): Promise<ContainerState> {
    const { server } = this.#options;
    if (server.container !== undefined) {
      const info = await this.#engine.inspectContainer(server.container);
      if (!info) throw new ChaosError("infrastructure", `the container ${server.container} of ${this.name} is gone`);
      const { running, paused, exitCode, oomKilled, startedAt } = info;
      return { running, paused, exitCode, oomKilled, startedAt };
    }
    if (server.pid === undefined) return RUNS;
    const state = stateOf(server.pid);
    return { ...RUNS, running: state !== null, paused: state === "T" };
  }

  async admin(argv: Argv, { within = ADMIN_MS, signal }: WaitLimits = {}): Promise<Reply> {
    const why = await this.#forbids(argv);
    if (why !== null) throw new ChaosError("infrastructure", why, { cause: new RespError(why) });
    return adminCommand(this.direct, argv, { within, signal, ...this.#options.login });
  }

  async connect({ within = ADMIN_MS, signal, space }: ConnectLimits = {}): Promise<Connection> {
    const connection: RawConnection = await RawConnection.open({
      ...this.direct,
      ...this.#options.login,
      ...{ space, within, signal },
      onClose: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    return {
      get isOpen() {
        return connection.isOpen;
      },
      get localPort() {
        return connection.localPort;
      },
      close: () => connection.close(),
      // At once, but for what might delete what is not ours: some faults count in milliseconds.
      send: (argv, limits) => {
        if (!isFlush(argv)) return connection.send(argv, limits);
        return this.#forbids(argv).then((why) =>
          why === null ? connection.send(argv, limits) : { outcome: "fail", error: why, reply: new RespError(why) },
        );
      },
    };
  }

  /** Why a command is not sent; null: it is. */
  async #forbids(argv: readonly unknown[]): Promise<string | null> {
    const why = isFlush(argv) ? await this.#options.forbidsFlush() : null;
    return why === null ? null : `kvchaos has not sent ${String(argv[0])}: ${why}`;
  }

  closeConnections(): void {
    for (const connection of this.#connections) connection.close();
  }

  async state(limits: WaitLimits = {}): Promise<NodeState> {
    const { system } = this.server;
    return system.state(replyText(await this.admin(system.commands.info(), limits)));
  }

  async ready(limits: WaitLimits = {}, onSilence?: () => void): Promise<void> {
    const ended = await awaitAnswer(this, limits, onSilence);
    if (ended !== null)
      throw new ChaosError("infrastructure", `${this.name} ended with exit code ${ended.exitCode ?? "unknown"}`);
  }

  async pause(): Promise<void> {
    const { container } = this.#options.server;
    if (container !== undefined) await this.#engine.pause(container);
    else process.kill(this.#named("pause"), "SIGSTOP");
  }

  async unpause(): Promise<void> {
    const { container } = this.#options.server;
    const { running, paused } = await this.inspect();
    if (!running || !paused) return;
    if (container !== undefined) await this.#engine.unpause(container);
    else process.kill(this.#named("unpause"), "SIGCONT");
  }

  /** Only of a container: nobody could start again what a process id names. */
  async kill(signal: string): Promise<void> {
    await this.#engine.kill(this.#container("kill"), signal);
  }

  async start(limits: WaitLimits = {}): Promise<void> {
    const container = this.#container("start");
    if (!(await this.inspect()).running) await this.#engine.start(container);
    await this.ready(limits);
    await this.look();
  }

  async startAs(server: Server | null, limits: WaitLimits = {}): Promise<StartedServer> {
    if (server !== null) throw this.#cannot("get another server");
    const failure = await this.start({ within: READY_MS, ...limits }).then(() => null, messageOf);
    limits.signal?.throwIfAborted();
    const { running, exitCode } = await this.inspect();
    const { image } = this.server;
    const what = { before: image, image, digest: null, container: this.container, version: null };
    return { failure, server: { ...what, ended: running ? null : { exitCode, lastLines: [] } } };
  }

  async stop(): Promise<void> {
    throw this.#cannot("be stopped");
  }

  async disconnect(): Promise<void> {
    throw this.#cannot("be taken off its network");
  }

  async reconnect(): Promise<void> {
    throw this.#cannot("be brought back to its network");
  }

  async copyOut(): Promise<void> {
    throw this.#cannot("give its files");
  }

  get #engine(): Engine {
    const { engine } = this.#options;
    if (engine) return engine;
    throw this.#cannot("be reached: no engine is known");
  }

  #named(what: string): number {
    const { pid } = this.#options.server;
    if (pid === undefined || stateOf(pid) === null) throw this.#cannot(`${what}: its process is not there`);
    // The number may be another process's by now.
    if (beganAt(pid) !== this.#began) throw this.#cannot(`${what}: ${pid} is another process by now`);
    return pid;
  }

  #container(what: string): string {
    if (this.container === "") throw this.#cannot(`${what}: its container is not named`);
    return this.container;
  }

  #cannot(what: string): ChaosError {
    return new ChaosError("infrastructure", `${this.name} was not started by kvchaos, and cannot ${what}`);
  }
}

/** It empties a server, by itself or in a script. */
const isFlush = ([name, script]: readonly unknown[]): boolean =>
  /^flush(all|db)$/i.test(String(name)) || (/^eval/i.test(String(name)) && /flush(all|db)/i.test(String(script)));

/** In the kernel's ticks since it was booted; null: there is no such process. */
function beganAt(pid: number): string | null {
  try {
    // Its own name comes before, and may have any character in it.
    return (
      readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ")[19] ?? null
    );
  } catch {
    return null;
  }
}

/** "S", "T"; null: there is no such process, or its end has only to be told to its parent. */
function stateOf(pid: number): string | null {
  try {
    const state = /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? null;
    return state === "Z" ? null : state;
  } catch {
    return null;
  }
}
