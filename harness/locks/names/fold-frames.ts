/** Below this is the C library's way into a lock or a wait: the public name says the same. */
const INNER = [
  /^_*futex_/,
  /^(?:__GI_)?_*futex_abstimed_wait/,
  /^(?:__GI_)?_*lll_/,
  /^_*pthread_\w+_full(?:64)?$/,
  /^_*pthread_(?:cond_wait_common|clockjoin_ex|mutex_cond_lock\w*)$/,
  /^_*internal_syscall_cancel$/,
  /^_*syscall_cancel/,
  /^_*do_sem_wait$/,
  /^_*new_sem_wait_slow/,
];
/** How a thread begins, and the wrappers of the C++ library between two functions of the server. */
const OUTER = [
  /^start_thread$/,
  /^_*clone3?$/,
  /^_*libc_start_(?:call_)?main/,
  /^_start$/,
  /^execute_native_thread_routine$/,
  /^std::(?:__invoke|__invoke_impl|invoke|__apply)/,
  /^std::thread::_/,
  /^std::_Function_handler\b/,
  /^std::function\b/,
  /^std::(?:unique_lock|lock_guard|shared_lock|scoped_lock)\b/,
  /^std::(?:__shared_mutex_pthread|__glibcxx_\w+|shared_mutex|mutex|__condvar)\b/,
  /^std::__(?:future_base|atomic_futex)/,
  /^__gthread_/,
];

/** A stack without library noise: what it waits in, then the server's own functions. Never empty if the stack was not. */
export function foldFrames(frames: readonly string[]): string[] {
  const names = frames.map(publicName);
  const noisy = (name: string): boolean => [...INNER, ...OUTER].some((noise) => noise.test(name));
  // The C++ library starts its threads through a function that stripped builds have no name for.
  const starts = (i: number): boolean => names[i] === "??" && names[i + 1] === "start_thread";
  const kept = names.filter((name, i) => !noisy(name) && !starts(i));
  // A frame that only repeats its own alias (…rdlock over …rdlock_full) is one call.
  const folded = kept.filter((name, i) => name !== kept[i - 1] || name === "??");
  return folded.length > 0 ? folded : names.slice(0, 1);
}

/** glibc's internal aliases: "___pthread_rwlock_rdlock", "__GI___pthread_mutex_lock" → "pthread_mutex_lock". */
function publicName(name: string): string {
  return name
    .replace(
      /^(?:__GI_)?_+(?:libc_)?(?=(?:pthread|sem|poll|read|recv|connect|pause|nanosleep|clock_nanosleep)\w*$)/,
      "",
    )
    .replace(/^(?:__GI_)(?=_)/, "");
}

/** Through these, in libraries and servers, locks are taken: whose lock it is and why tells the function that calls them. */
const WRAPPERS = [
  ...INNER,
  ...OUTER,
  /^_*(?:GI_)?_*(?:pthread_|sem_|epoll_p?wait\b|nanosleep\b|clock_nanosleep\b|usleep\b)/,
  // All of the C++ library: a person looks for the function of the server that used it.
  /^(?:std|__gnu_cxx)::/,
  /^rocksdb::port::(?:Mutex|RWMutex|CondVar|InitOnce)\b/,
  /^rocksdb::(?:MutexLock|ReadLock|WriteLock|ConditionalMutexLock|SpinMutex|DMutex|TimedMutex|Striped)\b/,
  /^rocksdb::Instrumented(?:Mutex|MutexLock|CondVar)\b/,
  /^pstd::(?:Mutex|RecordMutex|RWMutex|RWLock|RefMutex|CondVar|SpinLock|WriteLock|ReadLock|MutexLock|CondLock)\b/,
  /^pstd::lock::/,
  /^(?:google|glog_internal_namespace_|absl|folly|boost|tbb|butil|bthread)::(?:\w+::)*\w*(?:[mM]utex|MUTEX|[lL]ock|Guard)\w*\b/,
  // What is called so, in any server: "Server::WorkExclusivityGuard", "db_rdlock", but not "Unlock" or "FlushBlock".
  /(?:Lock|Guard)(?:Guard|Shared|Exclusive)?$/,
  /(?:^|[:_])(?:rd|wr|rw|spin)?(?:lock|guard)(?:_guard|_shared|_exclusive)?$/,
  // Kvrocks: its own joins.
  /^util::Thread(?:Join|Detach|OperationImpl)$/,
  // jemalloc, libevent, OpenSSL.
  /^(?:je_)?malloc_mutex_/,
  /^evthread_posix_/,
  /^CRYPTO_THREAD_\w+lock$/,
];

/** @param name short, see `shortName` */
export function isWrapper(name: string): boolean {
  return WRAPPERS.some((wrapper) => wrapper.test(name));
}
