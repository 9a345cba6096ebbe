import type { LogRule } from "./system.ts";

/**
 * Texts of Pika 3.5.2 to 3.5.5 and 4.0.1 (pika_repl_client_conn.cc, rsync_client.cc, pika_slot.cc, later pika_db.cc, pika_rm.cc), which
 * says "Slot" up to 3.5.3 and "DB" since. In the order in which they are tried; the first match wins.
 */
export const pikaLogRules: readonly LogRule[] = [
  // glog: a fatal line begins with F, and the process aborts (signal 6).
  { name: "fatal", pattern: /^F\d{4,8} \d\d:\d\d:\d\d\.\d+ +\d+ (?<what>.*)/, meaning: "crash", says: "assertion" },
  { name: "check-failed", pattern: /\*\*\* Check failure stack trace: \*\*\*/, meaning: "crash", says: "banner" },
  { name: "assertion", pattern: /Assertion `(?<what>.*)' failed/, meaning: "crash", says: "assertion" },
  { name: "uncaught", pattern: /terminate called (?<what>.*)/, meaning: "crash" },
  // A flush opens the dataset again while something still has it open (#2790, #2721); what follows is a null pointer.
  { name: "lock-held", pattern: /lock hold by current process/, meaning: "other" },
  { name: "signal", pattern: /Catch Signal (?<signal>\d+), cleanup/, meaning: "other" },

  { name: "db-sync", pattern: /(?:Slot|DB): (?<db>\S+) Need Wait To Sync/, meaning: "full-sync-start" },
  {
    name: "db-sync-files",
    pattern: /copy meta data done, .* file count: (?<total>\d+) /,
    meaning: "full-sync-progress",
  },
  // One such line begins each file; nothing tells its end.
  { name: "db-sync-file", pattern: /copy remote file, filename: (?<file>\S+)/, meaning: "full-sync-progress" },
  { name: "db-sync-change", pattern: /(?:Slot|DB): .*, Prepare change db from/, meaning: "restoring" },
  { name: "db-sync-done", pattern: /(?:Slot|DB): .*, Change db success/, meaning: "full-sync-done" },
  { name: "db-sync-change-failed", pattern: /(?:Slot|DB): .*, Failed to change db/, meaning: "full-sync-failed" },
  // The master has begun another checkpoint for somebody else; in 3.5 nothing happens until the link times out (#2746).
  { name: "db-sync-newer-dump", pattern: /receive newer dump, reset state to STOP/, meaning: "full-sync-failed" },
  // Tried again from the beginning, a second later.
  { name: "db-sync-meta-failed", pattern: /copy remote meta failed|RsyncClient recover failed/, meaning: "other" },
  { name: "db-sync-file-failed", pattern: /copy remote file failed, msg: (?<what>.*)/, meaning: "other" },
  // 4.0: it gives up what it has copied, or could not even begin, and begins again.
  { name: "db-sync-stopped", pattern: /RsyncClient stopped with errors/, meaning: "full-sync-failed" },
  { name: "db-sync-init-failed", pattern: /Rsync Init failed/, meaning: "full-sync-failed" },
  { name: "db-sync-again", pattern: /will restart the sync process/, meaning: "other" },
  { name: "remove-master", pattern: /Remove Master Success/, meaning: "full-sync-ended" },
  { name: "rsync-stop", pattern: /RsyncClient stop \.\.\./, meaning: "full-sync-ended" },
  { name: "master-timeout", pattern: /Master conn timeout/, meaning: "other" },

  { name: "offset-larger", pattern: /TrySync Error, Because the invalid filenum and offset/, meaning: "other" },
  { name: "try-sync-error", pattern: /(?:Slot|DB): \S+ TrySync Error/, meaning: "other" },
  { name: "meta-sync-failed", pattern: /Meta Sync Failed: (?<what>.*)/, meaning: "other" },
  { name: "slave-exists", pattern: /Slave Already Exist/, meaning: "other" },
  { name: "flush", pattern: /Delete old db\.\.\./, meaning: "other" },
  { name: "flush-failed", pattern: /FlushDB failed due to/, meaning: "other" },
  { name: "flushed", pattern: /Open new db success/, meaning: "other" },
];
