/**
 * Parts of a directed graph in which every node can be reached from every other (Tarjan 1972, without recursion). By node: the number of
 * its part. A node alone has a part of its own.
 *
 * @param successors by node
 */
export function strongComponents(successors: readonly (readonly number[])[]): number[] {
  const count = successors.length;
  const component = new Array<number>(count).fill(-1);
  const found = new Array<number>(count).fill(-1);
  const low = new Array<number>(count).fill(0);
  const stack: number[] = [];
  let clock = 0;
  let components = 0;
  for (let root = 0; root < count; root++) {
    if (found[root] === -1) visit(root);
  }
  return component;

  function visit(root: number): void {
    const trail: { node: number; next: number }[] = [enter(root)];
    for (let top = trail.at(-1); top; top = trail.at(-1)) {
      const { node } = top;
      const successor = successors[node]?.[top.next++];
      if (successor === undefined) {
        trail.pop();
        leave(node);
        const parent = trail.at(-1);
        if (parent) lower(parent.node, low[node] ?? 0);
      } else if (found[successor] === -1) {
        trail.push(enter(successor));
      } else if (component[successor] === -1) {
        lower(node, found[successor] ?? 0);
      }
    }
  }

  function enter(node: number): { node: number; next: number } {
    found[node] = clock;
    low[node] = clock++;
    stack.push(node);
    return { node, next: 0 };
  }

  function lower(node: number, to: number): void {
    low[node] = Math.min(low[node] ?? 0, to);
  }

  function leave(node: number): void {
    if (low[node] !== found[node]) return;
    for (let member = stack.pop(); member !== undefined; member = stack.pop()) {
      component[member] = components;
      if (member === node) break;
    }
    components++;
  }
}
