import assert from "node:assert/strict";
import { printable } from "../base/escape.ts";
import { parseStat } from "../base/proc-stat.ts";
import {
  findCLibrary,
  parseCmdline,
  parseEpollTargets,
  parseLimits,
  parseMemory,
  parseStatus,
  parseSyscall,
} from "./proc-text.ts";

const STAT =
  "28447 (a b) c) S 28445 28445 22558 0 -1 4194304 123 0 0 0 7 5 0 0 20 0 5 0 136618 36106240 344 18446744073709551615 94210586644480";

describe("what the kernel says of a thread", () => {
  it("a thread's name may hold spaces and parentheses", () => {
    const stat = parseStat(STAT);
    assert.deepEqual(stat, { comm: "a b) c", state: "S", parent: 28445, userMs: 70, systemMs: 50, startTicks: 136618 });
  });

  it("a thread that ended meanwhile has no state", () => {
    assert.equal(parseStat(""), null);
    assert.equal(parseStat("28447 (dl) S 1"), null);
  });

  it("control characters of a thread's name are made visible", () => {
    assert.equal(parseStat(STAT.replace("a b", "a\u001b[31m\n"))?.comm, "a\\x1b[31m\\x0a) c");
    assert.equal(printable("a\u009bé"), "a\\x9bé");
  });

  it("the last of the namespace ids is the one that the process itself sees", () => {
    const status =
      "Name:\tdl\nTracerPid:\t12\nNSpid:\t18152\t77\t2\nvoluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t4\n";
    assert.deepEqual(parseStatus(status), { nsTid: 2, tracer: 12, voluntary: 3, involuntary: 4 });
    assert.equal(parseStatus("Name:\tdl\n").nsTid, null);
  });

  it("a blocked thread's system call has its number and six arguments", () => {
    assert.deepEqual(parseSyscall("202 0x55ca788db2ec 0x189 0x3 0x0 0x0 0xffffffff 0x7f78b5bcfe50 0x7f78b5c59e96\n"), {
      kind: "in",
      number: 202,
      args: [0x55ca788db2ec, 0x189, 3, 0, 0, 0xffffffff],
    });
    assert.deepEqual(parseSyscall("running\n"), { kind: "running" });
    assert.deepEqual(parseSyscall("-1 0x7ffd 0x7fa8\n"), { kind: "outside" });
    for (const text of ["", "202 0x1", "x y z a b c d"]) assert.equal(parseSyscall(text), null, text);
  });
});

describe("what the kernel says of a process", () => {
  it("limits are soft / hard with their unit", () => {
    const text = `Limit                     Soft Limit           Hard Limit           Units     
Max cpu time              unlimited            unlimited            seconds   
Max open files            20000                20000                files     
Max nice priority         0                    0                    
`;
    const limits = parseLimits(text);
    assert.equal(limits["Max open files"], "20000 / 20000 files");
    assert.equal(limits["Max nice priority"], "0 / 0");
  });

  it("memory is kept in the kernel's words", () => {
    assert.deepEqual(parseMemory("Name:\tdl\nVmRSS:\t    1488 kB\nThreads:\t6\n"), { VmRSS: "1488 kB", Threads: "6" });
  });

  it("passwords on the command line are not published", () => {
    const words = ["server", "--requirepass", "s3cret", "--masterauth=s3cret", "masterauth s3cret", "--port", "1"];
    assert.deepEqual(parseCmdline(`${words.join("\0")}\0`), [
      "server",
      "--requirepass",
      "***",
      "--masterauth=***",
      "masterauth=***",
      "--port",
      "1",
    ]);
  });

  it("an epoll descriptor names what it watches", () => {
    const fdinfo =
      "pos:\t0\nflags:\t02000002\ntfd:       20 events:       19 data:               14  pos:0 ino:9\ntfd:        7 events: 1\n";
    assert.deepEqual(parseEpollTargets(fdinfo), [20, 7]);
  });

  it("glibc, older glibc and musl are told apart, and a static program has none", () => {
    const line = (path: string) => `7fa8b41c8000-7fa8b41ee000 r--p 00000000 fe:00 326269     ${path}\n`;
    const library = (path: string) => findCLibrary(line("/usr/bin/server") + line(path));
    assert.deepEqual(library("/usr/lib/x86_64-linux-gnu/libc.so.6"), {
      path: "/usr/lib/x86_64-linux-gnu/libc.so.6",
      family: "glibc",
    });
    assert.equal(library("/lib/libc-2.31.so")?.family, "glibc");
    assert.equal(library("/lib/ld-musl-x86_64.so.1")?.family, "musl");
    assert.equal(library("/lib/libcrypto.so.3"), null);
  });
});
