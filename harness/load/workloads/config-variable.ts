/** Where the user's own faults, checks, workloads and reporters are, absolute; processes and threads of a run inherit it. */
export const CONFIG_VARIABLE = "KVCHAOS_CONFIG";
