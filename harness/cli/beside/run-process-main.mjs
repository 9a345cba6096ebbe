// As load-thread.mjs: a process inherits nothing either.
import { register } from "tsx/esm/api";

register();
await import("./run-process-main.ts");
