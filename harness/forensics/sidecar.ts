import { ChaosError } from "../base/chaos-error.ts";
import type { Clock } from "../base/clock.ts";
import type { Engine } from "../docker/engine.ts";
import { lockLayoutOf, readThreads } from "./process.ts";
import { parseDump } from "./sidecar-dump.ts";
import type { ProcessSnapshots, Snapshot } from "./snapshots.ts";
import type { LinkState } from "./sockets.ts";
import { readDescriptors, waitEdges } from "./wait-edges.ts";

/*
 *   server's container                      sidecar: the same image, so there is nothing to pull
 *     PID namespace  ◄── PidMode ────────── sh: cat /proc/<pid>/…, dd /proc/<pid>/mem     SYS_PTRACE, no network
 *                                             │ text
 *                                             ▼
 *                                           the parsers that also read this host's /proc
 */

/** Where /proc of this machine does not show the server: an engine elsewhere, kvchaos in a container, or not root. */
export interface SidecarOptions {
  engine: Pick<Engine, "createContainer" | "start" | "exec" | "remove">;
  /** The server's container. */
  container: string;
  /** An image with a POSIX shell, tail, ls, sed, dd and base64: the server's own. */
  image: string;
  labels: Readonly<Record<string, string>>;
  /** The server's comm. */
  processName: string;
}

const WITHIN = 12_000;
/** The sidecar ends by itself when nobody is left to remove it. s */
const LIFE = 30;
let serial = 0;

/** Words before and after a futex that explainFutex reads: 16 bytes below for rwlocks, 2048 for the descriptor of a joined thread. */
const SCRIPT = `
P=
for c in /proc/[0-9]*/comm; do
  n=; read -r n < "$c"
  if [ "$n" = "$1" ]; then P=\${c%/comm}; P=\${P#/proc/}; break; fi
done
[ -n "$P" ] || exit 3
echo "@@pid $P"
echo "@@program $(dd if=/proc/$P/exe bs=20 count=1 | base64)"
echo "@@library"
L=$(sed -n 's|.* \\(/.*/libc[-.0-9]*so[.6]*\\)$|\\1|p' /proc/$P/maps | head -n 1)
[ -n "$L" ] && grep -aom1 'release version [0-9]*\\.[0-9]*' "/proc/$P/root$L"
echo "@@files"
tail -n +1 /proc/$P/maps /proc/$P/limits
for look in 1 2 3; do
  [ $look = 1 ] || sleep 0.1 || sleep 1
  echo "@@look"
  F=
  for t in /proc/$P/task/*; do F="$F $t/status $t/stat $t/wchan $t/syscall"; done
  tail -n +1 $F /proc/$P/status /proc/$P/stat /proc/$P/net/tcp /proc/$P/net/tcp6
  echo
  echo "@@fds"
  D=$(ls -l /proc/$P/fd)
  echo "$D"
  E=
  for e in $(echo "$D" | sed -n 's/.* \\([0-9]*\\) -> .*eventpoll.*/\\1/p'); do E="$E /proc/$P/fdinfo/$e"; done
  echo "@@epolls"
  tail -n +1 /proc/$P/comm $E
  echo "@@memory"
  seen=" "
  for t in /proc/$P/task/*; do
    nr=; read -r nr a op rest < $t/syscall
    [ "$nr" = 202 ] || continue
    case "$seen" in *" $a "*) continue;; esac
    seen="$seen$a "
    s=$((a / 8 * 8 - 16))
    echo "$s $(dd if=/proc/$P/mem bs=8 skip=$((s / 8)) count=12 | base64 | tr -d '\\n')"
    if [ $((op & 128)) = 0 ]; then
      s=$((a / 8 * 8 - 2048))
      echo "$s $(dd if=/proc/$P/mem bs=8 skip=$((s / 8)) count=256 | base64 | tr -d '\\n')"
    fi
  done
done
echo "@@end"
`;

/**
 * Looks at a server through a container that shares its PID namespace. Thread ids are those inside the container. Takes a
 * second or two, most of it for the container; does not stop the server.
 * @throws ChaosError when the sidecar cannot be had or does not see the server
 */
export async function takeSidecarSnapshots(
  options: SidecarOptions,
  links: readonly LinkState[],
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<ProcessSnapshots> {
  const { engine, container, image, labels, processName } = options;
  const limits = { signal, within: WITHIN };
  const id = await engine.createContainer(
    {
      name: `kvchaos-look-${container.slice(0, 12)}-${process.pid}-${++serial}`,
      image,
      entrypoint: ["sleep"],
      command: [String(LIFE)],
      labels,
      capAdd: ["SYS_PTRACE"],
      user: "0",
      pidMode: `container:${container}`,
    },
    limits,
  );
  try {
    await engine.start(id, limits);
    const at = clock.now();
    // The kernel cuts comm to 15 characters.
    const argv = ["sh", "-c", `{ ${SCRIPT} } 2>/dev/null`, "kvchaos", processName.slice(0, 15)];
    const { code, stdout } = await engine.exec(id, argv, { ...limits, user: "0" });
    const dump = parseDump(stdout);
    const last = dump?.looks.at(-1);
    if (!dump || !last) {
      const why = code === 3 ? `no process there is called ${processName}` : `its shell ended with code ${code}`;
      throw new ChaosError("infrastructure", `a sidecar in the container's PID namespace saw nothing: ${why}`);
    }
    const { pid, header, banner, looks } = dump;
    const maps = last.proc.text(`/proc/${pid}/maps`) ?? "";
    const layout = lockLayoutOf({ header, maps }, () => banner);
    const snapshots: Snapshot[] = looks.map(({ proc, memory }) => {
      const threads = readThreads(pid, false, proc);
      const descriptors = readDescriptors(pid, links, proc);
      return { at, threads, edges: waitEdges(threads, layout.supported ? memory : null, descriptors), descriptors };
    });
    return { pid, proc: last.proc, snapshots, why: layout.supported ? null : layout.why };
  } finally {
    await engine.remove(id);
  }
}
