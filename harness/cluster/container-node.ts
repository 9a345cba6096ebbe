import { ChaosError, messageOf } from "../base/chaos-error.ts";
import type { WaitLimits } from "../base/deadline.ts";
import type { InterposeFolder } from "../interpose/interpose-folder.ts";
import type { NodeState } from "../journal/events.ts";
import type { LockFolder } from "../locks/lock-folder.ts";
import { adminCommand } from "../resp/admin.ts";
import { RawConnection } from "../resp/connection.ts";
import type { Reply } from "../resp/reply.ts";
import { replyText } from "../resp/reply-text.ts";
import type { Argv } from "../systems/system.ts";
import type { Server } from "../systems/system-of-image.ts";
import { awaitAnswer } from "./node/await-answer.ts";
import type {
  Address,
  ConnectLimits,
  ContainerNodeOptions,
  ContainerState,
  StartedServer,
} from "./node/node-options.ts";
import { receivedBytes } from "./node/received-bytes.ts";
import { findServerProcess } from "./node/server-process.ts";
import { NodeQuestions } from "./node-questions.ts";
import { ContainerResources, type NodeResources } from "./node-resources.ts";

export type { Address, ContainerState } from "./node/node-options.ts";

const ADMIN_MS = 5_000;
const LAST_LINES = 20;

/** A connection of its own, with an exact outcome for every command. */
export type Connection = Pick<RawConnection, "send" | "close" | "isOpen" | "localPort">;

/** One server process in one container. */
export type ClusterNode = Omit<ContainerNode, "closeConnections" | "version" | "prepare">;

/** The same as its cluster has it, which closes what others have opened to it. */
export type OwnNode = ClusterNode & Pick<ContainerNode, "closeConnections">;

/** A node whose container exists. */
export class ContainerNode {
  readonly name: string;
  readonly role: ContainerNodeOptions["role"];
  /** Where probes and administration go: directly, never through a faulted link. On 127.0.0.1. */
  readonly direct: Address;
  /** Where other containers on the data network reach it, past all links. */
  readonly inside: Address;
  /** What it may use of its machine, and what it does use. */
  readonly resources: NodeResources;
  readonly #resources: ContainerResources;
  /** What faults ask of it, one question at a time. */
  readonly questions: NodeQuestions;
  /** Its lock graph, and where its threads pause; null: it was started without the library, or that could not be loaded. */
  readonly locks: LockFolder | null;
  /** Its clock and its disk, where faults need them; null: it was started without the library. */
  readonly interposer: InterposeFolder | null;
  readonly #options: ContainerNodeOptions;
  #state: ContainerState = { running: false, paused: false, exitCode: null, oomKilled: false, startedAt: null };
  readonly #connections = new Set<RawConnection>();
  #container: string;
  #server: Server;
  /** A fault holds it off the data network. */
  #isCut = false;
  #containerPid: number | null = null;
  #pid: number | null = null;
  /** Its address on a network of which it is not cut off; null while it is down. */
  #ip: string | null = null;
  /** Its address on the data network, with which it comes back after a disconnect. */
  dataAddress = "";

