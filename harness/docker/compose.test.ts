// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of Compose files look like that
import assert from "node:assert/strict";
import { ChaosError } from "../base/chaos-error.ts";
import { parseComposeFile, readComposeFile } from "./compose.ts";

const SYSTEMS = { systems: ["kvrocks", "pika", "redis"] };

/** A valid file; `service` is put into m1, `top` at the end. Line 5 is the first line of `service`, column 5 its start. */
function file(service = "", top = ""): string {
  const lines = service ? service.split("\n").map((line) => `    ${line}\n`) : [];
  return `services:
  m1:
    image: redis:7
    labels: {kvchaos.role: master}
${lines.join("")}  toxi:
    image: toxiproxy:2
    labels: {kvchaos.role: toxiproxy}
networks: {data: {internal: true}, admin: }
volumes: {disk: }
${top}`;
}

function parse(text: string, variables: Record<string, string> = {}) {
  return parseComposeFile("c.yaml", text, variables, SYSTEMS);
}

function m1(service: string, variables: Record<string, string> = {}) {
  const found = parse(file(service), variables).services[0];
  assert.ok(found);
  return found;
}

function refused(text: string, variables: Record<string, string> = {}): string[] {
  try {
    parse(text, variables);
  } catch (error) {
    assert.ok(error instanceof ChaosError, String(error));
    assert.equal(error.code, "invalid-experiment");
    return error.message.split("\n");
  }
  return [];
}

const WHOLE = `
x-kvchaos:
  config:
    redis: { save: "", repl-diskless-sync-delay: 0, enable-debug-command: "yes" }
    kvrocks: { use-rsid-psync: "yes" }
x-server: &server
  image: \${KVCHAOS_IMAGE:-redis:7.0.15}
  networks: [data, admin]
  ports: ["127.0.0.1::\${KVCHAOS_PORT:-6379}"]
  stop_grace_period: 10s
services:
  m1: { <<: *server, labels: { kvchaos.role: master } }
  r1: { <<: *server, labels: { kvchaos.role: replica, kvchaos.master: m1 } }
  r2: { <<: *server, labels: { kvchaos.role: replica, kvchaos.master: m1 } }
  control: { <<: *server, labels: { kvchaos.role: control } }
  toxiproxy:
    image: \${KVCHAOS_TOXIPROXY_IMAGE:-kvchaos/toxiproxy:2.12.0}
    command: ["-host=0.0.0.0"]
    labels: { kvchaos.role: toxiproxy }
    networks: [data, admin]
    ports: ["127.0.0.1::8474"]
networks:
  data: { internal: true }
  admin: {}
`;

