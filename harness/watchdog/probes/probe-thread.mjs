// A worker thread has a module loader of its own, and Node 20 does not run `--import` in it: so its entry is plain
// JavaScript that makes TypeScript loadable first. It works however the process itself got tsx.
import { register } from "tsx/esm/api";

register();
await import("./probe-thread.ts");
