import { formatDuration, formatSeconds } from "../../base/units.ts";
import {
  amountOf,
  elementOf,
  KIND,
  keyOf,
  type LoadHistory,
  modelOf,
  NOTHING,
  OUTCOME,
} from "../../journal/history.ts";
import { deadlineOf } from "../../journal/time-to-live.ts";
import type { Flush } from "./flushes.ts";

/** "nothing", "v1234", or the text of a value that nobody wrote; of a counter "7", and what was added to it as "+7". */
export function valueText({ foreign, shape }: LoadHistory, value: number, isWrite = false): string {
  if (value === NOTHING) return "nothing";
  const amount = modelOf(shape.type) === "count" ? amountOf(value) : null;
  if (amount !== null) return isWrite && amount >= 0 ? `+${amount}` : `${amount}`;
  return value > 0 ? `v${value}` : (foreign[-value - 1] ?? "an unknown value");
}

/** "v12 (written by m1, 12.301 s – 12.304 s)": to the millisecond, for which of two operations came first is the point. */
export function operationText(load: LoadHistory, row: number): string {
  const { kind, outcome, value, node, invoked, completed } = load.operations;
  const on = load.nodes[node[row] as number];
  const end =
    outcome[row] === OUTCOME.ok
      ? formatSeconds(completed[row] as number, 3)
      : outcome[row] === OUTCOME.fail
        ? "refused"
        : "?";
  const when = `${formatSeconds(invoked[row] as number, 3)} – ${end}`;
  if (kind[row] === KIND.touch) return `${touchText(load, row)} (on ${on}, ${when})`;
  const verb = kind[row] === KIND.read ? "read from" : value[row] === NOTHING ? "deleted on" : "written to";
  return `${valueText(load, value[row] as number)}${lifetimeText(load, row)} (${verb} ${on}, ${when})`;
}

/** ", to live 5s": a write with a deadline; "": any other. */
export function lifetimeText({ shape, operations }: LoadHistory, row: number): string {
  if (operations.kind[row] !== KIND.write || !shape.ttl) return "";
  const deadline = deadlineOf(shape.ttl, operations.value[row] as number);
  return deadline === null ? "" : `, to live ${formatDuration(deadline.ms)}`;
}

/** "PEXPIREAT in 5s", "PERSIST" */
export function touchText({ shape, operations }: LoadHistory, row: number): string {
  const deadline = shape.ttl ? deadlineOf(shape.ttl, operations.value[row] as number) : null;
  if (deadline === null) return "a change of its deadline";
  return deadline.ms === Infinity ? "PERSIST" : `PEXPIREAT in ${formatDuration(deadline.ms)}`;
}

/** "FLUSHALL on m1 (flush-1, 12.301 s – 12.304 s)" */
export function flushText({ command, node, id, invoked, acknowledged }: Flush): string {
  const end = acknowledged === Infinity ? "?" : formatSeconds(acknowledged, 3);
  return `${command} on ${node} (${id}, ${formatSeconds(invoked, 3)} – ${end})`;
}

/** "zadd:4 element:3" */
export function cellText({ shape }: LoadHistory, cell: number): string {
  const element = elementOf(shape, cell);
  return element === null ? keyOf(shape, cell) : `${keyOf(shape, cell)} ${element}`;
}

/** "1 value that … is …", "37 values that … are …" */
export function valuesThat(count: number, what: string, state: string): string {
  return count === 1 ? `1 value that ${what} is ${state}.` : `${count} values that ${what} are ${state}.`;
}

/** "1 key whose …", "37 keys whose …" */
export function keysWhose(count: number, what: string): string {
  return `${count} ${count === 1 ? "key" : "keys"} whose ${what}.`;
}