describe("compose file", () => {
  it("reads a whole file", async () => {
    const compose = parseComposeFile("c.yaml", WHOLE, { KVCHAOS_IMAGE: "valkey:8" }, SYSTEMS);
    const roles = compose.services.map(({ name, role, master, image }) => [name, role, master, image]);
    assert.deepEqual(roles, [
      ["m1", "master", null, "valkey:8"],
      ["r1", "replica", "m1", "valkey:8"],
      ["r2", "replica", "m1", "valkey:8"],
      ["control", "control", null, "valkey:8"],
      ["toxiproxy", "toxiproxy", null, "kvchaos/toxiproxy:2.12.0"],
    ]);
    assert.deepEqual(compose.networks, [
      { name: "data", internal: true },
      { name: "admin", internal: false },
    ]);
    assert.equal(compose.services[1]?.config.redis?.["repl-diskless-sync-delay"], "0");
    assert.equal(compose.services[0]?.config.redis?.save, "");
    assert.deepEqual(compose.services[0]?.ports, [{ container: 6379, host: null }]);
  });

  it("reads every key of a service", () => {
    const service = m1(`command: redis-server --save '' "a b" c\\ d
entrypoint: [sh, -c, ""]
environment: {A: 1, B: "two", C: true}
networks:
  data: {aliases: [one, two]}
  admin:
ports: ["127.0.0.1::6379", "127.0.0.1:17000:7000/tcp"]
volumes: ["disk:/data"]
tmpfs: /run
ulimits: {nofile: {soft: 10, hard: 20}, core: -1}
cpus: "0.5"
mem_limit: 64m
cap_add: [SYS_PTRACE]
stop_grace_period: 1m30s
init: true
user: "999"
x-own: anything`);
    assert.deepEqual(service, {
      name: "m1",
      image: "redis:7",
      command: ["redis-server", "--save", "", "a b", "c d"],
      entrypoint: ["sh", "-c", ""],
      environment: { A: "1", B: "two", C: "true" },
      labels: { "kvchaos.role": "master" },
      networks: [
        { name: "data", aliases: ["one", "two"] },
        { name: "admin", aliases: [] },
      ],
      ports: [
        { container: 6379, host: null },
        { container: 7000, host: 17000 },
      ],
      volumes: [{ name: "disk", path: "/data" }],
      tmpfs: ["/run"],
      ulimits: [
        { name: "nofile", soft: 10, hard: 20 },
        { name: "core", soft: -1, hard: -1 },
      ],
      cpus: 0.5,
      memory: 64 * 1024 * 1024,
      capAdd: ["SYS_PTRACE"],
      stopGracePeriod: 90,
      init: true,
      user: "999",
      role: "master",
      master: null,
      config: {},
    });
  });

  it("reads environment and networks written as lists; a service without networks is on the default one", () => {
    const service = m1('environment: ["A=1", "B=x=y", "C="]\nnetworks: [admin]');
    assert.deepEqual(service.environment, { A: "1", B: "x=y", C: "" });
    assert.deepEqual(service.networks, [{ name: "admin", aliases: [] }]);
    const compose = parse(file());
    assert.deepEqual(compose.services[0]?.networks, [{ name: "default", aliases: [] }]);
    assert.ok(compose.networks.some(({ name, internal }) => name === "default" && !internal));
  });

  it("reads labels written as a list", () => {
    const text =
      "services:\n  m1: {image: a, labels: [kvchaos.role=master, bare]}\n  t: {image: b, labels: [kvchaos.role=toxiproxy]}";
    const service = parse(text).services[0];
    assert.deepEqual(service?.labels, { "kvchaos.role": "master", bare: "" });
  });

  it("puts a service's own server configuration over that of the file", () => {
    const top = "x-kvchaos: {config: {redis: {save: '', maxmemory: 1}, pika: {a: 1}}}";
    const service = parse(file("x-kvchaos: {config: {redis: {maxmemory: 2}}}", top)).services[0];
    assert.deepEqual(service?.config, { redis: { save: "", maxmemory: "2" }, pika: { a: "1" } });
  });

  it("reads the mode of the whole cluster, and knows none in a single service", () => {
    assert.equal(parse(file()).mode, null);
    assert.equal(parse(file("", "x-kvchaos: {mode: cluster}")).mode, "cluster");
    assert.ok(refused(file("x-kvchaos: {mode: cluster}")).some((line) => line.includes('unknown key "mode"')));
  });

  it("fills in variables, in any value", () => {
    const text =
      'environment: {A: "${A}", B: "${B:-b}", C: "${C-c}", D: "${EMPTY:-d}", E: "${EMPTY-e}", F: "a$$b$A-$${A}"}\ncpus: ${CPUS}';
    const service = m1(text, { A: "1", EMPTY: "", CPUS: "2" });
    assert.deepEqual(service.environment, { A: "1", B: "b", C: "c", D: "d", E: "", F: "a$b1-${A}" });
    assert.equal(service.cpus, 2);
  });

  it("names a file that is not there", async () => {
    await assert.rejects(readComposeFile("/nowhere/c.yaml", {}), (error) => {
      assert.ok(error instanceof ChaosError);
      assert.equal(error.code, "invalid-experiment");
      assert.match(error.message, /^\/nowhere\/c\.yaml: .*no such file/);
      return true;
    });
  });

  it("says where a part of it was written", () => {
    const compose = parse(file());
    const mistake = compose.mistake(["services", "m1", "image"], "too old", "newer");
    assert.deepEqual(mistake, { file: "c.yaml", line: 3, column: 12, message: "too old", hint: "newer" });
  });
});

