import { register } from "node:module";

/*
 * Lets Node load TypeScript as it is written, in tests and where what is compiled cannot be kept; in a thread or process of its own each time,
 * since Node 20 lets none inherit it:
 *
 *   node --import ./harness/base/typescript/register.mjs …
 *
 * It is for source of our own: imports name their files, and types can be erased (tsconfig.json asks for both). So nothing but text has to be
 * changed, and what was changed once is kept.
 */

process.setSourceMapsEnabled(true);
register("./hooks.mjs", import.meta.url);