  constructor(options: ContainerNodeOptions) {
    this.#options = options;
    this.name = options.name;
    this.role = options.role;
    this.#container = options.container;
    this.#server = options.server;
    this.direct = options.direct;
    this.inside = { host: options.data.alias, port: options.port };
    this.locks = options.locks;
    this.interposer = options.interposer;
    const { engine, disk } = options;
    this.questions = new NodeQuestions((limits) => this.connect(limits), options.sharded);
    // The server itself may not have been started yet by its image's entrypoint; what it may use is known already.
    const pid = (): number | null => (this.#state.running && engine.info.local ? this.#containerPid : null);
    const container = (): string => this.#container;
    const dataDirectory = (): string => this.#server.system.dataDirectory;
    this.#resources = new ContainerResources({ engine, container, disk, dataDirectory, pid });
    this.resources = this.#resources;
  }

  /** What runs on it. */
  get server(): Server {
    return this.#server;
  }

  get original(): Server {
    return this.#options.server;
  }
  /** The id of the container in which it runs. */
  get container(): string {
    return this.#container;
  }

  /**
   * The same without the engine's forwarding in between, which accepts by itself and turns RST into FIN: the container's own
   * address. Where this machine has no way there (an engine elsewhere, or without root), `direct`. Changes on restart.
   */
  nearest(): Address {
    return this.#options.engine.info.dialsContainers && this.#ip !== null
      ? { host: this.#ip, port: this.#options.port }
      : this.direct;
  }

  /** The server's process on this host, or null when it is gone or the engine is elsewhere. Changes on restart. */
  pid(): number | null {
    if (this.#pid === null && this.#state.running && this.#options.engine.info.local)
      this.#pid = findServerProcess(this.#containerPid, this.server.system.processName);
    return this.#pid;
  }

  /** Bytes that have come in on the replication network, clients' too: only differences mean anything. null: not readable. */
  received(): number | null {
    return receivedBytes(this.pid(), this.dataAddress);
  }

  /** The last known state of the container; `inspect` asks again. */
  containerState(): ContainerState {
    return this.#state;
  }

  async inspect(): Promise<ContainerState> {
    const info = await this.#options.engine.inspectContainer(this.container);
    if (!info) {
      throw new ChaosError("infrastructure", `The container of node ${this.name} is gone`, {
        hint: "Something other than this run removed it (`docker rm`, `kvchaos clean --all`).",
      });
    }
    if (info.pid !== this.#containerPid) {
      this.#containerPid = info.pid;
      this.#pid = null;
    }
    this.#ip = Object.entries(info.ips).find(([network]) => network !== this.#options.data.name)?.[1] ?? null;
    this.dataAddress ||= info.ips[this.#options.data.name] ?? "";
    const { running, paused, exitCode, oomKilled, startedAt } = info;
    this.#state = { running, paused, exitCode, oomKilled, startedAt };
    return this.#state;
  }

  /** One admin command on a connection of its own; the deadline destroys the connection. Rejects on error replies. */
  admin(argv: Argv, limits: WaitLimits = {}): Promise<Reply> {
    const { within = ADMIN_MS, signal } = limits;
    return adminCommand(this.direct, argv, { within, signal, password: this.#options.password });
  }

  /**
   * Opens a connection, authenticated. Who does not close it leaves it open to the end of the run: a question without answer
   * stays one, instead of being asked again. Rejects as RawConnection.open does.
   */
  async connect(limits: ConnectLimits = {}): Promise<Connection> {
    const { within = ADMIN_MS, signal, nearest = false, space } = limits;
    const connection: RawConnection = await RawConnection.open({
      ...(nearest ? this.nearest() : this.direct),
      password: this.#options.password,
      space,
      within,
      signal,
      onClose: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    return connection;
  }

  /** Ends what `connect` opened. */
  closeConnections(): void {
    for (const connection of this.#connections) connection.close();
  }

  async state(limits: WaitLimits = {}): Promise<NodeState> {
    const { system } = this.server;
    return system.state(replyText(await this.admin(system.commands.info(), limits)));
  }

  /** What the server says of its version, or null. */
  async version(limits: WaitLimits = {}): Promise<string | null> {
    const { commands, state } = this.server.system;
    return state(replyText(await this.admin((commands.version ?? commands.info)(), limits))).version;
  }

  /**
   * Resolves when the server answers PING, restoring or not; a helper, when its port is open.
   * @param onSilence called, perhaps more than once, when it takes connections, but has long given no answer on any
   */
  async ready(limits: WaitLimits = {}, onSilence?: () => void): Promise<void> {
    const ended = await awaitAnswer(this, limits, onSilence);
    if (ended === null) return;
    const lines = (await this.#options.engine.logTail(this.container, 5)).map((line) => line.text);
    const what = `Node ${this.name} exited with code ${ended.exitCode}: ${lines.join(" | ")}`;
    throw new ChaosError("infrastructure", what, {
      hint: "Its last log lines say why; check the image and the server configuration in the Compose file.",
    });
  }

  /** Copies a file of its container to this machine, whether it runs or not. */
  async copyOut(file: string, to: string, { signal }: Pick<WaitLimits, "signal"> = {}): Promise<void> {
    const copied = await this.#options.engine.copyOut(this.container, file, to, { signal });
    if (copied === null) throw new ChaosError("infrastructure", `node ${this.name} has no file ${file}`);
  }

  async pause(): Promise<void> {
    await this.#options.engine.pause(this.container);
  }

  async unpause(): Promise<void> {
    const { paused } = await this.inspect();
    if (paused) await this.#options.engine.unpause(this.container);
  }

  async kill(signal: string): Promise<void> {
    await this.#options.engine.kill(this.container, signal);
  }

  /** Starts the stopped container again and waits for `ready`. Does nothing while it runs. */
  async start(limits: WaitLimits = {}): Promise<void> {
    await this.#startContainer();
    await this.ready(limits);
  }

  async #startContainer(): Promise<void> {
    if ((await this.inspect()).running) return;
    await this.#options.engine.start(this.container);
    await this.inspect();
    try {
      await this.prepare();
      await this.#resources.started();
    } catch (error) {
      // What has ended already cannot be prepared: that it has is told by who waits for it.
      if ((await this.inspect()).running) throw error;
    }
  }

  /**
   * Starts the stopped node again: with another server on its data, in a container of its own, while what faults hold the node to stays;
   * null: with its own. Rejects when nothing can be started, or with the signal's reason: a server that does not answer is told.
   */
  async startAs(server: Server | null, limits: WaitLimits = {}): Promise<StartedServer> {
    const { engine } = this.#options;
    const before = this.#server.image;
    if (server !== null) await this.#exchange(server);
    await this.#startContainer();
    const failure = await this.ready(limits).then(() => null, messageOf);
    limits.signal?.throwIfAborted();
    const { running, exitCode } = await this.inspect();
    const version = failure === null ? await this.version({ within: ADMIN_MS }).catch(() => null) : null;
    const { image } = this.#server;
    const digest = (await engine.inspectImage(image))?.digest ?? null;
    const lastLines = running ? [] : (await engine.logTail(this.container, LAST_LINES)).map(({ text }) => text);
    const what = { before, image, digest, container: this.container, version };
    return { failure, server: { ...what, ended: running ? null : { exitCode, lastLines } } };
  }

  async #exchange(server: Server): Promise<void> {
    const { remake } = this.#options;
    if (!remake) throw new ChaosError("internal", `node ${this.name} keeps its server`);
    const held = await this.#resources.limits();
    this.#container = await remake(server, this.#isCut);
    this.#server = server;
    if (held.cpus !== null || held.memory !== null) await this.#resources.setLimits(held);
  }

  /** What has to be done inside a container that was just started. */
  async prepare(): Promise<void> {
    if (this.#containerPid !== null) await this.#options.onStarted?.(this.#containerPid);
  }

  /** Graceful stop (SIGTERM, then SIGKILL after `seconds`). */
  async stop(seconds: number): Promise<void> {
    await this.#options.engine.stop(this.container, seconds);
    await this.inspect();
  }

  /** Takes the node off the data network: links and peers lose it without FIN or RST; probes still reach it. */
  async disconnect(): Promise<void> {
    await this.#options.engine.disconnectNetwork(this.#options.data.name, this.container);
    this.#isCut = true;
  }

  /** Back on the data network with the same address. Does nothing when it is connected. */
  async reconnect(): Promise<void> {
    const { engine, data } = this.#options;
    this.#isCut = false;
    const info = await engine.inspectContainer(this.container);
    if (info?.ips[data.name]) return;
    await engine.connectNetwork(data.name, this.container, { aliases: [data.alias], ip: this.dataAddress });
  }
}
