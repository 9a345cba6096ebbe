import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { faults } from "../faults/registry.ts";
import type { JournalEvent } from "../journal/events.ts";
import { argvOf } from "../journal/plan.ts";
import type { RunRecord } from "../journal/record.ts";
import { workloads } from "../load/workloads/registry.ts";
import { scriptOf as scriptOfRun } from "../report/repro-script.ts";
import { summarize } from "../report/run-summary.ts";
import { systems } from "../systems/registry.ts";
import type { System } from "../systems/system.ts";
import { planned } from "../testing/load-fixture.support.ts";
import { changingPlan, plannedRun } from "../testing/samples/plan.support.ts";
import { HOSTILE } from "../testing/samples/trouble.support.ts";
import { word } from "./bash.ts";
import { functionsText } from "./bash-functions.ts";
import { posixRegex } from "./ere.ts";
import { faultScripts } from "./registry.ts";
import { awkStatement } from "./workload-lines.ts";

const EXPERIMENTS = path.join(import.meta.dirname, "../../experiments");
const file = (name: string): string => path.join(EXPERIMENTS, name);

function bash(script: string, flags: readonly string[] = []): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync("bash", flags, { input: script, encoding: "utf8", timeout: 20_000 });
  return { code: status, stdout, stderr };
}

async function scriptOf(name: string, system: System["name"], change?: (event: JournalEvent) => JournalEvent) {
  const made = recordScript(await plannedRun(file(name), system, change));
  assert.ok("text" in made, JSON.stringify(made));
  return made.text;
}

/** The system of a folder of the catalogue; of experiments/any what the file names, or Redis. */
function systemOf(name: string): System["name"] {
  const [folder = ""] = name.split("/");
  if (folder !== "any") return folder as System["name"];
  return (parse(readFileSync(file(name), "utf8")).systems?.[0] ?? "redis") as System["name"];
}

/** Do its servers, or sentinels, choose the master? */
function isSelfRuled(name: string): boolean {
  const { cluster } = parse(readFileSync(file(name), "utf8"));
  if (typeof cluster === "string") return /kvrocks-controller/.test(cluster);
  const { mode } = cluster;
  return mode === "sentinel" || mode === "controller" || (mode === "cluster" && systemOf(name) === "redis");
}

const recordScript = (record: RunRecord) => scriptOfRun(record, summarize(record));

