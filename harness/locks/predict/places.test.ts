import assert from "node:assert/strict";
import { closest } from "./closest.ts";
import { callerOf, functionName, isWrapper, placeOf } from "./places.ts";

const site = (name: string | null) => ({
  module: "/usr/lib/libstore.so",
  offset: 0x1f20,
  function: name,
  source: null,
});

describe("places in a program", () => {
  it("are functions without their parameters", () => {
    const names = [
      ["kvrocks::Server::AddMaster(std::string const&, bool) const", "kvrocks::Server::AddMaster"],
      ["Run(std::function<void (int)>)", "Run"],
      ["main", "main"],
      ["void Take<A(B)>::at(int) [clone .isra.0]", "void Take<A(B)>::at"],
      ["Job::operator()() const", "Job::operator()"],
      ["DB::Open[abi:cxx11](X) &&", "DB::Open"],
    ];
    for (const [demangled = "", name] of names) assert.equal(functionName(demangled), name);
  });

  it("know functions that only take a lock", () => {
    const wrappers = [
      "std::mutex::lock()",
      "rocksdb::port::Mutex::Lock()",
      "WriteLock::WriteLock(X*)",
      "pthread_rwlock_wrlock",
    ];
    const more = ["Guard<std::unique_lock<X>>::lock_shared()", "LockGuard::LockGuard(M)", "MutexLock::MutexLock(M*)"];
    for (const name of [...wrappers, ...more]) assert.ok(isWrapper(name), name);
    for (const name of ["Server::AddMaster()", "FlushBlock", "Unlock(int)", "Clock", "LockTable::Resize(X)", "block"]) {
      assert.ok(!isWrapper(name), name);
    }
  });

  it("are the callers of such functions where a stack tells", () => {
    const stack = ["note", "M::Lock()", "std::lock_guard<M>::lock_guard(M&)", "DB::Write(int)", "main"];
    assert.equal(callerOf(site("M::Lock()"), stack), "DB::Write");
    assert.equal(callerOf(site("M::Lock()"), []), null);
    assert.equal(callerOf(site("DB::Write(int)"), stack), null);
    assert.equal(placeOf({ site: site("M::Lock()"), caller: "DB::Write" }), "DB::Write");
    assert.equal(placeOf({ site: site(null), caller: null }), "libstore.so+0x1f20");
  });
});

describe("how close events came", () => {
  it("is the shortest span with one of each", () => {
    assert.equal(
      closest([
        [0, 100],
        [130, 400],
      ]),
      30,
    );
    assert.equal(closest([[0, 100], [130, 400], [390]]), 290);
    assert.equal(closest([[5], [5]]), 0);
    assert.equal(closest([[5], []]), null);
    assert.equal(closest([]), null);
  });
});
