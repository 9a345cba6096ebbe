import assert from "node:assert/strict";
import { buffer, text } from "node:stream/consumers";
import { extract } from "tar-stream";
import { Layer } from "./layer.ts";

async function list(layer: Layer): Promise<string[]> {
  const lines: string[] = [];
  const reader = layer.stream().pipe(extract());
  for await (const entry of reader) {
    const { type, name, mode = 0, uid, gid, mtime, linkname } = entry.header;
    const content = type === "file" ? await text(entry) : (linkname ?? "");
    if (type !== "file") entry.resume();
    lines.push(`${type} ${name} ${mode.toString(8)} ${uid}:${gid} ${mtime?.getTime()} ${content}`.trim());
  }
  return lines;
}

describe("layer", () => {
  it("writes parent folders before what is in them, undated, with owners", async () => {
    const layer = new Layer();
    layer.put("/usr/bin/tool", { type: "text", text: "hello", mode: 0o755, owner: 7 });
    layer.put("/bin", { type: "symlink", target: "usr/bin", mode: 0o777 });
    assert.deepEqual(await list(layer), [
      "symlink bin 777 0:0 0 usr/bin",
      "directory usr 755 0:0 0",
      "directory usr/bin 755 0:0 0",
      "file usr/bin/tool 755 7:7 0 hello",
    ]);
  });

  it("is the same bytes whatever the order of adding", async () => {
    const [a, b] = [new Layer(), new Layer()];
    const one = { type: "text", text: "1", mode: 0o644 } as const;
    const two = { type: "text", text: "2", mode: 0o644 } as const;
    a.put("/x/one", one);
    a.put("/a/two", two);
    b.put("/a/two", two);
    b.put("/x/one", one);
    assert.deepEqual(await buffer(a.stream()), await buffer(b.stream()));
  });

  it("refuses two different files at one path, and takes the same one twice", () => {
    const layer = new Layer();
    layer.put("/lib/libc.so.6", { type: "file", source: "/a/libc.so.6", mode: 0o755 });
    layer.put("/lib/libc.so.6", { type: "file", source: "/a/libc.so.6", mode: 0o755 });
    assert.throws(
      () => layer.put("/lib/libc.so.6", { type: "file", source: "/b/libc.so.6", mode: 0o755 }),
      /two different files for \/lib\/libc\.so\.6.*\/a\/libc\.so\.6 and \/b\/libc\.so\.6/,
    );
  });

  it("fails the stream when a file vanishes before it is written", async () => {
    const layer = new Layer();
    layer.put("/gone", { type: "file", source: "/nonexistent/kvchaos", mode: 0o644 });
    await assert.rejects(buffer(layer.stream()), /ENOENT/);
  });
});
