import assert from "node:assert/strict";
import { parseDump } from "./sidecar-dump.ts";

/** What the script prints, in short: two threads, one of them in a futex. */
function look(switches: number): string {
  return `@@look
==> /proc/7/task/7/status <==
Name:\tserver
NSpid:\t7
voluntary_ctxt_switches:\t${switches}

==> /proc/7/task/7/wchan <==
futex_do_wait
==> /proc/7/task/7/syscall <==
202 0x20 0x80 0x2 0x0 0x0 0x0 0x1 0x2

==> /proc/7/task/9/status <==
Name:\t==> /proc/7/x <==

==> /proc/7/net/tcp <==
  sl  local_address

@@fds
total 0
lrwx------    1 root     root            64 Nov 21 04:03 9 -> anon_inode:[eventpoll]
lr-x------ 1 root root 64 Nov 21 04:03 10 -> /data/a -> b
@@epolls
==> /proc/7/comm <==
server

==> /proc/7/fdinfo/9 <==
pos:\t0
tfd:       12 events:       19
@@memory
16 ${Buffer.from([1, 0, 0, 0, 2, 0, 0, 0]).toString("base64")}
4096 
`;
}
const HEAD =
  "@@pid 7\n@@program AQI=\n@@library\nrelease version 2.36\n@@files\n==> /proc/7/maps <==\n7f00 r-xp /lib/libc.so.6\n\n==> /proc/7/limits <==\nLimit\n";
const WHOLE = `${HEAD}${look(1)}${look(1)}${look(2)}@@end\n`;

describe("what a sidecar saw", () => {
  it("reads like /proc: files, directories and links of each look", () => {
    const dump = parseDump(WHOLE) ?? assert.fail("not understood");
    assert.deepEqual([dump.pid, [...dump.header], dump.banner.trim()], [7, [1, 2], "release version 2.36"]);
    const [first, , last] = dump.looks;
    assert.ok(first && last);
    assert.match(first.proc.text("/proc/7/task/7/status") ?? "", /switches:\t1\n$/);
    assert.match(last.proc.text("/proc/7/task/7/status") ?? "", /switches:\t2\n$/);
    assert.equal(first.proc.text("/proc/7/task/7/wchan"), "futex_do_wait\n");
    assert.match(first.proc.text("/proc/7/maps") ?? "", /libc/);
    assert.match(first.proc.text("/proc/7/fdinfo/9") ?? "", /tfd: +12/);
    assert.equal(first.proc.text("/proc/7/task/7/stat"), null);
    assert.deepEqual(first.proc.list("/proc/7/task"), ["7", "9"]);
    assert.deepEqual(first.proc.list("/proc/7/fd"), ["9", "10"]);
    assert.equal(first.proc.link("/proc/7/fd/9"), "anon_inode:[eventpoll]");
    assert.equal(first.proc.link("/proc/7/fd/10"), "/data/a -> b");
    assert.equal(first.proc.link("/proc/7/exe"), null);
  });

  it("has the words of memory that lie wholly inside what was read", () => {
    const { looks } = parseDump(WHOLE) ?? assert.fail("not understood");
    const words = looks[0]?.memory.words ?? assert.fail("no look");
    assert.deepEqual(words(16, 2), [1, 2]);
    assert.deepEqual(words(20, 1), [2]);
    assert.equal(words(20, 2), null);
    assert.equal(words(12, 1), null);
    assert.equal(words(4096, 1), null);
  });

  it("a thread's name cannot pass for a file", () => {
    const { looks } = parseDump(WHOLE) ?? assert.fail("not understood");
    assert.equal(looks[0]?.proc.text("/proc/7/x"), null);
  });

  it("is refused when the server was not found or the output is cut off", () => {
    assert.equal(parseDump(""), null);
    assert.equal(parseDump(WHOLE.replace("@@pid 7\n", "")), null);
    assert.equal(parseDump(WHOLE.replace("@@end\n", "")), null);
    assert.equal(parseDump(`${HEAD}${look(1)}@@end\n`), null);
  });
});
