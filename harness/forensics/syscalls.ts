/** Linux x86-64 system calls in which server threads are found waiting (asm/unistd_64.h). */
const NAMES: Readonly<Record<number, string>> = {
  0: "read",
  1: "write",
  7: "poll",
  17: "pread64",
  18: "pwrite64",
  19: "readv",
  20: "writev",
  23: "select",
  34: "pause",
  35: "nanosleep",
  42: "connect",
  43: "accept",
  44: "sendto",
  45: "recvfrom",
  46: "sendmsg",
  47: "recvmsg",
  61: "wait4",
  73: "flock",
  74: "fsync",
  75: "fdatasync",
  128: "rt_sigtimedwait",
  130: "rt_sigsuspend",
  202: "futex",
  208: "io_getevents",
  219: "restart_syscall",
  230: "clock_nanosleep",
  232: "epoll_wait",
  247: "waitid",
  257: "openat",
  270: "pselect6",
  271: "ppoll",
  277: "sync_file_range",
  281: "epoll_pwait",
  288: "accept4",
  299: "recvmmsg",
  307: "sendmmsg",
  426: "io_uring_enter",
  441: "epoll_pwait2",
  449: "futex_waitv",
};

export const FUTEX = 202;

/** "futex", or "syscall 321" for one that is not in the table. */
export function syscallName(number: number): string {
  return NAMES[number] ?? `syscall ${number}`;
}

/** Calls that wait for one descriptor, given as their first argument. */
export const WAITS_ON_FD: ReadonlySet<number> = new Set([0, 1, 19, 20, 42, 44, 45, 46, 47]);
export const POLLS: ReadonlySet<number> = new Set([7, 271]);
export const EPOLLS: ReadonlySet<number> = new Set([232, 281, 441]);
