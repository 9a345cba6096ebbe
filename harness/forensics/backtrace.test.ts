import assert from "node:assert/strict";
import { foldFrames } from "../locks/names/fold-frames.ts";
import { mergeStacks, parseBacktraces } from "./backtrace.ts";

/** gdb 13 on our own std-locks.cpp, shortened. */
const GDB = `[Thread debugging using libthread_db enabled]
__futex_abstimed_wait_common64 (private=..., cancel=...) at ./nptl/futex-internal.c:57

Thread 4 (Thread 0x7f67e113b6c0 (LWP 13372) "keeper"):
#0  futex_wait (private=..., expected=..., futex_word=...) at ../sysdeps/nptl/futex-internal.h:146
#1  __GI___lll_lock_wait (futex=..., private=...) at ./nptl/lowlevellock.c:49
#2  0x00007f67e22aa482 in lll_mutex_lock_optimized (mutex=...) at ./nptl/pthread_mutex_lock.c:48
#3  ___pthread_mutex_lock (mutex=...) at ./nptl/pthread_mutex_lock.c:93
#4  0x00005556917f2cf1 in __gthread_mutex_lock (__mutex=...) at /usr/include/x86_64-linux-gnu/c++/12/bits/gthr-default.h:749
#5  std::mutex::lock (this=...) at /usr/include/c++/12/bits/std_mutex.h:100
#6  std::lock_guard<std::mutex>::lock_guard (__m=..., this=...) at /usr/include/c++/12/bits/std_mutex.h:229
#7  main()::{lambda()#3}::operator()() const (__closure=...) at fixtures/std-locks.cpp:31
#8  std::__invoke_impl<void, main()::<lambda()> > (__f=...) at /usr/include/c++/12/bits/invoke.h:61
#12 std::thread::_State_impl<std::thread::_Invoker<std::tuple<main()::<lambda()> > > >::_M_run(void) (this=...) at /usr/include/c++/12/bits/std_thread.h:210
#13 0x00007f67e24d44a3 in ?? () from /proc/13369/root/lib/x86_64-linux-gnu/libstdc++.so.6
#14 0x00007f67e22a71f5 in start_thread (arg=...) at ./nptl/pthread_create.c:442
#15 0x00007f67e23278ec in clone3 () at ../sysdeps/unix/sysv/linux/x86_64/clone3.S:81

Thread 3 (LWP 13371 "logger"):
#0  __futex_abstimed_wait_common64 (private=..., cancel=...) at ./nptl/futex-internal.c:57
#1  __futex_abstimed_wait_common (futex_word=...) at ./nptl/futex-internal.c:87
#2  0x00007f67e22a3f7b in __GI___futex_abstimed_wait_cancelable64 (futex_word=...) at ./nptl/futex-internal.c:139
#3  0x00007f67e22a8ce3 in __pthread_clockjoin_ex (threadid=..., block=...) at ./nptl/pthread_join_common.c:102
#4  0x00007f67e24d4517 in std::thread::join() () from /proc/13369/root/lib/x86_64-linux-gnu/libstdc++.so.6
#5  0x00005556917f283f in kvrocks::Server::RemoveMaster (this=...) at fixtures/std-locks.cpp:24

Thread 1 (Thread 0x7f67e1d8f740 (LWP 13369) "dlpp"):
#0  0x00007f67e22a3f16 in ?? () from /lib/x86_64-linux-gnu/libc.so.6
[Inferior 1 (process 13369) detached]
`;

describe("what gdb prints", () => {
  it("every thread has its id on the host and its functions, without arguments and places", () => {
    const traces = parseBacktraces(GDB);
    assert.deepEqual(
      traces.map(({ tid, frames }) => [tid, frames.length]),
      [
        [13372, 13],
        [13371, 6],
        [13369, 1],
      ],
    );
    assert.equal(traces[0]?.frames[7], "main()::{lambda()#3}::operator()() const");
    assert.equal(traces[1]?.frames[4], "std::thread::join()");
  });

  it("library noise is folded to what is waited for and the server's own functions", () => {
    const [keeper, logger] = parseBacktraces(GDB);
    assert.deepEqual(foldFrames(keeper?.frames ?? []), [
      "pthread_mutex_lock",
      "main()::{lambda()#3}::operator()() const",
    ]);
    assert.deepEqual(foldFrames(logger?.frames ?? []), ["std::thread::join()", "kvrocks::Server::RemoveMaster"]);
  });

  it("a stack of nothing but noise keeps its first frame, an unknown one stays unknown", () => {
    assert.deepEqual(foldFrames(["__futex_abstimed_wait_common", "start_thread"]), ["__futex_abstimed_wait_common"]);
    assert.deepEqual(foldFrames(["??"]), ["??"]);
    assert.deepEqual(foldFrames([]), []);
  });

  it("identical stacks are merged, most frequent first", () => {
    const trace = (tid: number, ...frames: string[]) => ({ tid, frames });
    const merged = mergeStacks([trace(1, "a"), trace(2, "b", "clone3"), trace(3, "b", "start_thread")]);
    assert.deepEqual(merged, [
      { tids: [2, 3], frames: ["b"] },
      { tids: [1], frames: ["a"] },
    ]);
  });
});
