/*
 * In a worker of `mocha --parallel` under c8: mocha lets a worker end by itself, and sends SIGTERM after a second. To write down what
 * was covered takes longer on a busy machine, and nothing would be left of it: the worker goes on until that is done.
 */
process.on("SIGTERM", () => process.exit());
