import assert from "node:assert/strict";
import { chmod, copyFile, mkdir, mkdtemp, open, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";
import { hashFile } from "../base/hash-file.ts";
import type { ImageRecipe } from "./image-recipe.ts";
import { type WrapOptions, wrapImage } from "./wrap-image.ts";

const recipe: ImageRecipe = {
  entrypoint: ["/opt/server"],
  command: [],
  binaryPath: "/opt/server",
  extraBinaries: ["cli", "absent"],
  user: { name: "kv", uid: 500, runAs: "image" },
  ports: [],
  volumes: ["/data"],
  workingDirectory: "/data",
  environment: {},
  files: [
    { path: "/data/server.conf", mode: 0o644, content: "port 1\n" },
    { path: "/etc/motd", mode: 0o600, content: "hello\n" },
  ],
  shell: "none",
  source: { kind: "none", hint: "" },
};

interface File {
  type: string;
  mode: number;
  uid: number;
  link: string;
  text: string;
}

/** An engine that keeps what it is given. */
function recorder() {
  const files = new Map<string, File>();
  const seen: { tags: string[]; changes: readonly string[]; bytes: Buffer[] } = { tags: [], changes: [], bytes: [] };
  const engine: WrapOptions["engine"] = {
    async importImage(tar: Readable, tag, changes) {
      seen.tags.push(tag);
      seen.changes = changes;
      const bytes = await buffer(tar);
      seen.bytes.push(bytes);
      const reader = extract();
      reader.end(bytes);
      for await (const entry of reader) {
        const { name, type, mode = 0, uid = 0, linkname } = entry.header;
        const text = (await buffer(entry)).subarray(0, 200).toString("utf8");
        files.set(`/${name}`.replace(/\/$/, ""), { type: type ?? "", mode, uid, link: linkname ?? "", text });
      }
      return "sha256:1";
    },
  };
  return { engine, files, seen };
}

describe("wrapping a binary", () => {
  let folder: string;
  before(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "kvchaos-wrap-test-")));
    await copyFile("/bin/ls", join(folder, "server"));
    await copyFile("/bin/cat", join(folder, "cli"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const wrap = (options: Partial<WrapOptions> = {}) => {
    const record = recorder();
    const work = wrapImage({
      engine: record.engine,
      recipe,
      binary: join(folder, "server"),
      tag: "t:1",
      log: () => {},
      ...options,
    });
    return { ...record, work };
  };

  it("takes the program, its loader and libraries, and the programs beside it that exist", async () => {
    const { work, files, seen } = wrap();
    const image = await work;
    assert.equal(files.get("/opt/server")?.mode, 0o755);
    assert.equal(files.get("/opt/cli")?.type, "file");
    assert.ok(!files.has("/opt/absent"));
    assert.ok(image.libraries.some((path) => /\/libc\.(so|musl)/.test(path)));
    assert.ok(image.libraries.some((path) => /\/ld-/.test(path)));
    for (const path of image.libraries) assert.equal(files.get(path)?.type, "file", `${path} is a real file`);
    const { sha256: digest } = await hashFile(join(folder, "server"));
    assert.equal(image.binarySha256, digest);
    assert.ok(seen.changes.includes(`LABEL kvchaos.image.binary-sha256="${digest}"`));
    assert.ok(seen.changes.includes(`LABEL kvchaos.image.source="${join(folder, "server")}"`));
  });

  it("makes the user, and gives it its volume and what lies in it", async () => {
    const { work, files } = wrap();
    await work;
    assert.match(files.get("/etc/passwd")?.text ?? "", /^kv:x:500:500::\/data:/m);
    assert.match(files.get("/etc/group")?.text ?? "", /^kv:x:500:$/m);
    assert.equal(files.get("/data")?.uid, 500);
    assert.equal(files.get("/data/server.conf")?.uid, 500);
    assert.deepEqual([files.get("/etc/motd")?.uid, files.get("/etc/motd")?.mode], [0, 0o600]);
    assert.equal(files.get("/tmp")?.mode, 0o1777);
  });

  it("gives the same bytes each time, under each of its names", async () => {
    const { work, seen } = wrap({ tag: ["t:1", "t:2"] });
    await work;
    assert.deepEqual(seen.tags, ["t:1", "t:2"]);
    assert.deepEqual(seen.bytes[0], seen.bytes[1]);
  });

  it("adds files and folders, links inside them as links, and the libraries of programs among them", async () => {
    const extra = join(folder, "extra");
    await mkdir(extra);
    await writeFile(join(extra, "a.txt"), "A");
    await symlink("a.txt", join(extra, "b.txt"));
    const { work, files } = wrap({ add: [join(folder, "cli"), `${extra}:/opt/extra/`] });
    await work;
    assert.equal(files.get(join(folder, "cli"))?.type, "file");
    assert.equal(files.get("/opt/extra/a.txt")?.text, "A");
    assert.deepEqual([files.get("/opt/extra/b.txt")?.type, files.get("/opt/extra/b.txt")?.link], ["symlink", "a.txt"]);
  });

  it("takes a configuration file that lies beside the binary, or that was added, instead of the recipe's own", async () => {
    const own = { path: "/etc/server.conf", mode: 0o644, content: "own", beside: "server.conf" };
    const made = async (options: Partial<WrapOptions> = {}) => {
      const { work, files } = wrap({ recipe: { ...recipe, files: [own] }, ...options });
      await work;
      return files.get(own.path)?.text;
    };
    assert.equal(await made(), "own");
    await writeFile(join(folder, "server.conf"), "beside");
    assert.equal(await made(), "beside");
    await writeFile(join(folder, "mine"), "added");
    assert.equal(await made({ add: [`${join(folder, "mine")}:${own.path}`] }), "added");
  });

  it("refuses an addition without an absolute destination, or that does not exist", async () => {
    await assert.rejects(wrap({ add: ["/etc/hosts:etc"] }).work, /absolute path/);
    await assert.rejects(wrap({ add: ["/etc/hosts:/.."] }).work, /absolute path/);
    await assert.rejects(wrap({ add: ["/nonexistent/x"] }).work, /cannot add \/nonexistent\/x.*ENOENT/);
  });

  it("says what is wrong with the binary", async () => {
    const file = async (name: string, content: string | Buffer, mode: number) => {
      await writeFile(join(folder, name), content);
      await chmod(join(folder, name), mode);
      return join(folder, name);
    };
    await assert.rejects(wrap({ binary: join(folder, "nowhere") }).work, /no binary at .*nowhere/);
    await assert.rejects(wrap({ binary: folder }).work, /is not a file/);
    const script = await file("script", "#!/bin/sh\n", 0o755);
    await assert.rejects(wrap({ binary: script }).work, /script is not an ELF program/);
    await assert.rejects(wrap({ binary: await file("empty", "", 0o755) }).work, /empty is not an ELF program/);
    await copyFile("/bin/ls", join(folder, "plain"));
    await chmod(join(folder, "plain"), 0o644);
    await assert.rejects(wrap({ binary: join(folder, "plain") }).work, /plain is not executable/);
  });

  it("refuses a program of another architecture, and names both", async () => {
    const path = join(folder, "foreign");
    await copyFile("/bin/ls", path);
    const handle = await open(path, "r+");
    await handle.write(Buffer.from([243, 0]), 0, 2, 18); // e_machine: RISC-V
    await handle.close();
    await assert.rejects(wrap({ binary: path }).work, /foreign is built for riscv64, this machine is \w+/);
  });
});
