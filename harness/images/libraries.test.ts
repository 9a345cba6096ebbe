import assert from "node:assert/strict";
import { parseLoaderList } from "./libraries.ts";

describe("the dynamic loader's list", () => {
  it("names libraries with the file that was found, and leaves out the kernel's vdso", () => {
    const text = [
      "\tlinux-vdso.so.1 (0x00007f3a49640000)",
      "\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f3a4953f000)",
      "\t/lib64/ld-linux-x86-64.so.2 (0x00007f3a49642000)",
    ].join("\n");
    assert.deepEqual(parseLoaderList(text), [
      { kind: "found", name: "libm.so.6", path: "/lib/x86_64-linux-gnu/libm.so.6" },
      { kind: "absolute", path: "/lib64/ld-linux-x86-64.so.2" },
    ]);
  });

  it("tells what is missing, as glibc and as musl write it", () => {
    const text = "\tlibfoo.so.1 => not found\nError loading shared library libbar.so.2: No such file (needed by x)\n";
    assert.deepEqual(parseLoaderList(text), [
      { kind: "missing", name: "libfoo.so.1" },
      { kind: "missing", name: "libbar.so.2" },
    ]);
  });

  it("keeps paths with spaces whole", () => {
    assert.deepEqual(parseLoaderList("\tliba.so => /home/a b/liba.so (0x00007f00)\n"), [
      { kind: "found", name: "liba.so", path: "/home/a b/liba.so" },
    ]);
  });

  it("is empty for a static program", () => {
    assert.deepEqual(parseLoaderList("\tstatically linked\n"), []);
  });
});
