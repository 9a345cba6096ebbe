import assert from "node:assert/strict";
import { BenchmarkOutput } from "./benchmark-output.ts";

/*
 * Recorded from redis-benchmark 7.0.15 (`-c 10 -n 30000 -t set,zadd`, then on a server that is not there, on a replica, and with
 * a password that nobody asked for), carriage returns made line ends; rows of the distributions left out. In front: the
 * milliseconds at which Docker got the line.
 */
const SET_AND_ZADD = `
0|SET: rps=0.0 (overall: 0.0) avg_msec=-nan (overall: -nan)
0|                                                          
250|SET: rps=41720.3 (overall: 41561.1) avg_msec=0.160 (overall: 0.160)
500|SET: rps=42812.8 (overall: 42173.5) avg_msec=0.147 (overall: 0.154)
690|====== SET ======
690|  30000 requests completed in 0.69 seconds
690|  10 parallel clients
690|  3 bytes payload
690|  keep alive: 1
690|  host configuration "save": 
690|  host configuration "appendonly": no
690|  multi-thread: no
690|
690|Latency by percentile distribution:
690|0.000% <= 0.039 milliseconds (cumulative count 12)
690|100.000% <= 12.103 milliseconds (cumulative count 30000)
690|
690|Summary:
690|  throughput summary: 43604.65 requests per second
690|  latency summary (msec):
690|          avg       min       p50       p95       p99       max
690|        0.149     0.032     0.127     0.231     0.343    11.959
750|ZADD: rps=13016.0 (overall: 43973.0) avg_msec=0.147 (overall: 0.147)
1000|ZADD: rps=34352.0 (overall: 36549.4) avg_msec=0.196 (overall: 0.183)
`;
const TROUBLE = `
10|Could not connect to Redis at 127.0.0.1:6380: Connection refused
11|WARNING: Could not fetch server CONFIG
12|Killed
13|kvchaos: exit 137
20|SET: rps=0.0 (overall: 0.0) avg_msec=-nan (overall: -nan)
21|Error from server: READONLY You can't write against a read only replica.
22|kvchaos: exit 1
30|Node 127.0.0.1:6379 replied with error:
31|ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?
32|kvchaos: exit 1
40|Error: Server closed the connection
41|kvchaos: exit 1
50|kvchaos: exit 1
`;

function feed(output: BenchmarkOutput, recorded: string): BenchmarkOutput {
  for (const line of recorded.split("\n").filter((one) => one !== "")) {
    const bar = line.indexOf("|");
    output.line(line.slice(bar + 1), Number(line.slice(0, bar)));
  }
  return output;
}

describe("output of redis-benchmark", () => {
  it("counts what each progress line tells of the time since the one before, and what a test was in the end", () => {
    const [first, second] = SET_AND_ZADD.split("690|====== SET");
    const output = feed(new BenchmarkOutput(), first ?? "");
    assert.deepEqual(output.take(), {
      ok: Math.floor(41720.3 / 4 + 42812.8 / 4),
      errors: {},
      latency: null,
      running: true,
    });
    const rest = feed(output, `690|====== SET${second}`).take();
    // 8867 of the test that ended, then a quarter of a second twice; the first line of a test reaches back to the one before.
    assert.equal(rest.ok, Math.floor(30_000 - 41720.3 / 4 - 42812.8 / 4 + 13016 / 4 + 34352 / 4 + 0.275));
    assert.deepEqual(rest.latency, { count: 30_000, p50: 0.127, p99: 0.343, max: 11.959 });
    assert.equal(output.take().latency, null);
  });

  it("names what a run of it failed with, and is not running until it tells of a test again", () => {
    const output = feed(new BenchmarkOutput(), TROUBLE);
    const { errors, ok, running } = output.take();
    assert.deepEqual(errors, { "connect-refused": 1, READONLY: 1, AUTH: 1, "connection-lost": 1, "exit-1": 1 });
    assert.deepEqual([ok, running, output.begun], [0, false, true]);
    assert.deepEqual(output.take().errors, {});
  });

  it("a figure after a new start does not reach back to before it", () => {
    const output = feed(
      new BenchmarkOutput(),
      "0|SET: rps=0.0 (overall: 0.0) avg_msec=-nan (overall: -nan)\n250|kvchaos: exit 1",
    );
    output.line("SET: rps=99999.0 (overall: 0.0) avg_msec=0.1 (overall: 0.1)", 5000);
    assert.equal(output.take().ok, 0);
    output.line("SET: rps=1000.0 (overall: 0.0) avg_msec=0.1 (overall: 0.1)", 5250);
    assert.equal(output.take().ok, 250);
  });

  it("what was counted too much is made up for, never told as less than nothing", () => {
    const output = new BenchmarkOutput();
    output.line("SET: rps=0.0 (overall: 0.0) avg_msec=-nan (overall: -nan)", 0);
    output.line("SET: rps=1000.0 (overall: 0.0) avg_msec=0.1 (overall: 0.1)", 1000);
    assert.equal(output.take().ok, 1000);
    output.line("  900 requests completed in 0.99 seconds", 1000);
    assert.equal(output.take().ok, 0);
    output.line("GET: rps=1000.0 (overall: 0.0) avg_msec=0.1 (overall: 0.1)", 2000);
    assert.equal(output.take().ok, 900);
  });

  it("tells that it does not take its arguments", () => {
    const output = new BenchmarkOutput();
    output.line('Invalid option "--nosuch" or option argument missing', 0);
    output.line("Usage: redis-benchmark [OPTIONS] [COMMAND ARGS...]", 0);
    assert.equal(output.refusal, 'Invalid option "--nosuch" or option argument missing');
  });
});
