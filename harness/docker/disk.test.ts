import assert from "node:assert/strict";
import { deviceOf, diskRefusal, removeDisk } from "./disk.ts";
import { diskGroup } from "./disk-throttle.ts";

describe("a disk of its own", () => {
  it("is refused where the engine is elsewhere", () => {
    assert.match(diskRefusal(false) ?? "", /another machine/);
  });

  it("is known by the number that cgroups use", () => {
    assert.equal(deviceOf(0x700), "7:0");
    assert.equal(deviceOf(0xfe01), "254:1");
    // makedev(259, 300): minor numbers above 255 lie on both sides of the major one.
    assert.equal(deviceOf(((300 & ~0xff) << 12) | (259 << 8) | (300 & 0xff)), "259:300");
  });

  it("is removed only by the name of a volume, never by a path", async () => {
    await assert.rejects(removeDisk("../../home"), /not the name of a volume/);
    await assert.rejects(removeDisk(".."), /not the name of a volume/);
  });
});

describe("the control group of a container's disks", () => {
  const V1 = [
    "581 27 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct",
    "582 27 0:31 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio",
    "583 27 0:32 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw",
  ].join("\n");
  const V2 = "31 23 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";

  it("is that of blkio where v1 has one, though v2 is mounted too", () => {
    const cgroup = "9:pids:/docker/abc\n7:blkio:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/docker/abc\n";
    assert.deepEqual(diskGroup(cgroup, V1), { version: 1, folder: "/sys/fs/cgroup/blkio/docker/abc" });
  });

  it("is the only one of v2", () => {
    const cgroup = "0::/system.slice/docker-abc.scope\n";
    const folder = "/sys/fs/cgroup/system.slice/docker-abc.scope";
    assert.deepEqual(diskGroup(cgroup, V2), { version: 2, folder });
  });

  it("is found below a mount of a part of the tree", () => {
    const part = "31 23 0:27 /docker /sys/fs/cgroup rw - cgroup2 cgroup2 rw";
    assert.deepEqual(diskGroup("0::/docker/abc\n", part), { version: 2, folder: "/sys/fs/cgroup/abc" });
  });

  it("is null where none is mounted", () => {
    assert.equal(diskGroup("7:blkio:/docker/abc\n", V2), null);
    assert.equal(diskGroup("", V2), null);
  });
});
