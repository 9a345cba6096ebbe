import type { ProcFiles } from "./proc-files.ts";
import type { Memory } from "./process.ts";

/*
 * What the script of sidecar.ts prints, and its way back into what the readers of /proc expect:
 *
 *   @@pid 1                        the server's id in its own namespace
 *   @@program <base64>             the first 20 bytes of its file; then its C library's "release version 2.36"
 *   @@files                        "==> /proc/1/maps <==" and the file's lines, again and again (as `tail -n +1` does)
 *   @@look                         three times: the threads' files, tables of sockets
 *     @@fds                        as `ls -l` does
 *     @@epolls                     files again
 *     @@memory                     "0x7f… <base64>": words around every futex that a thread waits on
 */

/** One of the three looks. */
export interface DumpedLook {
  proc: ProcFiles;
  memory: Pick<Memory, "words">;
}

export interface Dump {
  pid: number;
  header: Buffer;
  /** Text that holds the C library's release version, or "". */
  banner: string;
  looks: DumpedLook[];
}

/** null: the script did not find the server, or was cut off before its three looks were done. */
export function parseDump(text: string): Dump | null {
  const [head = "", ...looks] = text.split(/^@@look\n/m);
  const pid = /^@@pid (\d+)$/m.exec(head)?.[1];
  if (pid === undefined || looks.length !== 3 || !/^@@end$/m.test(looks[2] ?? "")) return null;
  const common = dumpedFiles(section(head, "files"));
  return {
    pid: Number(pid),
    header: Buffer.from(/^@@program (\S*)$/m.exec(head)?.[1] ?? "", "base64"),
    banner: section(head, "library"),
    looks: looks.map((look) => lookOf(look, Number(pid), common)),
  };
}

function lookOf(look: string, pid: number, common: ReadonlyMap<string, string>): DumpedLook {
  const files = new Map([
    ...common,
    ...dumpedFiles(look.split(/^@@/m, 1)[0] ?? ""),
    ...dumpedFiles(section(look, "epolls")),
  ]);
  const links = new Map<string, string>();
  for (const [, fd, target] of section(look, "fds").matchAll(/ (\d+) -> (.*)$/gm)) {
    if (fd !== undefined && target !== undefined) links.set(`/proc/${pid}/fd/${fd}`, target);
  }
  return { proc: filesOf(files, links), memory: memoryOf(section(look, "memory")) };
}

/** The lines between "@@name" and the next "@@". */
function section(text: string, name: string): string {
  const begin = text.indexOf(`@@${name}\n`);
  if (begin < 0) return "";
  const rest = text.slice(begin + name.length + 3);
  const end = rest.search(/^@@/m);
  return end < 0 ? rest : rest.slice(0, end);
}

function dumpedFiles(text: string): Map<string, string> {
  const files = new Map<string, string>();
  const parts = text.split(/^==> (\/proc\/\S+) <==\n/m);
  for (let i = 1; i < parts.length; i += 2) files.set(parts[i] ?? "", `${(parts[i + 1] ?? "").replace(/\n+$/, "")}\n`);
  return files;
}

function filesOf(files: ReadonlyMap<string, string>, links: ReadonlyMap<string, string>): ProcFiles {
  return {
    text: (path) => files.get(path) ?? null,
    link: (path) => links.get(path) ?? null,
    list(path) {
      const names = new Set<string>();
      for (const known of [...files.keys(), ...links.keys()]) {
        if (known.startsWith(`${path}/`)) names.add(known.slice(path.length + 1).split("/", 1)[0] ?? "");
      }
      return [...names];
    },
  };
}

function memoryOf(text: string): Pick<Memory, "words"> {
  const windows = [...text.matchAll(/^(\d+) (\S+)$/gm)].map(([, start, bytes]) => {
    return { start: Number(start), bytes: Buffer.from(bytes ?? "", "base64") };
  });
  return {
    words(address, count) {
      const end = address + count * 4;
      const found = windows.find(({ start, bytes }) => start <= address && end <= start + bytes.length);
      if (!found) return null;
      return Array.from({ length: count }, (_, i) => found.bytes.readUInt32LE(address - found.start + i * 4));
    },
  };
}
