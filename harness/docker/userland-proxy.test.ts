import assert from "node:assert/strict";
import { canDoWithoutProxy, proxySetting } from "./userland-proxy.ts";

describe("docker-proxy", () => {
  it("is there unless dockerd was told otherwise, by a flag or in its configuration", () => {
    const started = (...flags: string[]) => proxySetting(["/usr/sbin/dockerd", ...flags], {});
    assert.equal(started(), true);
    assert.equal(started("-H", "fd://"), true);
    assert.equal(started("--userland-proxy"), true);
    assert.equal(started("--userland-proxy=true", "--userland-proxy=false"), false);
    assert.equal(started("--userland-proxy=0"), false);
    assert.equal(proxySetting(["dockerd"], { "userland-proxy": false }), false);
    assert.equal(proxySetting(["dockerd"], { "userland-proxy": true, debug: true }), true);
  });

  it("cannot be told of what has another configuration than the usual one, or is no dockerd", () => {
    assert.equal(proxySetting(["dockerd"], null), null);
    assert.equal(proxySetting(["dockerd", "--userland-proxy=false"], null), false);
    assert.equal(proxySetting(["dockerd", "--config-file=/etc/other.json"], {}), null);
    assert.equal(proxySetting(["podman", "system", "service"], {}), null);
  });

  it("stays where a configuration of the engine speaks of it, takes its rules away, or cannot be understood", async () => {
    assert.equal(await canDoWithoutProxy({ "userland-proxy": true }), false);
    assert.equal(await canDoWithoutProxy({ "userland-proxy": false }), false);
    assert.equal(await canDoWithoutProxy({ iptables: false }), false);
    assert.equal(await canDoWithoutProxy(null), false);
  });
});
