/** Names an experiment refers to, so that the loader can refuse unknown ones where they are written. */
export interface Mention {
  /**
   * `mode`: the name is that of a way to change roles, and the cluster must be of the kind that has it: "replication" and
   * "setnodes" where the operator says who is master, "cluster-failover" and "sentinel-failover" where servers or sentinels do;
   * "operator" for either of the first, "cluster" for words that only CLUSTERX knows, "slots" where masters share the key space.
   */
  kind: "node" | "link" | "mode" | "load";
  name: string;
  /** Path inside the fault's parameters, for line:column. */
  path: (string | number)[];
}
