import assert from "node:assert/strict";
import type { ProcFiles } from "../forensics/proc-files.ts";
import { containerOf, findContainers } from "./containers.ts";
import { familyOf, titleOf } from "./family.ts";
import { restTimes } from "./last-ran.ts";
import { listenerAt } from "./listeners.ts";
import { missingRights } from "./rights.ts";

/** A /proc of these files; links are those that begin with "->". */
function procOf(files: Readonly<Record<string, string>>): ProcFiles {
  const whole = new Map(
    Object.entries(files).map(([path, text]) => [path.startsWith("/") ? path : `/proc/${path}`, text]),
  );
  return {
    text: (path) => (whole.get(path)?.startsWith("->") ? null : (whole.get(path) ?? null)),
    link: (path) => (whole.get(path)?.startsWith("->") ? (whole.get(path)?.slice(2) ?? null) : null),
    list: (folder) => [
      ...new Set(
        [...whole.keys()]
          .filter((path) => path.startsWith(`${folder}/`))
          .map((path) => path.slice(folder.length + 1).split("/", 1)[0] ?? ""),
      ),
    ],
  };
}

const stat = (pid: number, comm: string, parent: number, cpu = 0) =>
  `${pid} (${comm}) S ${parent} ${Array.from({ length: 34 }, () => 0).join(" ")} ${cpu} 0`;
const ID = "0123456789abcdef".repeat(4);

describe("where a process belongs", () => {
  it("to a container of whatever engine, by its cgroup", () => {
    const by = (cgroup: string) => containerOf(7, procOf({ "7/cgroup": cgroup }));
    assert.deepEqual(by(`5:memory:/docker/${ID}\n`), { id: ID, by: "docker" });
    assert.deepEqual(by(`0::/system.slice/docker-${ID}.scope\n`), { id: ID, by: "docker" });
    assert.deepEqual(by(`0::/machine.slice/libpod-${ID}.scope/container\n`), { id: ID, by: "podman" });
    assert.deepEqual(by(`0::/kubepods/burstable/pod1/cri-containerd-${ID}.scope\n`), { id: ID, by: "containerd" });
    assert.equal(by("0::/user.slice/session-1.scope\n"), null);
  });

  it("and a container is found by the beginning of its id, or by the name that is its id, with its first process", () => {
    const proc = procOf({
      ...{ "30/cgroup": `0::/docker/${ID}`, "30/status": "NSpid:\t30\t9\n" },
      ...{ "40/cgroup": `0::/docker/${ID}`, "40/status": "NSpid:\t40\t1\n", "50/cgroup": "0::/default/my-redis" },
    });
    assert.deepEqual(
      findContainers("01234567", proc, () => null),
      [{ id: ID, by: "docker", pid: 40 }],
    );
    assert.deepEqual(
      findContainers("my-redis", proc, () => null),
      [{ id: "my-redis", by: "containerd", pid: 50 }],
    );
    assert.deepEqual(
      findContainers("nobody", proc, () => null),
      [],
    );
  });

  it("to the family of a postmaster, but not to that of the shell that started it", () => {
    const same = {
      "2/exe": "->/pg",
      "3/exe": "->/pg",
      "2/comm": "postgres",
      "3/comm": "postgres",
      "1/comm": "bash",
      "4/comm": "sh",
    };
    const proc = procOf({
      ...{
        "1/stat": stat(1, "bash", 0),
        "2/stat": stat(2, "postgres", 1),
        "3/stat": stat(3, "postgres", 2),
        "4/stat": stat(4, "sh", 3),
      },
      ...same,
    });
    assert.deepEqual(familyOf(3, proc), { pids: [2, 3, 4], more: 0 });
    assert.equal(titleOf("postgres", ["postgres: archiver archiving 0001"]), "postgres: archiver archiving 0001");
    assert.equal(titleOf("redis-server", ["/usr/bin/redis-server *:6379"]), "redis-server");
  });

  it("a listener is who has the socket; a port that an engine holds leads to its container", () => {
    const tcp = (address: string, inode: number) =>
      `sl local rem st\n 0: ${address} 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 ${inode} 1\n`;
    const own = `${process.pid}`;
    const proc = procOf({
      ...{ [`${own}/ns/net`]: "->net:1", "5/ns/net": "->net:1", "6/ns/net": "->net:1", "7/ns/net": "->net:2" },
      ...{
        [`${own}/net/tcp`]: `${tcp("0100007F:18EB", 55)} 1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 66 1\n`,
      },
      ...{
        "5/fd/3": "->socket:[55]",
        "5/comm": "redis-server",
        "6/fd/3": "->socket:[66]",
        "6/comm": "dockerd",
        "7/comm": "pika",
      },
      ...{ "7/net/tcp": tcp("00000000:2405", 77), "7/fd/9": "->socket:[77]" },
      ...{ "7/net/fib_trie": "  |-- 172.17.0.2\n     /32 host LOCAL\n" },
    });
    assert.deepEqual(listenerAt(["127.0.0.1"], 6379, "", proc), { pid: 5, guessed: false });
    const rules =
      "-A DOCKER -d 127.0.0.1/32 ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:9221";
    assert.deepEqual(listenerAt(["127.0.0.1"], 8080, rules, proc), { pid: 7, guessed: false });
    assert.deepEqual(listenerAt(["172.17.0.2"], 9221, "", proc), { pid: 7, guessed: false });
    assert.equal(listenerAt(["127.0.0.1"], 8080, "", proc), null, "the engine itself is not meant");
  });

  it("a thread has rested at least as long as its processor's clock shows", () => {
    const sched = (at: number) => `x\nse.exec_start   :  ${at}.5\n`;
    const proc = procOf({
      ...{
        "self/sched": sched(90),
        "self/stat": stat(9, "node", 1, 0),
        "11/comm": "kworker/1:2\n",
        "11/sched": sched(500),
        "11/stat": stat(11, "kworker/1:2", 2, 1),
      },
      ...{
        "5/task/5/sched": sched(100),
        "5/task/5/stat": stat(5, "a", 1, 1),
        "5/task/6/sched": sched(50),
        "5/task/6/stat": stat(6, "a", 1, 0),
      },
    });
    const times = restTimes(
      [
        { tid: 5, pid: 5 },
        { tid: 6, pid: 5 },
      ],
      proc,
    );
    assert.deepEqual(
      [...times],
      [
        [5, 400],
        [6, 40],
      ],
    );
    assert.equal(restTimes([{ tid: 5, pid: 5 }], procOf({})).size, 0, "a kernel that does not tell");
  });

  it("what is missing is told with its reason and what to do", () => {
    const proc = (own: number, scope: string) =>
      procOf({
        ...{
          "self/status": `Uid:\t${own}\t${own}\nCapEff:\t0000000000000000\n`,
          "7/status": "Uid:\t999\t999\n",
          "sys/kernel/yama/ptrace_scope": scope,
        },
      });
    const blind = [{ pid: 7, title: "redis", calls: true, locks: null }];
    const [other] = missingRights(blind, proc(1000, "0"));
    assert.match(`${other?.what}: ${other?.why} ${other?.how}`, /redis 7.*runs as user 999, you are 1000.*sudo/);
    assert.match(missingRights(blind, proc(999, "1"))[0]?.why ?? "", /ptrace_scope is 1/);
    assert.match(missingRights(blind, proc(0, "0"))[0]?.how ?? "", /SYS_PTRACE/);
  });
});