describe("compose file, refused", () => {
  /** [what is put into m1 at line 5, the expected message] */
  const inService: [string, string][] = [
    ["comand: x", '5:5: unknown key "comand"; did you mean "command"?'],
    ["build: .", '5:5: "build" is not supported: images are named here and made by `kvchaos images wrap`'],
    [
      "depends_on: {x: {condition: service_healthy}}",
      '5:5: "depends_on" is not supported: kvchaos starts everything together and waits until each server is ready',
    ],
    [
      "restart: always",
      '5:5: "restart" is not supported: kvchaos must see every crash; a fault says whether a server comes back',
    ],
    ["command: {a: 1}", "5:14: command: expected a text, got a map"],
    ["command: [sleep, 60]", '5:22: command[1]: expected a text, got 60; write it in quotes: "60"'],
    ["command: echo 'open", "5:14: the quote ' is not closed"],
    ["environment: [A]", '5:19: environment[0]: expected "NAME=value", got "A"'],
    ["environment: [A=1, A=2]", "5:24: environment[1]: A is given twice"],
    ["environment: {A: }", "5:19: environment.A: expected a text or a number, got nothing"],
    ["environment: {A: [1]}", "5:22: environment.A: expected a text or a number, got a list"],
    ["environment: text", '5:18: environment: expected a map (key: value), got "text"'],
    ["networks: [dta]", '5:16: unknown network "dta"; did you mean "data"?'],
    ["networks: {dta: }", '5:16: unknown network "dta"; did you mean "data"?'],
    ["networks: [data, data]", '5:22: network "data" is given twice'],
    [
      "networks: {data: {ipv4_address: 10.0.0.2}}",
      '5:23: "ipv4_address" is not supported: kvchaos keeps addresses stable by itself',
    ],
    ["networks: {data: {aliases: one}}", '5:32: aliases: expected a list, got "one"'],
    [
      "ports: ['6379:6379']",
      '5:13: port "6379:6379" would be open to other machines; expected "127.0.0.1::PORT" (a free host port is chosen) or "127.0.0.1:HOST_PORT:PORT"',
    ],
    [
      "ports: [6379]",
      '5:13: port "6379" would be open to other machines; expected "127.0.0.1::PORT" (a free host port is chosen) or "127.0.0.1:HOST_PORT:PORT"',
    ],
    [
      "ports: ['0.0.0.0:1:6379']",
      '5:13: port "0.0.0.0:1:6379" would be open to other machines; expected "127.0.0.1::PORT" (a free host port is chosen) or "127.0.0.1:HOST_PORT:PORT"',
    ],
    [
      "ports: ['127.0.0.1::6379-6390']",
      '5:13: port "127.0.0.1::6379-6390" is not understood; expected "127.0.0.1::PORT" (a free host port is chosen) or "127.0.0.1:HOST_PORT:PORT"',
    ],
    ["ports: ['127.0.0.1::70000']", "5:13: port 70000 is out of range; expected 1 to 65535"],
    ["ports: ['127.0.0.1:0:80']", "5:13: port 0 is out of range; expected 1 to 65535"],
    ["ports: ['127.0.0.1::80', '127.0.0.1:1:80']", "5:30: ports[1]: port 80 is published twice"],
    ["ports: {a: 1}", "5:12: ports: expected a list, got a map"],
    [
      "ports: ['127.0.0.1::80']\nnetworks: [data]",
      "5:12: ports are not reachable on internal networks only; add a network that is not internal",
    ],
    ["volumes: ['dsk:/data']", '5:15: unknown volume "dsk"; did you mean "disk"?'],
    [
      "volumes: ['./x:/data']",
      '5:15: volume "./x:/data" is a folder of this machine; expected a named volume, "name:/path"',
    ],
    [
      "volumes: ['disk:/data:ro']",
      '5:15: volume "disk:/data:ro" is not understood; expected a named volume, "name:/path"',
    ],
    ["tmpfs: [run]", '5:13: tmpfs: expected an absolute path, got "run"'],
    ["ulimits: {nofile: many}", '5:23: nofile: expected a whole number (-1: no limit), got "many"'],
    ["ulimits: {nofile: {soft: 1}}", "5:23: nofile.hard: expected a whole number (-1: no limit), got nothing"],
    ["ulimits: {nofile: {soft: 1, hard: 2, sfot: 3}}", '5:42: unknown key "sfot"; did you mean "soft"?'],
    ["cpus: 0", "5:11: cpus: expected a number above zero, got 0"],
    ["mem_limit: 64x", '5:16: expected a size above zero like "64m" or "1g", got "64x"'],
    ["cap_add: SYS_PTRACE", '5:14: cap_add: expected a list, got "SYS_PTRACE"'],
    ["stop_grace_period: 10", '5:24: expected a duration like "10s" or "1m30s", got 10'],
    ["init: maybe", '5:11: init: expected true or false, got "maybe"'],
    ["user: 0", '5:11: user: expected a text, got 0; write it in quotes: "0"'],
    ["x-kvchaos: {confg: {}}", '5:17: unknown key "confg"; did you mean "config"?'],
    ["x-kvchaos: {config: {reddis: {}}}", '5:26: unknown system "reddis"; did you mean "redis"?'],
    ["x-kvchaos: {config: {redis: {save: [1]}}}", "5:40: config.redis.save: expected a text or a number, got a list"],
    ["user: '${NOBODY}'", "5:11: variable NOBODY is not set; set it, or write ${NOBODY:-default}"],
    [
      "user: '${A:?no}'",
      '5:11: "${A:?no}" is no variable; expected ${NAME}, ${NAME:-default}, ${NAME-default}, or $$ for a $',
    ],
    ["user: a$", '5:11: "$" is no variable; expected ${NAME}, ${NAME:-default}, ${NAME-default}, or $$ for a $'],
  ];
  for (const [service, expected] of inService) {
    it(`${service.replaceAll("\n", " / ")}`, () => {
      const lines = refused(file(service));
      assert.ok(lines.includes(`c.yaml:${expected}`), lines.join("\n"));
    });
  }

  const whole: [string, string, string[]][] = [
    [
      "a sentinel without its mode",
      "services:\n  m1: {image: a, labels: {kvchaos.role: master}}\n  s1: {image: a, labels: {kvchaos.role: sentinel}}\n  t: {image: b, labels: {kvchaos.role: toxiproxy}}",
      ['3:41: role "sentinel" goes with `x-kvchaos: {mode: sentinel}`'],
    ],
    [
      "sentinels' mode without any, and with two masters",
      "x-kvchaos: {mode: sentinel}\nservices:\n  m1: {image: a, labels: {kvchaos.role: master}}\n  m2: {image: a, labels: {kvchaos.role: master}}\n  t: {image: b, labels: {kvchaos.role: toxiproxy}}",
      [
        '1:19: no service has the label kvchaos.role: "sentinel"',
        "4:41: a second master; sentinels watch one master and its replicas here",
      ],
    ],
    [
      "an unknown mode",
      file("", "x-kvchaos: {mode: shards}"),
      ['10:19: mode "shards": expected "cluster" or "sentinel" or "controller", or none'],
    ],
    ["an empty file", "", ["1:1: a Compose file: expected a map (key: value), got nothing"]],
    ["a list", "- a\n", ["1:1: a Compose file: expected a map (key: value), got a list"]],
    ["a file without services", "name: x\n", ['1:1: "services" is missing']],
    ["services that are a list", "services: [a]\n", ["1:11: services: expected a map (key: value), got a list"]],
    ["an empty service", "services:\n  m1:\n", ["2:3: service m1: expected a map (key: value), got nothing"]],
    ["a service without image", "services:\n  m1: {user: a}\n", ['2:3: service m1: "image" is missing']],
    [
      "an unknown top-level key",
      "services: {a: {image: x}}\nnetwork: {}\n",
      ['2:1: unknown key "network"; did you mean "networks"?'],
    ],
    [
      "version",
      "version: '3'\nservices: {a: {image: x}}\n",
      ['1:1: "version" is not supported: Compose files need none any more'],
    ],
    [
      "a network of another driver",
      "services: {a: {image: x}}\nnetworks:\n  n: {driver: host}\n",
      ['3:7: "driver" is not supported: kvchaos makes bridge networks'],
    ],
    [
      "a volume with options",
      "services: {a: {image: x}}\nvolumes: {v: {external: true}}\n",
      ['2:15: unknown key "external"'],
    ],
    [
      "a bad name",
      "name: A b\nservices: {a: {image: x}}\n",
      ['1:7: name "A b": expected lower-case letters, digits, - and _'],
    ],
    [
      "a bad service name",
      "services: {A.b: {image: x}}\n",
      ['1:12: service name "A.b": expected lower-case letters, digits, - and _'],
    ],
    [
      "a service called client",
      "services: {client: {image: x}}\n",
      ['1:12: service name "client" is taken: it means the load in the names of links'],
    ],
    [
      "an alias in itself",
      "services: &s\n  a: {image: x, x-b: *s}\n",
      ["2:22: broken YAML: the alias *s is inside of what it stands for"],
    ],
    [
      "one host port for two",
      "services:\n  a: {image: x, ports: ['127.0.0.1:5:1']}\n  b: {image: x, ports: ['127.0.0.1:5:1']}\n",
      ["3:25: host port 5 is also asked for by service a"],
    ],
  ];
  for (const [what, text, expected] of whole) {
    it(what, () => {
      const lines = refused(text);
      assert.deepEqual(
        lines,
        expected.map((line) => `c.yaml:${line}`),
      );
    });
  }

  const roles: [string, string, string[]][] = [
    [
      "an unknown role",
      "m1: mastr",
      [
        '2:41: unknown role "mastr"; expected master, replica, control, sentinel, controller, store, helper, toxiproxy; did you mean "master"?',
        '1:1: no service has the label kvchaos.role: "master"',
      ],
    ],
    [
      "no master",
      "r1: replica m1",
      ['1:1: no service has the label kvchaos.role: "master"', '2:66: kvchaos.master: unknown master "m1"'],
    ],
    [
      "a replica of nobody",
      "m1: master\nr1: replica",
      [
        "3:3: replica r1: the label kvchaos.master is missing: whom does it follow at first?; add to its labels `kvchaos.master: m1`",
      ],
    ],
    [
      "a replica of an unknown master",
      "m1: master\nr1: replica m2",
      ['3:66: kvchaos.master: unknown master "m2"; did you mean "m1"?'],
    ],
    ["a replica of itself", "m1: master\nr1: replica r1", ["3:66: replica r1 cannot follow itself"]],
    [
      "a master that follows",
      "m1: master\nm2: master m1",
      ["3:65: kvchaos.master: only a replica follows a master, m2 is none"],
    ],
    [
      "a circle",
      "m1: master\nr1: replica r2\nr2: replica r1",
      [
        "3:66: replica r1 follows itself in a circle: r1 -> r2 -> r1",
        "4:66: replica r2 follows itself in a circle: r2 -> r1 -> r2",
      ],
    ],
    [
      "two controls",
      "m1: master\nc1: control\nc2: control",
      ['4:41: a second service with role "control"; expected one'],
    ],
  ];
  for (const [what, services, expected] of roles) {
    it(what, () => {
      const lines = services.split("\n").map((line) => {
        const [, name, role, master] = /^(\w+): (\w+) ?(\w+)?$/.exec(line) ?? [];
        return `  ${name}: {image: x, labels: {kvchaos.role: ${role}${master ? `, kvchaos.master: ${master}` : ""}}}\n`;
      });
      const text = `services:\n${lines.join("")}  t: {image: x, labels: {kvchaos.role: toxiproxy}}\n`;
      assert.deepEqual(new Set(refused(text)), new Set(expected.map((line) => `c.yaml:${line}`)));
    });
  }

  it("a helper with several ports that others would dial", () => {
    const services =
      "services:\n  m1: {image: x, labels: {kvchaos.role: master}}\n  h1: {image: x, labels: {kvchaos.role: helper}, ports: ['127.0.0.1::1', '127.0.0.1::2']}\n  t: {image: x, labels: {kvchaos.role: toxiproxy}}\n";
    assert.deepEqual(refused(services), [
      "c.yaml:3:74: helper h1: expected at most one port, which the others dial through links, got 2",
    ]);
  });

  it("services without a role, with the lines to add", () => {
    const text =
      "services:\n  m1: {image: x, labels: {kvchaos.role: master}}\n  r1: {image: x}\n  toxiproxy: {image: 'kvchaos/toxiproxy:2', labels: [own=1]}\n";
    const lines = "`labels: {kvchaos.role: master}`, or `labels: {kvchaos.role: replica, kvchaos.master: m1}`";
    assert.deepEqual(refused(text), [
      'c.yaml:1:1: no service has the label kvchaos.role: "toxiproxy": replication goes through it',
      `c.yaml:3:3: service r1 has no label kvchaos.role: nobody would start it; add to it ${lines}`,
      "c.yaml:4:3: service toxiproxy has no label kvchaos.role: nobody would start it; add to it `labels: {kvchaos.role: toxiproxy}`",
    ]);
  });

  it("a chain of replicas is no circle", () => {
    const labels = (role: string, master = "") =>
      `labels: {kvchaos.role: ${role}${master && `, kvchaos.master: ${master}`}}`;
    const text = `services:
  m1: {image: x, ${labels("master")}}
  r1: {image: x, ${labels("replica", "m1")}}
  r2: {image: x, ${labels("replica", "r1")}}
  t: {image: x, ${labels("toxiproxy")}}`;
    assert.deepEqual(refused(text), []);
  });

  it("a cluster without Toxiproxy", () => {
    const text = "services:\n  m1: {image: x, labels: {kvchaos.role: master}}\n";
    assert.deepEqual(refused(text), [
      'c.yaml:1:1: no service has the label kvchaos.role: "toxiproxy": replication goes through it',
    ]);
  });

  it("an unknown label of ours", () => {
    const text = "services:\n  m1: {image: x, labels: [kvchaos.roel=master]}\n";
    assert.deepEqual(refused(text), ['c.yaml:2:27: unknown label "kvchaos.roel"; did you mean "kvchaos.role"?']);
  });

  it("tells all mistakes at once, in the order of the lines", () => {
    const lines = refused(file("cpus: 0\ninti: true\nuser: 0\nports: [1]", "nam: x\n"));
    assert.deepEqual(
      lines.map((line) => line.split(": ")[0]),
      ["c.yaml:5:11", "c.yaml:6:5", "c.yaml:7:11", "c.yaml:8:13", "c.yaml:14:1"],
    );
  });
});
