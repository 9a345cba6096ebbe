import { readdirSync, statSync } from "node:fs";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { findProgram } from "../base/programs.ts";
import { runCommand } from "../base/run-command.ts";
import { hostProc } from "../forensics/proc-files.ts";
import { linkTarget } from "../forensics/process.ts";
import type { WaitEdge } from "../journal/evidence-data.ts";

/** What PostgreSQL says of itself: in its files, and where it answers by pg_stat_activity. */
export interface PostgresFacts {
  facts: string[];
  hints: string[];
  /** Who waits for whom, as the server says. */
  edges: WaitEdge[];
  why: string | null;
}

/** ms, beside the looks, which take a second. */
const WITHIN = 1_500;
const QUESTION =
  "select pid, coalesce(backend_type, ''), coalesce(state, ''), coalesce(wait_event_type, ''), coalesce(wait_event, ''), " +
  "array_to_string(pg_blocking_pids(pid), ',') from pg_stat_activity where pid <> pg_backend_pid()";

const isPostgres = (comm: string): boolean => /^(?:postgres|postmaster)$/.test(comm);

/**
 * What is known of a PostgreSQL, whose first process is its postmaster; null: it is none. Its lock file tells whether it shuts down; psql, where
 * it is here and gets an answer, who waits for what. Asking starts one more backend, for a moment.
 * @param inner host's ids by those of its PID namespace
 */
export async function postgresFacts(
  postmaster: number,
  comm: string,
  inner: ReadonlyMap<number, number>,
  signal: AbortSignal | undefined,
): Promise<PostgresFacts | null> {
  if (!isPostgres(comm)) return null;
  const nothing = { facts: [], hints: [], edges: [] };
  const lockFile = `/proc/${postmaster}/cwd/postmaster.pid`;
  const text = hostProc.text(lockFile);
  if (text === null) return { ...nothing, why: "its postmaster.pid is not readable" };
  const [, folder = "", started = "", port = "", socket = "", , , status = ""] = text
    .split("\n")
    .map((line) => line.trim());
  const facts = [
    `PostgreSQL in ${folder}, started ${iso(Number(started) * 1000)}, postmaster.pid says: ${status || "nothing"}`,
  ];
  const waiting = waitingForArchive(postmaster);
  if (waiting > 0) facts.push(`${waiting} WAL ${waiting === 1 ? "file waits" : "files wait"} to be archived`);
  if (status === "stopping") {
    const since = statSync(lockFile).mtimeMs;
    const hint = `PostgreSQL has been shutting down since ${iso(since)} (postmaster.pid: stopping), and what is left of it holds that up`;
    return { facts, hints: [hint], edges: [], why: "a PostgreSQL that shuts down lets nobody in" };
  }
  const psql = findProgram("psql");
  if (!psql) return { facts, hints: [], edges: [], why: "psql is not installed on this machine" };
  try {
    const here = linkTarget(`/proc/${postmaster}/ns/mnt`) === linkTarget("/proc/self/ns/mnt");
    const rows = await ask(psql, postmaster, here ? socket : `/proc/${postmaster}/root${socket}`, port, signal);
    return {
      facts: [...facts, ...rows.map(said)],
      hints: [],
      edges: rows.flatMap((row) => told(row, inner)),
      why: null,
    };
  } catch (error) {
    signal?.throwIfAborted();
    const late = error instanceof ChaosError && error.code === "timeout";
    const said = late ? `nothing within ${WITHIN} ms` : messageOf(error).replace(/^.* failed \(exit \d+\): /, "");
    return { facts, hints: [], edges: [], why: `psql got no answer: ${said}` };
  }
}

interface Row {
  pid: number;
  what: string;
  state: string;
  event: string;
  blockers: number[];
}

async function ask(
  psql: string,
  postmaster: number,
  socket: string,
  port: string,
  signal: AbortSignal | undefined,
): Promise<Row[]> {
  // The user that the server runs as is let in by most configurations.
  const status = hostProc.text(`/proc/${postmaster}/status`) ?? "";
  const [user, group] = ["Uid", "Gid"].map(
    (name) => new RegExp(`^${name}:\\s*\\d+\\s+(\\d+)`, "m").exec(status)?.[1] ?? "",
  );
  const setpriv = findProgram("setpriv");
  const as =
    process.getuid?.() === 0 && setpriv ? [setpriv, `--reuid=${user}`, `--regid=${group}`, "--clear-groups"] : [];
  const args = ["-X", "-A", "-t", "-w", "-F", "\t", "-h", socket, "-p", port, "-d", "postgres", "-c", QUESTION];
  const [program, ...rest] = [...as, psql, ...args] as [string, ...string[]];
  const env = { PGCONNECT_TIMEOUT: "1", PGOPTIONS: "-c statement_timeout=800", PGAPPNAME: "kvchaos examine" };
  const { stdout } = await runCommand([program, ...rest], { within: WITHIN, signal, env, patience: 100 });
  return stdout.split("\n").flatMap((line): Row[] => {
    const [pid = "", what = "", state = "", type = "", event = "", blockers = ""] = line.split("\t");
    if (!/^\d+$/.test(pid)) return [];
    const ids = blockers === "" ? [] : blockers.split(",").map(Number);
    return [{ pid: Number(pid), what, state, event: type === "" ? "" : `${type}: ${event}`, blockers: ids }];
  });
}

function said({ pid, what, state, event, blockers }: Row): string {
  const words = [
    state,
    event === "" ? "" : `waits for ${event}`,
    blockers.length > 0 ? `blocked by ${blockers.join(", ")}` : "",
  ];
  return `${what} ${pid}: ${words.filter(Boolean).join(", ") || "waits for nothing"} (pg_stat_activity)`;
}

/** The server's word: it says whom it waits for, and nobody can check it. */
function told({ pid, event, blockers }: Row, inner: ReadonlyMap<number, number>): WaitEdge[] {
  return blockers.flatMap((blocker): WaitEdge[] => {
    const [from, tid] = [inner.get(pid), inner.get(blocker)];
    if (from === undefined || tid === undefined) return [];
    const what = `${event || "a lock"}, as pg_blocking_pids says`;
    return [{ from, kind: "told", address: what, to: { kind: "thread", tid }, timed: false, weak: true, call: "" }];
  });
}

function waitingForArchive(postmaster: number): number {
  try {
    return readdirSync(`/proc/${postmaster}/cwd/pg_wal/archive_status`).filter((name) => name.endsWith(".ready"))
      .length;
  } catch {
    return 0;
  }
}

const iso = (ms: number): string => (Number.isFinite(ms) ? new Date(ms).toISOString() : "at an unknown time");