describe("repro.sh", function () {
  this.timeout(600_000);
  const all = readdirSync(EXPERIMENTS, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\/.*\.yaml$/.test(name),
  );
  /** Of clusters whose masters the operator chooses. */
  const names = all.filter((name) => !isSelfRuled(name));

  it("is not made where servers or sentinels choose the master, and says so", async () => {
    const others = all.filter((name) => !names.includes(name));
    assert.ok(others.length >= 8);
    for (const name of others) {
      const made = recordScript(await plannedRun(file(name), systemOf(name)));
      assert.match("why" in made ? made.why : "", /choose the master themselves/, name);
    }
  });

  it("is made of every experiment of the catalogue, leaves nothing out, and is bash", async () => {
    assert.ok(names.length > 20);
    for (const name of names) {
      const text = await scriptOf(name, systemOf(name));
      // Those need kvchaos' own library in the server, the server's command table, or many steps, and say so.
      const isBeyondBash = /fault: (?:power-loss|disk-error|clock-skew|pause-thread)|workload: commands/m.test(
        readFileSync(file(name), "utf8"),
      );
      assert.equal(text.includes("LEFT OUT"), isBeyondBash, `${name}: ${/LEFT OUT.*/.exec(text)?.[0]}`);
      assert.deepEqual(bash(text, ["-n"]), { code: 0, stdout: "", stderr: "" }, name);
      assert.ok(!/undefined|NaN|\[object/.test(text), name);
      // Every function that is called is there.
      for (const [, called] of text.matchAll(
        /^ *(promote|repoint\w*|add_toxic|send\w*|start_again|observe_\w+|load|benchmark|tell\w*|wait_\w+|hold\w*) /gm,
      ))
        assert.ok(new RegExp(`^${called}\\(\\)`, "m").test(text), `${name}: ${called}`);
      assert.ok(text.length < 45_000, `${name}: ${text.length} characters do not fit into a ticket`);
    }
  });

  it("knows how each system tells its state", () => {
    const texts = [...systems.keys()].map((name) => functionsText(["state m1"], [`state-${name}`]).join());
    assert.equal(new Set(texts).size, systems.size);
  });

  it("knows a shell form of every fault and every workload", () => {
    assert.deepEqual(
      [...faults.keys()].filter((kind) => !faultScripts.has(kind)),
      [],
    );
    const load = planned("x");
    assert.deepEqual(
      [...workloads.keys()].filter((workload) => awkStatement({ ...load, workload }) === null),
      // Its commands are drawn from what the server's table says while it runs.
      ["commands"],
    );
  });

  it("does what the plan says at the plan's times", async () => {
    const text = await scriptOf("any/quickstart.yaml", "redis");
    const block = (name: string) => new RegExp(`\\n# ${name}: .*?\\n\\(\\n(.*?)\\n\\) &`, "s").exec(text)?.[1] ?? "";
    assert.deepEqual(block("switch").match(/promote \w+/g), ["promote r1", "promote r2", "promote m1"]);
    assert.match(
      block("cut-link"),
      /at 17\.\d+ \|\| exit 0\n.*\n.*add_toxic r1_m1 cut-link bandwidth upstream '\{"rate":0\}'\n.*downstream.*\n +hold 4\n +remove_toxic r1_m1 cut-link/,
    );
    assert.match(block("flush"), /cli m1 FLUSHALL/);
    assert.match(block("freeze"), /docker pause "\$P-"r2 .*\n +hold 3\n +docker unpause "\$P-"r2/);
    assert.match(block("crash"), /docker kill -s SIGKILL "\$P-"r1 .*\n +hold 2\n +start_again r1/);
    assert.match(text, /^open_links/m);
    assert.match(text, /^SERVER=\("\$IMAGE" redis-server .*--repl-backlog-size 1mb/m);
    assert.ok(
      text.indexOf("tell r1\n") < text.indexOf("/tmp/preload.awk"),
      "replicas are attached before the data comes",
    );
  });

  it("lets each load go the plan's way to every node", async () => {
    const loads = (text: string) => text.match(/^GATED=.*/gm);
    assert.deepEqual(loads(await scriptOf("any/quickstart.yaml", "redis")), Array(2).fill("GATED=1 DIRECT='m1 r1 r2'"));
    const mixed = changingPlan(({ experiment: { load } }) => {
      const [first, second] = load;
      if (first) first.via = "link";
      if (second) second.via = { m1: "direct", r1: "link", r2: "direct" };
    });
    const text = await scriptOf("any/quickstart.yaml", "redis", mixed);
    assert.deepEqual(loads(text), ["GATED=1 DIRECT=''", "GATED=1 DIRECT='m1 r2'"]);
    const address = text.match(/^DIRECT=''\naddress\(\) \{.*?^\}/ms)?.[0] ?? "";
    const { stdout } = bash(`P=p PORT=6379; declare -A LISTEN=([client_m1]=10001 [client_r1]=10002 [m2_m1]=10003)
${address}
DIRECT='m1 r2'; for from in client m2; do address $from m1; echo; done; address client r1`);
    assert.equal(stdout, "p-m1 6379\ntoxiproxy 10003\ntoxiproxy 10002");
  });

  it("waits for states within the chaos phase, and gives the replicas of a full-sync experiment their masters late", async () => {
    const text = await scriptOf("kvrocks/master-switch-storm.yaml", "kvrocks");
    assert.match(
      text,
      /for t in [\d. ]+; do\n +at "\$t" \|\| exit 0\n +say 'storm: switch-master'\n +repoint r1 "\$\(other_master r1\)"/,
    );
    assert.match(text, /wait_state r1 full-sync \d+ \|\| \{ say/);
    assert.match(text, /progress: \(\[0-9\]\+\)\\\/\(\[0-9\]\+\)\/ \{ on = 1; p = part/);
    assert.ok(
      text.indexOf("/tmp/preload.awk") < text.indexOf("tell r1\n"),
      "the data is there before the replica follows",
    );
    assert.ok(!text.includes("Toxiproxy's HTTP") && /Toxiproxy, which\s+# carried|Toxiproxy, which carried/.test(text));
  });

  it("hands every node of a cluster its own topology", async () => {
    const text = await scriptOf("kvrocks/sst-sync-master-drop-setnodes.yaml", "kvrocks");
    assert.match(text, /declare -A ID=\(\[m1\]=[0-9a-f]{40} /);
    assert.match(text, /0-8191 >"\$WORK\/slots-m1"/);
    assert.match(text, /CLUSTERX SETNODES "\$\(topology_text "\$node"\)" /);
    assert.match(text, /add_toxic r1_m2 cut timeout upstream '\{"timeout":0\}'/);
    assert.match(text, /split\("\{s2\} \{s\d+\} .*", tags, " "\)/);
    assert.match(text, /tag = tags\[1 \+ any\(8\)\]; print "SET " \(tag "set:" any/);
  });

  it("fills in the words of a command that only a cluster knows", async () => {
    const text = await scriptOf("kvrocks/duplicate-setnodes.yaml", "kvrocks");
    assert.match(text, /m1 m2 m1 m2 -- CLUSTERX SETNODES "\$\(topology_text m1\)" "\$\(now_ms\)"/);
    assert.match(text, /-- CLUSTERX MIGRATE 1 "\$\{ID\[m2\]\}"/);
  });

  it("fills in the tags and slots of shards", async () => {
    const migrate = changingPlan(({ faults: [first] }) => {
      if (first) first.params.argv = ["MIGRATE", "{slot of set}", "{tag of m2}it's"];
    });
    const text = await scriptOf("kvrocks/duplicate-setnodes.yaml", "kvrocks", migrate);
    assert.match(text, /^declare -A TAG=\(\[m1\]='\{s2\}' \[m2\]='\{s0\}' \[r1\]='\{s2\}' \[r2\]='\{s0\}'\)/m);
    assert.match(text, /^declare -A SLOT=\(\[m1\]=2843 \[m2\]=11097 \[r1\]=2843 \[r2\]=11097\)/m);
    assert.match(text, /-- MIGRATE "\$\{SLOT\[r1\]\}" "\$\{TAG\[m2\]\}"'it'/);
  });

  it("moves slots, waits for those on their way, and sends clients after them", async () => {
    const text = await scriptOf("kvrocks/migrate-slots.yaml", "kvrocks");
    assert.match(text, /migrate_slots m1 m2 finish \$\(first_slots m1 4\) &\n/);
    assert.match(text, /migrate_slots m1 m2 roll-back 100 101 .* 107 &\n/);
    assert.match(text, /wait_slots m2 importing \|\| .*never came true/);
    assert.match(text, /wait_slots m1 migrating 30 \|\| /);
    assert.match(text, /^GATED=0 DIRECT='m1 m2 r1 r2' SPACE=-c$/m);
    assert.match(text, /\nclose_slots\ntell_all\n/);
    assert.match(text, /\nobserve_slots\n/);
  });

  it("moves a slot as the servers say, tells every node, and goes on with what was left open", () => {
    const { stdout, stderr } = bash(`WORK=$(mktemp -d) NODES=(m1 m2 r1); declare -A ID=([m2]=two) SLOTS=([m1]="93 9000")
${functionsText(["migrate_slots", "close_slots", "other_master"], []).join("\n")}
say() { echo "$*"; }; sleep() { :; }; chaos_over() { false; }; is_down() { [ "$1" = r1 ]; }
master_of() { if [ "$1" = r1 ]; then printf m1; fi; }
cli() {
  case "$2 $3" in
    'CLUSTERX MIGRATE') echo "$4" >"$WORK/asked"; if [ "$4" = 7 ] && [ ! -e "$WORK/well" ]; then echo ERR busy; else echo OK; fi ;;
    'CLUSTER INFO') printf 'migrating_slot(s): %s\r\nmigrating_state: success\r\n' "$(cat "$WORK/asked")" ;;
    'CLUSTERX VERSION') echo 41 ;;
    *) echo "$*" >>"$WORK/told" ;;
  esac
}
echo 0-8191 >"$WORK/slots-m1"; echo 8192-16383 >"$WORK/slots-m2"
first_slots r1 3; echo; other_master m1; echo
migrate_slots r1 m2 finish $(first_slots m1 2) 7 8
: >"$WORK/well"; close_slots
cat "$WORK/slots-m1"; echo; cat "$WORK/slots-m2"; echo; cat "$WORK/told" | head -n 2; ls "$WORK"; rm -r "$WORK"`);
    assert.equal(stderr, "");
    assert.deepEqual(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.trim().replace(/ {2,}|(?<=\d) +(?=\d)/g, " ")),
      [
        "93 0 1",
        "m2",
        "m1: slot 7 does not go to m2: ERR busy",
        "2 of 4 slots moved from m1 to m2",
        "1-6 8-92 94-8191",
        "8192-16383",
        "93 0 7",
        "m2 CLUSTERX SETSLOT 93 NODE two 42",
        "m1 CLUSTERX SETSLOT 93 NODE two 42",
        ...["asked", "open-slots", "slots-m1", "slots-m2", "told", "unmoved", "well"],
      ],
    );
  });

  it("gives a node's data to another server, and upgrades one node after the other", async () => {
    const upgrade = await scriptOf("pika/rolling-upgrade.yaml", "pika");
    assert.match(upgrade, /^get_image pikadb\/pika:3\.5\.5$/m);
    assert.match(upgrade, /^start_container m1 .*--network-alias m1 -v \/pika\/data /m);
    assert.match(upgrade, /^ *rolling_upgrade pikadb\/pika:3\.5\.5 30 60 yes replicas$/m);
    const other = changingPlan(({ faults: [first] }) => {
      Object.assign(first ?? {}, { fault: "restart", params: { node: "r1", stopWithin: 2500, image: "original" } });
    });
    const text = await scriptOf("redis/controls/deadlocked.yaml", "redis", other);
    assert.match(text, /docker stop -t 3 "\$P-"r1 .*\n *exchange r1 original\n *start_again r1$/m);
    assert.ok(!text.includes("get_image original") && !text.includes("LEFT OUT"));
    assert.ok(!(await scriptOf("any/quickstart.yaml", "redis")).includes("exchange"));
  });

  it("starts another server with the words of the first one, but for the image and its program", () => {
    const { stdout } = bash(`WORK=$(mktemp -d) P=p; ${functionsText(["exchange r1 x"], []).join("\n")}
say() { :; }
docker() { case $1 in inspect) echo redis:7 ;; create) shift; printf '%s|' "$@" >>"$WORK/made"; echo >>"$WORK/made" ;; network) false ;; esac; }
printf '%s\\0' -e 'A=b c' redis:7 redis-server --save '' >"$WORK/run-r1"
exchange r1 docker.io/valkey/valkey:8; exchange r1 original
sed 's/until-[0-9]*/until/' "$WORK/made"; rm -r "$WORK"`);
    const own = "--name|p-r1|--label|p|--volumes-from|p-r1-until|-e|A=b c|";
    assert.deepEqual(stdout.split("\n"), [
      `${own}docker.io/valkey/valkey:8|valkey-server|--save||`,
      `${own}redis:7|redis-server|--save||`,
      "",
    ]);
  });

  it("names the nodes that are meant where nobody changes their roles, and asks for them where somebody does", async () => {
    const settled = await scriptOf("any/flushdb.yaml", "redis");
    assert.match(settled, /cli m1 FLUSHDB/);
    assert.ok(!settled.includes("current_master"));
    assert.match(await scriptOf("pika/master-switch-round-trip.yaml", "pika"), /promote r1/);
    assert.match(await scriptOf("kvrocks/master-switch-storm.yaml", "kvrocks"), /other_master r1/);
  });

  it("goes to every database and every namespace", async () => {
    const databases = await scriptOf("redis/two-databases.yaml", "redis");
    assert.match(databases, /^SPACES=\("" "-n 1"\) # db0, db1, as words of redis-cli$/m);
    assert.match(databases, /^for SPACE in "\$\{SPACES\[@\]\}"; do\n *docker exec "\$P-tools" sh -c 'for lane/m);
    assert.match(databases, /^GATED=1 DIRECT='[^']*' SPACE="-n 1"$/m);
    assert.match(databases, /"\{?db1:/);
    const namespaces = await scriptOf("kvrocks/namespaces.yaml", "kvrocks");
    assert.match(namespaces, /^SPACES=\("" "--no-auth-warning -a kvchaos-ns1"/m);
    assert.ok(!/SPACES=|SPACE="/.test(await scriptOf("any/quickstart.yaml", "redis")));
  });

  it("says in a comment, and when it runs, what it cannot do", async () => {
    const unknown = changingPlan(({ faults: [first] }) => {
      if (first) first.fault = "meteor";
    });
    const text = await scriptOf("redis/controls/deadlocked.yaml", "redis", unknown);
    assert.match(text, /^# LEFT OUT: sleep: meteor: this version of kvchaos knows no shell form of it\.$/m);
    assert.match(text, /^say 'LEFT OUT: sleep: meteor:/m);
    const older = changingPlan(({ faults: [first] }) => {
      if (first) first.params = { node: "r1", words: ["DEBUG"] };
    });
    assert.match(
      await scriptOf("redis/controls/deadlocked.yaml", "redis", older),
      /LEFT OUT: sleep: command: its parameters are of another version/,
    );
    const looking = changingPlan(({ faults: [first] }) => {
      const when = { kind: "log", node: "r1", pattern: "a(?=b)", nth: 1 } as const;
      if (first) first.trigger = { kind: "when", when, delay: 0 };
    });
    assert.match(
      await scriptOf("redis/controls/deadlocked.yaml", "redis", looking),
      /LEFT OUT: sleep: command: it waits for the log line/,
    );
  });

  it("says what a thread's pause needs, and that who waits for one is left out with it", async () => {
    const text = await scriptOf(
      "redis/controls/deadlocked.yaml",
      "redis",
      changingPlan(({ faults, experiment }) => {
        const params = { node: "m1", thread: "bio*", before: ["bioSubmitJob"], afterLock: null, callers: null };
        const rest = {
          holding: null,
          mode: null,
          kind: null,
          length: 2500,
          everyNth: 1,
          probability: 1,
          most: 1,
          seed: 7,
        };
        const [sleep] = faults;
        if (!sleep) return;
        const hold = { ...sleep, id: "hold", fault: "pause-thread", params: { ...params, ...rest } };
        const late: typeof sleep.trigger = { kind: "after", after: "hold", delay: 1000 };
        const paused: typeof sleep.trigger = { kind: "when", when: { kind: "pause", fault: "hold", nth: 1 }, delay: 0 };
        const others = ["other", "another"].map((id) => ({ ...sleep, id, trigger: paused }));
        faults.push(hold, { ...sleep, id: "late", trigger: late }, ...others);
        const pause = "a pause of 2.5 s before bioSubmitJob in thread bio";
        experiment.confirms = { run: "run-1", signature: "0a1b2c3d4e5f", node: "m1", sides: [], pause };
      }),
    );
    assert.equal(bash(text, ["-n"]).code, 0);
    const said = text.replaceAll("\n# ", " ");
    assert.match(
      said,
      /LEFT OUT: hold: pause-thread: a thread "bio\*" of \w+ is to pause for 2\.5s before the lock in bioSubmitJob/,
    );
    assert.match(said, /it needs the library that kvchaos loads into servers \(kvchaos replay does it\), or gdb/);
    assert.match(said, /LEFT OUT: other: command, another: command: it waits for a pause of hold/);
    assert.match(
      said,
      /a deadlock real that run run-1 had predicted, by a pause of 2\.5 s before bioSubmitJob in thread bio\./,
    );
    assert.match(text, /^say 'LEFT OUT: hold[^\n]*\n\(\n[^\n]*\n? *did hold\n\) &$/m);
    assert.match(text, /wait_fault hold \|\|/);
  });

  it("waits for the n-th line, and for the time since a start", async () => {
    const triggered = (when: object) =>
      scriptOf("redis/controls/deadlocked.yaml", "redis", (event) => {
        if (event.type !== "run") return event;
        const plan = structuredClone(event.plan) as { faults: { trigger: unknown }[] };
        if (plan.faults[0]) plan.faults[0].trigger = { kind: "when", when, delay: 2000 };
        return { ...event, plan };
      });
    const log = { kind: "log", node: "r1", pattern: "sync" };
    assert.match(await triggered({ ...log, nth: 3 }), /^ *wait_log r1 sync 3 \|\| [^\n]*\n *hold 2$/m);
    assert.match(await triggered(log), /^ *wait_log r1 sync \|\|/m);
    const started = await triggered({ kind: "since-start", node: "r1", after: 4500 });
    assert.match(started, /^ *wait_since_start r1 4\.5 \|\| [^\n]*\n *hold 2$/m);
    assert.match(started, /^wait_since_start\(\) \{$/m);
  });

  it("is not made where the journal cannot say how", async () => {
    const old = await plannedRun(file("any/quickstart.yaml"), "redis", (event) =>
      event.type === "cluster" ? { ...event, nodes: event.nodes.map(({ launch: _, ...node }) => node) } : event,
    );
    assert.match((recordScript(old) as { why: string }).why, /older kvchaos/);
    const odd = await plannedRun(file("any/quickstart.yaml"), "redis", (event) =>
      event.type === "cluster"
        ? { ...event, nodes: event.nodes.map((node) => ({ ...node, name: `$(reboot) ${node.name}` })) }
        : event,
    );
    assert.match((recordScript(odd) as { why: string }).why, /no shell should see/);
  });

  it("runs nothing that a plan, a title or a finding says", async () => {
    const evil = `'; touch /tmp/evil; echo $(id) \`id\` "\n rm -rf /\u2028# ${HOSTILE}`;
    const change = (event: JournalEvent): JournalEvent => {
      if (event.type !== "run") return event;
      return changingPlan(({ faults }) => {
        for (const fault of faults) {
          fault.id = `${fault.id} ${evil}`;
          fault.params.argv = [...argvOf(fault.params), evil];
        }
      })({ ...event, title: evil, image: evil, kvchaos: evil });
    };
    const text = await scriptOf("redis/controls/deadlocked.yaml", "redis", change);
    assert.equal(bash(text, ["-n"]).code, 0);
    // docker, curl and everything else that could do something is replaced; what would be run is printed.
    const stubs =
      'docker() { printf "%q " docker "$@"; echo; }\nsleep() { :; }\ncli() { echo PONG; }\nsend() { printf "%s|" "$@"; }\n';
    const calls = text
      .split("\n")
      .filter((line) => /^ *(send|say) /.test(line))
      .join("\n");
    const { stdout, code } = bash(`${stubs}say() { printf '%s\\n' "$*"; }\n${calls}`);
    assert.equal(code, 0);
    assert.ok(stdout.includes("touch /tmp/evil; echo $(id) `id`"), "it is data");
    assert.ok(!stdout.includes("uid="));
  });

  it("asks for a password where the servers want one, and shows none", async () => {
    const text = await scriptOf("any/quickstart.yaml", "redis", (event) =>
      event.type === "cluster"
        ? {
            ...event,
            nodes: event.nodes.map((node) => ({
              ...node,
              launch: node.launch && { ...node.launch, command: [...node.launch.command, "--requirepass", "•••"] },
            })),
          }
        : event,
    );
    assert.match(text, /--requirepass "\$PASSWORD"/);
    assert.match(text, /-e REDISCLI_AUTH="\$PASSWORD"/);
    assert.ok(!text.includes("•••"));
  });

  it("quotes every word so that bash gives it back", () => {
    for (const text of ["plain", "", "a b", "it's", '$(x) `y` \\ " !', "a\nb\tc\u001b'\\", "ключ"])
      assert.equal(bash(`printf '%s' ${word(text)}`).stdout, text, JSON.stringify(text));
  });

  it("says JavaScript's regular expressions in POSIX's words", () => {
    const lines = [
      "[fetch] Fetched a.sst, progress: 5/12",
      "restoring the backup",
      "x 17",
      "a-b",
      "F0102 03:04:05.6 99 boom",
    ];
    for (const source of [
      String.raw`\[fetch\] \w+ (?<f>[^ ,]+), progress: \d+\/\d+`,
      "restoring the (?:backup|data)",
      String.raw`^\w\s\d+$`,
      "a.b",
      String.raw`^F\d{4,8} \d\d:\d\d:\d\d\.\d+ +\d+ (?<what>.*)`,
      ".*?b",
    ]) {
      const posix = posixRegex(source);
      assert.ok(posix !== null, source);
      const { stdout } = bash(`grep -E -- ${word(posix)} <<'END' || true\n${lines.join("\n")}\nEND\n`);
      assert.deepEqual(
        stdout.split("\n").filter((line) => line !== ""),
        lines.filter((line) => new RegExp(source).test(line)),
        source,
      );
    }
    for (const source of ["a(?=b)", String.raw`\bword\b`, String.raw`(a)\1`, "(?<!x)y"])
      assert.equal(posixRegex(source), null, source);
  });
});
