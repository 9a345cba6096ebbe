/** proc(5), the letters of /proc/<pid>/stat. */
export const threadStates: Readonly<Record<string, string>> = {
  R: "running",
  S: "sleeping",
  D: "in the kernel, uninterruptible",
  T: "stopped",
  t: "traced",
  Z: "zombie",
};
