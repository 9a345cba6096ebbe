/** The checks of an experiment that lists none, less those that could never answer in it. */
export const DEFAULT_CHECKS = [
  "no-hang",
  "no-crash",
  "one-master",
  "failovers",
  "converges",
  "replication-progress",
  "recovers-within",
  "serves",
  "protocol",
] as const;
