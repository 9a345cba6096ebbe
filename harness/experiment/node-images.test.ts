import assert from "node:assert/strict";
import { systems } from "../systems/registry.ts";
import { nodeImages, placeOfImage, wrongImages } from "./node-images.ts";

const SHAPE = { masters: ["m1"], replicas: ["r1", "r2"], sentinels: [] as string[], controls: ["control"] };

describe("images of single nodes", () => {
  it("are told by role and by name, and a name says more, whatever the order", () => {
    const images = nodeImages(SHAPE, { r1: "b", replicas: "a", masters: "c" });
    assert.deepEqual(images, { r1: "b", r2: "a", m1: "c" });
  });

  it("what is said later says more, role or not", () => {
    assert.deepEqual(nodeImages(SHAPE, { r1: "a", m1: "a" }, { replicas: "b" }), { r1: "b", r2: "b", m1: "a" });
  });

  it("are absent where nobody has one, so that plans of before stay as they were", () => {
    assert.equal(nodeImages(SHAPE, undefined, {}), undefined);
  });

  const wrong = (written: Record<string, string>, run = ["redis"], shape = SHAPE) =>
    wrongImages(written, shape, run, systems).map(({ message }) => message);

  it("are refused for a node that is not there, the control node, a role that nobody has", () => {
    assert.deepEqual(wrong({ r3: "redis:1" }), ['unknown node "r3"']);
    assert.match(wrong({ control: "redis:1" })[0] ?? "", /control node/);
    assert.deepEqual(wrong({ sentinels: "redis:1" }), ["the cluster has no sentinels"]);
  });

  it("of systems that cannot replicate with each other are refused; Redis and Valkey can, and an unknown name may", () => {
    assert.deepEqual(wrong({ r1: "valkey/valkey:8.0.1", r2: "mine:1" }), []);
    assert.match(wrong({ r1: "apache/kvrocks:2.9.0" })[0] ?? "", /is kvrocks, which cannot replicate with redis/);
    // On one of the systems it would be nonsense.
    assert.match(wrong({ r1: "redis:7" }, ["redis", "pika"])[0] ?? "", /is redis, which cannot replicate with pika/);
  });

  it("of sentinels may be of any system that has some", () => {
    const shape = { ...SHAPE, sentinels: ["s1", "s2"] };
    assert.deepEqual(wrong({ sentinels: "redis:7.0.15" }, ["pika"], shape), []);
    assert.deepEqual(wrong({ s1: "pikadb/pika:3.5.2" }, ["pika"], shape), [
      "pikadb/pika:3.5.2 is pika, which has no sentinels",
    ]);
  });

  it("have a place in the file that names them", async () => {
    const file = new URL("../testing/malformed/images/other-system.yaml.txt", import.meta.url).pathname;
    assert.equal(await placeOfImage(file, "pikadb/pika:3.5.5"), `${file}:4:30`);
    assert.equal(await placeOfImage(file, "redis:1"), null);
    assert.equal(await placeOfImage("/nowhere.yaml", "redis:1"), null);
  });
});
