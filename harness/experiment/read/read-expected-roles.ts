import { checkNode, type Reading } from "./reading.ts";

/** Roles that are no node's name. */
const ROLES: readonly string[] = ["master", "replica", "any"];
/** Checks that judge by it. */
const JUDGES: readonly string[] = ["one-master", "recovers-within"];

/** What nodes are to be in the end: of nodes that there are, and judged by a check that the experiment asks for. */
export function readExpectedRoles(
  given: Readonly<Record<string, string>> | undefined,
  checks: readonly string[] | undefined,
  reading: Reading,
): Record<string, string> {
  for (const [node, role] of Object.entries(given ?? {})) {
    checkNode(node, ["expect-roles", node], reading);
    if (!ROLES.includes(role)) checkNode(role, ["expect-roles", node], reading, { selectors: ROLES });
    if (role === node) reading.mistakes.add(["expect-roles", node], `${node} cannot follow itself`);
  }
  if (Object.keys(given ?? {}).length > 0 && checks && !JUDGES.some((one) => checks.includes(one)))
    reading.mistakes.add(
      ["expect-roles"],
      `expect-roles is for the checks ${JUDGES.join(" and ")}, and this experiment asks for neither`,
    );
  return { ...given };
}
