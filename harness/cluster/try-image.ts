import { randomBytes } from "node:crypto";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { CleanupScope } from "../base/scope.ts";
import type { Engine } from "../docker/engine.ts";
import type { ContainerSpec } from "../docker/engine-types.ts";
import { freePorts, releasePorts } from "../docker/free-ports.ts";
import { guardRun } from "../docker/guard-run.ts";
import { ownerLabels } from "../docker/leftovers.ts";
import type { System } from "../systems/system.ts";
import { ContainerNode } from "./container-node.ts";

const READY_MS = 30_000;
const LAST_LINES = 10;

interface TryOptions extends Pick<ContainerSpec, "environment" | "binds"> {
  /** Until it answers PING, ms. */
  within?: number;
  signal: AbortSignal;
}

/**
 * Starts a server from an image once, as a run would, and asks it PING and for its version. Its container is gone afterwards, in every case.
 * @throws ChaosError `infrastructure` with the server's last words when it ends, or does not answer within 30 s
 * @returns `version` as the server says it, null: it does not; `ms` from its start to its answer
 */
export async function tryImage(
  engine: Engine,
  system: System,
  image: string,
  { within = READY_MS, signal, environment, binds }: TryOptions,
) {
  const runId = `try-${randomBytes(4).toString("hex")}`;
  const name = `kvchaos-${runId}`;
  const resources = new CleanupScope();
  await guardRun({ engine, runId, resources, signal, interrupt: signal });
  try {
    const [host] = (await freePorts(1)) as [number];
    resources.defer("give the port back", async () => releasePorts([host]));
    const labels = await ownerLabels(runId);
    resources.defer(`remove network ${name}`, () => engine.removeNetwork(name));
    await engine.createNetwork({ name, labels, internal: false }, { signal });
    resources.defer(`remove container ${name}`, () => engine.remove(name, { force: true, volumes: true }));
    const ports = [{ container: system.port, host }];
    const launch = system.launch({});
    const own = { environment: { ...launch.environment, ...environment }, binds };
    const spec = { name, image, ...launch, ...own, labels, networks: [{ name }], ports };
    const container = await engine.createContainer(spec, { signal });
    const started = performance.now();
    await engine.start(container, { signal });
    const node = new ContainerNode({
      engine,
      server: { system, image },
      name: image,
      role: "control",
      container,
      direct: { host: "127.0.0.1", port: host },
      data: { name: "", alias: "" },
      port: system.port,
      sharded: false,
      disk: null,
      locks: null,
      interposer: null,
      password: undefined,
    });
    await node.inspect();
    try {
      await node.ready({ within, signal });
      const ms = performance.now() - started;
      return { version: await node.version({ signal }), ms };
    } catch (error) {
      signal.throwIfAborted();
      throw await wordsOf(engine, node, image, error);
    }
  } finally {
    await resources.close();
  }
}

async function wordsOf(engine: Engine, node: ContainerNode, image: string, cause: unknown): Promise<ChaosError> {
  const { running, exitCode } = await node.inspect();
  const lines = (await engine.logTail(node.container, LAST_LINES)).map(({ text }) => `  ${text}`);
  const what = running
    ? `does not answer: ${messageOf(cause)}`
    : `ended with exit code ${exitCode} before it answered PING`;
  const said = lines.length > 0 ? `; it said:\n${lines.join("\n")}` : ", and said nothing";
  return new ChaosError("infrastructure", `the server in ${image} ${what}${said}`, {
    hint: "The image is there, but no run can use it: check the binary, and what else it needs (--add).",
    cause,
  });
}
