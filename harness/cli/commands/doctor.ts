import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { textTable } from "../../base/text-table.ts";
import { diskRefusal } from "../../docker/disk.ts";
import { connectEngine, type Engine } from "../../docker/engine.ts";
import { PROXY_COST, PROXY_HINT } from "../../docker/userland-proxy.ts";
import { imageAvailability } from "../../images/ensure-image.ts";
import { command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { able, diskFree, kernelAbilities, type Line } from "../kernel-abilities.ts";
import { lockAbilities } from "../lock-abilities.ts";
import { type KnownImage, knownImages } from "../machine.ts";
import { print } from "../print.ts";

const GIB = 1024 ** 3;
const MIN_CORES = 2;
const MIN_MEMORY = 2 * GIB;
const MIN_DISK = 2 * GIB;

export const doctorCommand = command({
  positionals: {},
  options: {},
  run: async () => {
    const lines = await examine();
    const rows = lines.map(({ state, name, value }) => [state === "ok" ? "ok" : state.toUpperCase(), name, value]);
    textTable(rows).forEach((row, i) => {
      print(row);
      const { state, hint } = lines[i] as Line;
      if (state !== "ok") for (const line of hint.split("\n")) print(`        → ${line}`);
    });
    return lines.some(({ state }) => state === "no") ? EXIT.infrastructure : EXIT.pass;
  },
});

async function examine(): Promise<Line[]> {
  const lines = [able(true, "node", process.version)];
  const engine = await connectEngine({ within: 5_000 }).catch((error: unknown) => {
    lines.push(noEngine(error));
    return null;
  });
  if (engine) lines.push(...ofEngine(engine.info));
  const free = await diskFree(engine?.info.local ? engine.info.rootDir : ".");
  const space = `${(free / GIB).toFixed(1)} GiB free`;
  lines.push(able(free >= MIN_DISK, "disk", space, "Free some space: images and server data."));
  lines.push(...(await kernelAbilities()), ...(await lockAbilities()));
  if (engine) for (const image of knownImages()) lines.push(await ofImage(engine, image));
  return lines;
}

function noEngine(error: unknown): Line {
  const hint =
    process.getuid?.() === 0
      ? "`npm run chaos` installs and starts one here (Debian, Ubuntu)."
      : "Type:\nsudo apt-get install -y docker.io\nsudo usermod -aG docker $USER && newgrp docker";
  // Nothing is installed beside a daemon that DOCKER_HOST names: what to do is in the error then.
  const own = process.env.DOCKER_HOST && error instanceof ChaosError ? error.hint : undefined;
  return { state: "no", name: "engine", value: messageOf(error), hint: own ?? hint };
}

function ofEngine(info: Engine["info"]): Line[] {
  const { version, apiVersion, local, cgroupVersion, cores, memory } = info;
  const where = local ? "on this machine" : "elsewhere";
  const far = "Thread states and stacks of hung servers need an engine on this machine.";
  const refusal = diskRefusal(local);
  const disks = refusal ?? "a node's data can lie on a disk of its own";
  const gib = `${(memory / GIB).toFixed(1)} GiB`;
  return [
    able(true, "engine", `Docker ${version}, API ${apiVersion}, cgroup v${cgroupVersion}, ${where}`),
    ...(local ? [] : [able(false, "forensics", "the engine is elsewhere", far)]),
    publishedPorts(info),
    able(refusal === null, "disks", disks, "The faults disk-full and slow-disk need them."),
    able(cores >= MIN_CORES, "cores", String(cores), "Fewer cores starve the servers: runs end inconclusive."),
    able(memory >= MIN_MEMORY, "memory", gib, "A run of three servers wants 2 GiB."),
  ];
}

function publishedPorts({ userlandProxy }: Engine["info"]): Line {
  const unknown = "with or without docker-proxy: that cannot be told of this engine";
  const value = userlandProxy === null ? unknown : userlandProxy ? PROXY_COST : "without docker-proxy";
  return able(userlandProxy !== true, "published ports", value, PROXY_HINT);
}

async function ofImage(engine: Engine, { name, recipe }: KnownImage): Promise<Line> {
  const { state, reason } = await imageAvailability(engine, name, recipe);
  const hint = `kvchaos images wrap --system … --binary PATH --tag ${name}`;
  const line = able(state !== "pullable?", `image ${name}`, `${state}: ${reason}`, hint);
  return state === "no" ? { ...line, state } : line;
}
