import type { ComposeFile } from "../docker/compose.ts";
import { commandsOf, type Plan, type PlannedParams } from "../journal/plan.ts";
import { HIDDEN, textHider } from "../journal/redact.ts";

/*
 *   config of the plan and the Compose file ─┐
 *   argv of command faults ──────────────────┴─► secretsOf ─► journal, evidence files and plan.yaml hold "•••" instead
 */

/** Ends of the names of settings that hold a secret: requirepass, masterauth, userpass, tls-key-file-pass, MY_PASSWORD. */
const SECRET_SETTING = /(pass|password|passwd|auth|token|secret)$|^namespace\./i;

/** Every secret that the servers of a run are given: none of them may reach a file or a terminal. */
export function secretsOf(plan: Plan, compose: Pick<ComposeFile, "services">): string[] {
  const settings = [
    ...Object.values(plan.experiment.config),
    ...compose.services.flatMap(({ config, environment }) => [...Object.values(config), environment]),
  ];
  const given = settings.flatMap((some) => Object.entries(some ?? {}).flatMap(([key, value]) => inSetting(key, value)));
  const said = plan.faults.flatMap(({ params }) => commandsOf(params).flatMap(({ words }) => inCommand(words)));
  return [...new Set([...given, ...said])].filter((secret) => secret !== "" && secret !== HIDDEN);
}

/** The plan with "•••" in place of every secret in its settings and commands. */
export function hiddenPlan(plan: Plan): Plan {
  return mapSecrets(plan, (text, secrets) => textHider(secrets)(text));
}

/**
 * A plan that was written with hidden secrets, and the Compose file beside it, with one password in every such place: servers
 * that had to know each other's passwords still do.
 */
export function withPassword(plan: Plan, compose: ComposeFile, password: string): { plan: Plan; compose: ComposeFile } {
  const fill = (text: string, secrets: readonly string[]) =>
    secrets.reduce((all, secret) => all.replaceAll(secret, password), text);
  const services = compose.services.map((service) => ({
    ...service,
    config: mapValues(service.config, (some) => mapSettings(some ?? {}, fill)),
  }));
  return { plan: mapSecrets(plan, fill), compose: { ...compose, services } };
}

export function hasHidden(plan: Plan): boolean {
  return JSON.stringify([plan.experiment.config, plan.experiment.cluster, plan.faults]).includes(HIDDEN);
}

type Change = (text: string, secrets: readonly string[]) => string;

function mapSecrets(plan: Plan, change: Change): Plan {
  const config = mapValues(plan.experiment.config, (some) => mapSettings(some ?? {}, change));
  const faults = plan.faults.map((fault) => ({ ...fault, params: mapCommands(fault.params, change) }));
  const cluster = mapCluster(plan.experiment.cluster, change);
  return { ...plan, experiment: { ...plan.experiment, config, cluster }, faults };
}

function mapCluster(cluster: Plan["experiment"]["cluster"], change: Change): Plan["experiment"]["cluster"] {
  if (typeof cluster === "string") return cluster;
  const nodes = mapValues(cluster.nodes, (node) =>
    node.config ? { ...node, config: mapValues(node.config, (some) => mapSettings(some ?? {}, change)) } : node,
  );
  return { ...cluster, nodes };
}

function mapSettings(settings: Readonly<Record<string, string>>, change: Change): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key, change(value, inSetting(key, value))]),
  );
}

function mapCommands(params: PlannedParams, change: Change): PlannedParams {
  const changed = commandsOf(params).map(({ name, words }) => {
    const secrets = inCommand(words);
    return [name, words.map((word) => change(word, secrets))];
  });
  return { ...params, ...Object.fromEntries(changed) };
}

/** Redis' `user` names passwords by their first letter: >password, <password, #hash, !hash. */
function inSetting(key: string, value: string): string[] {
  if (/^users?$/i.test(key)) return inRules(value.split(/\s+/));
  return SECRET_SETTING.test(key) ? [value] : [];
}

function inRules(words: readonly string[]): string[] {
  return words.filter((word) => /^[><#!]./.test(word)).map((word) => word.slice(1));
}

/** AUTH and HELLO, CONFIG SET of a secret setting, ACL SETUSER, MIGRATE with AUTH. */
function inCommand(argv: readonly string[]): string[] {
  const [name = "", sub = ""] = argv.map((word) => word.toLowerCase());
  if (name === "auth") return argv.slice(-1);
  if (name === "config" && sub === "set")
    return argv.flatMap((word, i) => (i > 1 && i % 2 === 0 ? inSetting(word, argv[i + 1] ?? "") : []));
  if (name === "acl" && sub === "setuser") return inRules(argv.slice(3));
  return argv.flatMap((word, i) => {
    const key = word.toLowerCase();
    if (key === "auth2" || (key === "auth" && name === "hello")) return argv.slice(i + 2, i + 3);
    return key === "auth" && name === "migrate" ? argv.slice(i + 1, i + 2) : [];
  });
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
