import assert from "node:assert/strict";
import { isWrapper } from "./fold-frames.ts";
import { lambdasIn, shortName } from "./short-name.ts";

describe("a function's name for people", () => {
  const names: [string, string][] = [
    ["ReplicationThread::Stop()", "ReplicationThread::Stop"],
    ["void kvrocks::Foo<int, std::map<int, char> >::Bar(std::string const&) const [clone .cold]", "kvrocks::Foo::Bar"],
    ["redisCommand.constprop.0.isra.0", "redisCommand"],
    [
      "rocksdb::(anonymous namespace)::File::Read(unsigned long, void (*)(int)) const",
      "rocksdb::(anonymous namespace)::File::Read",
    ],
    ["main::{lambda(int)#3}::operator()(int) const", "main::{lambda#3}"],
    ["main()::{lambda()#1}::operator()() const::{lambda(auto:1)#2}::_FUN(int)", "main::{lambda#1}::{lambda#2}"],
    ["std::ostream& operator<< <char>(std::ostream&, Foo<(A)1> const&)", "operator<<"],
    ["bool ns::operator<(A const&, B const&)", "ns::operator<"],
    ["ns::A::operator bool() const", "ns::A::operator bool"],
    ["ns::A::operator->() const", "ns::A::operator->"],
    ["operator new(unsigned long)", "operator new"],
    ["std::function<int (A const&)>::operator()(A const&) const", "std::function::operator()"],
    ["Foo::Name[abi:cxx11](int) &&", "Foo::Name"],
    ["non-virtual thunk to B::f(int)", "B::f"],
    ["std::enable_if<(1)>(2), int>::type f<3>(int)", "f"],
    ["decltype (declval<A>()) ns::call<A>(A&&)", "ns::call"],
    ["ns::X<&ns::operator< >::f(int)", "ns::X::f"],
    ["std::vector<int>* ns::Made<int>(int)", "ns::Made"],
    ["pthread_mutex_lock", "pthread_mutex_lock"],
    ["", ""],
  ];
  for (const [from, to] of names) it(`${from} → ${to}`, () => assert.equal(shortName(from), to));

  it("what is no name stays as it is, without control characters and of a bearable length", () => {
    assert.equal(shortName("f(((\u001b[2J"), "f(((\\x1b[2J");
    assert.equal(shortName("a<b"), "a<b");
    assert.ok(shortName("x".repeat(100_000)).length < 200);
    assert.ok(shortName("<(".repeat(50_000)).length < 200);
    assert.ok(shortName("{".repeat(30_000)).length < 200);
  });

  it("a function of the library that was made for lambdas names them, the innermost first", () => {
    const given = "Server::Start()::{lambda()#1}";
    const made = `util::CreateThread<${given}>(char const*, ${given})::{lambda()#1}`;
    const run = `std::thread::_State_impl<std::thread::_Invoker<std::tuple<${made}> > >::_M_run()`;
    assert.deepEqual(lambdasIn(run), ["Server::Start::{lambda#1}", "util::CreateThread::{lambda#1}"]);
    const inner =
      "std::_Function_handler<void (), A::f(int) const::{lambda()#1}::operator()() const::{lambda(int)#2}>::_M_invoke";
    assert.deepEqual(lambdasIn(inner), ["A::f::{lambda#1}::{lambda#2}"]);
    for (const hostile of ["", "{lambda(", "{lambda()#1", "}}}>>>{lambda()#1}", "{lambda(".repeat(4000)])
      lambdasIn(hostile);
  });

  it("locks of libraries are only wrappers of who takes them", () => {
    const wrappers = [
      "std::mutex::lock",
      "std::lock_guard::lock_guard",
      "__gthread_mutex_lock",
      "rocksdb::port::Mutex::Lock",
    ];
    const more = [
      "std::shared_lock::shared_lock",
      "pstd::Mutex::Lock",
      "rocksdb::InstrumentedMutexLock::InstrumentedMutexLock",
    ];
    const servers = [
      "engine::Storage::WriteLockGuard",
      "Server::WorkExclusivityGuard",
      "DB::DBLockShared",
      "db_wrlock",
    ];
    for (const name of [...wrappers, ...more, ...servers, "pthread_rwlock_rdlock", "MultiLockGuard::MultiLockGuard"])
      assert.ok(isWrapper(name), name);
    const others = ["ReplicationThread::Stop", "rocksdb::DBImpl::MutexLocked", "stdx::f"];
    for (const name of [
      ...others,
      "pstd::Locker",
      "lockThreadedIO",
      "Clock",
      "FlushBlock",
      "Unlock",
      "LockTable::Resize",
    ])
      assert.ok(!isWrapper(name), name);
  });
});
