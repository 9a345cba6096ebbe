/** A file that a process has mapped, and where. */
export interface Module {
  /** As the process sees it, inside its container. */
  path: string;
  parts: { from: number; to: number; offset: number; executable: boolean }[];
}

/** An address of a process, in the file that is mapped there. */
export interface Place {
  module: string;
  /** In the file, bytes. */
  offset: number;
}

const LINE = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) \S+ \d+ +(\/.*)$/;

/** The files in the text of /proc/<pid>/maps, by their paths. What the kernel maps itself ("[vdso]", "[heap]") is none. */
export function parseModules(maps: string): Map<string, Module> {
  const modules = new Map<string, Module>();
  for (const line of maps.split("\n")) {
    const [, from, to, rights, offset, name] = LINE.exec(line) ?? [];
    if (!from || !to || !rights || !offset || !name) continue;
    const path = pathOf(name);
    const module = modules.get(path) ?? { path, parts: [] };
    const [begin, end, at] = [from, to, offset].map((digits) => Number.parseInt(digits, 16));
    if (begin === undefined || end === undefined || at === undefined) continue;
    module.parts.push({ from: begin, to: end, offset: at, executable: rights[2] === "x" });
    modules.set(path, module);
  }
  return modules;
}

/** The kernel writes a line feed in a path as "\012"; a file that was replaced since has " (deleted)" behind its path. */
function pathOf(name: string): string {
  return name.replace(/ \(deleted\)$/, "").replace(/\\012/g, "\n");
}

/** null: no file's code is there. */
export function placeOf(modules: ReadonlyMap<string, Module>, address: number): Place | null {
  for (const { path, parts } of modules.values()) {
    const part = parts.find(({ from, to, executable }) => executable && address >= from && address < to);
    if (part) return { module: path, offset: address - part.from + part.offset };
  }
  return null;
}
