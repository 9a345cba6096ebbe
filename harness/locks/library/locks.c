/*
 * The lock graph of a server that was not built for it: loaded through LD_PRELOAD, it writes down which thread wanted which lock
 * while it held which others, and, when it is told to, lets a thread pause there.
 *
 * It never takes part. No lock of its own is ever waited for, nothing is allocated, errno stays as it is, and every call goes to the
 * C library unchanged. All that it leaves in the server's memory is a number in an unused field of each lock. What it knows lives in a file
 * that is mapped (`<directory>/<pid>-<start>.graph`), so that it can be read while the server runs and after it was killed. It begins with
 * the first thread: a process without threads leaves no file.
 *
 *   control   written by kvchaos, read here: what to pause, noise, the tick (a number that it raises as time passes)
 *   graph     written here: threads, what each of them holds now, dependencies, long waits, stacks
 *
 * A dependency is (thread, locks held with their modes and call sites, lock wanted with its mode and call site). A thread's cache
 * of what it wrote down already makes the common case a load and a compare; nothing that two threads write is on that path.
 * Tables are of a fixed size. Dependencies are kept per instance of a lock up to BUDGET per pattern of call sites, so that a store that
 * makes locks per object cannot fill the table; what found no room is counted.
 *
 * Made to run with every glibc from 2.17 on: only symbols of that version are used, the newer ones are looked up by name.
 * The layout is read by library/layout.ts, which compares LAYOUT_VERSION.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define LAYOUT_VERSION 3
#define NONE 0xffffffffu
#define HIGH 0xffffffff00000000u
#define EXPORT __attribute__((visibility("default")))
#define COLD __attribute__((noinline, cold))
#define HOT inline __attribute__((always_inline))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define SITE ((uint64_t)__builtin_return_address(0))
#define MIN(a, b) ((a) < (b) ? (a) : (b))

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

/* ---- layout ---- */

enum { THREADS = 16384, SLOTS = 2048, HELD = 48, CACHE = 1024, DEPS = 65536, INDEX = 131072, PATTERNS = 16384, BUDGET = 256 };
enum { WAITS = 1024, STACKS = 4096, STACKS_EACH = 32, STACK_BYTES = 8192, MAPS_BYTES = 262144, DEPTH = 8, SEEN = 4, SAMPLES = 8, WITHIN = 4 };
enum { RULES = 32, RANGES = 64, PAUSE_RANGES = 8, PROCESSES = 64 };

/* How a lock is taken, and what kind it is. */
enum { SHARED = 1, EXCLUSIVE = 2 };
enum { MUTEX = 1, RWLOCK = 2, SPIN = 3, THREAD = 4 };
enum { LIVES = 1, HAS_ENDED = 2, JOINED = 3, DETACHED = 4 };
/* Flags of a dependency. */
enum { PREFERS_WRITER = 1, SELF = 2, MANY_THREADS = 8, TRUNCATED = 16, WAITED = 32 };
/* Of a mutex's kind in the C library, besides its type. */
enum { ROBUST = 16, INHERITS_PRIORITY = 32 };
/* What a thread waits in while it holds a lock. */
enum { CONDITION = 1, JOIN = 2, IO = 3, SLEEP = 4, SEMAPHORE = 5, PAUSED = 6 };

/* age: the newest of all when it was taken */
struct held { u64 address, site; u32 generation, age; u8 mode, kind, unused[6]; };

struct thread {                     /* of every thread that ever was, by its number */
  u64 pthread, routine, born, ended;
  u32 number, tid, parent, parent_epoch, joined_by, joined_epoch, slot, state;
  char name[16];                    /* as of its newest dependency, or its end */
  u32 age, within_count;            /* age: the newest of all when it was made */
  struct held within[WITHIN];       /* what its maker held from before it made it until it had joined it, outermost first */
};

/* A line of a thread's cache. The key has the tick and the epoch in it, so that every dependency is looked at again in each of them. */
struct known { u64 key; u32 dependency, count; };

struct slot {                       /* of a thread that lives */
  u32 used, number, held_count, epoch, lost, random;
  struct known *known;              /* of no use outside the process */
  u64 hash[HELD + 1];               /* of the first n locks held */
  struct held held[HELD];
  u32 wait_kind, wait_rule;
  u64 wait_site, wait_since;
  u64 condition;                    /* the mutex of the condition it waits in */
  u64 whose;                        /* of its name and of what it runs: as of the tick below, + 1 */
  u32 whose_tick, unused;
};

struct dependency {
  u64 key, pattern, address, site;
  u32 generation; u8 mode, kind, flags, held_count;
  u32 stack, count;
  struct { u32 number, first_epoch, last_epoch; } seen[SEEN];
  struct { u32 tick, ms; } sample[SAMPLES];   /* the first half stays, the rest is a ring */
  u32 samples, sampled;             /* sampled: the last sample's tick, + 1 */
  u64 first, last;                  /* ns since the process's start of recording */
  char name[16];
  struct held held[DEPTH];
};

struct pattern { u64 key; u32 count, lost; };

struct wait {
  u64 key, site, longest, total, when;   /* ns */
  u32 count, kind, held_count, number, stack, unused;
  char name[16];
  struct held held[DEPTH];
};

struct stack { u64 pc, sp, bp, bx, r12, r13, r14, r15; u32 number, length; u8 bytes[STACK_BYTES]; };

struct graph {
  char magic[8];
  u32 layout, pid, architecture, tick;
  u64 started;                      /* CLOCK_MONOTONIC, ns */
  u32 thread_count, dependency_count, dependency_lost, pattern_lost, wait_lost, stack_count, held_lost, slot_lost;
  u32 maps_length, maps_version, ready, unused;
  char executable[256];
  char maps[MAPS_BYTES];
  struct thread threads[THREADS];
  struct slot slots[SLOTS];
  struct known known[SLOTS][CACHE];
  u64 index[INDEX];                 /* upper half of its key, dependency + 1 */
  struct dependency dependencies[DEPS];
  struct pattern patterns[PATTERNS];
  struct wait waits[WAITS];
  struct stack stacks[STACKS];
};

struct range { char module[96]; u64 from, to; };   /* offsets in the module's file; `module` is how its path ends */

struct rule {
  u32 enabled, after, every, probability;    /* probability of 2^32 */
  u32 max_hits, length_us, site_count, held_count;
  u32 mode, kind, unwinds, seed;             /* 0: any; unwinds: the site may be a caller further up */
  char thread[32];                           /* glob */
  u16 site[PAUSE_RANGES], held[PAUSE_RANGES];
  /* written here */
  u32 passed, hits, pausing, last_number;
  u64 last_hit;                              /* CLOCK_MONOTONIC, ns */
  char last_name[16];                        /* of the thread */
};

struct control {
  char magic[8];
  u32 layout, version, tick, active;         /* version: raised after every change */
  u32 noise_probability, noise_max_us, noise_seed, long_wait_ms;
  u32 processes, processes_lost, range_count, rule_count;
  u32 loaded_count, unused;
  char loaded[32][16];                       /* written here: names of the first programs that loaded the library */
  struct range ranges[RANGES];
  struct rule rules[RULES];
};

/* ---- state ---- */

static struct graph *graph;
static struct control *control;
static char directory[200];
/*
 * When a lock was last made, destroyed, or released for another thread, by its address, hashed: what was taken before is held no longer. The
 * upper 32 bits are the address's own, so that no other address's lock ages with it; the lower ones count all such calls of the process, and
 * starts of threads.
 */
static u64 ages[1 << 16];
/* In cache lines of their own: the first is read by whoever takes a lock. */
static _Alignas(64) u32 last_age;
static _Alignas(64) u32 last_generation;
static struct slot alone;                    /* of the main thread until there is a second one */
static __thread struct slot *mine __attribute__((tls_model("initial-exec")));
enum { ENDED = 1, IN_FORK = 2 };             /* why nothing is written of a thread */
static __thread u8 gone __attribute__((tls_model("initial-exec")));
static pthread_key_t last_rites;
static u32 has_key;

static struct { u64 from, to; } resolved[RANGES][4];
static u32 resolved_version, resolving;

/* ---- the kernel, without errno ---- */

static long raw(long n, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = n;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#else
#error "only x86_64 and aarch64"
#endif
}

static u64 now(void) {
  struct timespec t;
  int saved = errno;
  clock_gettime(CLOCK_MONOTONIC, &t);
  errno = saved;
  return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

static inline u64 mix(u64 x) {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93u;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93u;
  return x ^ (x >> 32);
}

static inline u64 *age_of(u64 address) { return &ages[((address >> 2) * 0x9e3779b97f4a7c15u) >> 48]; }

/* Addresses of user space have 47 bits, and a lock's are a multiple of 4: with the place in the table the rest tells them apart. */
static inline u32 mark_of(u64 address) { return (u32)(address >> 2); }

/* 0: never, or not lately. */
static u32 age_at(u64 address) {
  u64 age = __atomic_load_n(age_of(address), __ATOMIC_RELAXED);
  return (u32)(age >> 32) == mark_of(address) ? (u32)age : 0;
}

/* Released by another thread, destroyed or made anew since it was taken. */
static inline int is_stale(const struct held *h) {
  u32 at = age_at(h->address);
  return at != 0 && (int)(at - h->age) > 0;
}

static u32 next_age(void) { return __atomic_add_fetch(&last_age, 1, __ATOMIC_RELAXED); }

static COLD void age(u64 address) {
  __atomic_store_n(age_of(address), ((u64)mark_of(address) << 32) | next_age(), __ATOMIC_RELAXED);
}

static COLD u32 number_lock(u32 *place) {
  u32 none = 0, number = __atomic_add_fetch(&last_generation, 1, __ATOMIC_RELAXED);
  return __atomic_compare_exchange_n(place, &none, number, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED) ? number : none;
}

/*
 * Which of all the locks that have been at this address. Nobody need call anything to make a std::mutex, and its memory may have been another
 * object's before: two of them taken for one would be in cycles that cannot be. So who wants a lock for the first time leaves a number in it,
 * in a field that the C library uses for robust mutexes alone, or not at all: it is 0 in every lock that is new, however it was made. Where
 * there is no such field, its age has to do.
 */
static HOT u32 generation_of(void *lock, u8 kind) {
  u32 *place;
  if (kind == MUTEX && likely(!(((pthread_mutex_t *)lock)->__data.__kind & ROBUST))) place = (void *)&((pthread_mutex_t *)lock)->__data.__list;
  else if (kind == RWLOCK) place = (void *)&((pthread_rwlock_t *)lock)->__data.__pad2;
  else return kind == THREAD ? 0 : age_at((u64)lock);
  u32 number = __atomic_load_n(place, __ATOMIC_RELAXED);
  return likely(number != 0) ? number : number_lock(place);
}

/* ---- the C library's own functions, found by name ---- */

/*
 * Looked up in the tables of the libraries that are loaded, and not by dlsym(): that is in libdl.so.2 before glibc 2.34, which a server need
 * not have, and takes the loader's lock. The first library behind this one that has the name decides, by its default version: conditions
 * have an older form beside the one of today.
 */
static u32 gnu_hash(const char *name) {
  u32 h = 5381;
  while (*name) h = h * 33 + (u8)*name++;
  return h;
}

static int is_same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

/* A pointer of the dynamic section: the loader has made it an address, or left it an offset. */
static const void *at(const struct link_map *map, ElfW(Addr) pointer) {
  return (const void *)(pointer < map->l_addr ? pointer + map->l_addr : pointer);
}

static void *in_library(const struct link_map *map, const char *name) {
  const ElfW(Sym) *symbols = NULL;
  const char *texts = NULL;
  const ElfW(Half) *versions = NULL;
  const u32 *table = NULL;
  for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) {
    if (d->d_tag == DT_SYMTAB) symbols = at(map, d->d_un.d_ptr);
    if (d->d_tag == DT_STRTAB) texts = at(map, d->d_un.d_ptr);
    if (d->d_tag == DT_VERSYM) versions = at(map, d->d_un.d_ptr);
    if (d->d_tag == DT_GNU_HASH) table = at(map, d->d_un.d_ptr);
  }
  if (symbols == NULL || texts == NULL || table == NULL || table[0] == 0) return NULL;
  u32 hash = gnu_hash(name), first = table[1];
  const u32 *buckets = table + 4 + table[2] * (sizeof(ElfW(Addr)) / 4), *chain = buckets + table[0];
  u32 i = buckets[hash % table[0]];
  if (i < first) return NULL;
  for (;; i++) {
    u32 h = chain[i - first];
    const ElfW(Sym) *symbol = &symbols[i];
    int hidden = versions != NULL && (versions[i] & 0x8000);
    if ((h | 1) == (hash | 1) && symbol->st_shndx != SHN_UNDEF && !hidden && is_same(texts + symbol->st_name, name)) {
      void *found = (void *)(map->l_addr + symbol->st_value);
      return (symbol->st_info & 15) == STT_GNU_IFUNC ? ((void *(*)(void))found)() : found;
    }
    if (h & 1) return NULL;
  }
}

static void *look_up(const char *name) {
  int behind = 0;
  for (const struct link_map *map = _r_debug.r_map; map != NULL; map = map->l_next) {
    void *found = behind ? in_library(map, name) : NULL;
    if (found != NULL) return found;
    if (map->l_ld == _DYNAMIC) behind = 1;
  }
  return NULL;
}

#define REAL(name) ((__typeof__(&name))(likely(real_##name != NULL) ? real_##name : find(&real_##name, #name)))
/* Of a symbol that this C library is too old for. */
static int not_there(void) { return ENOSYS; }

static COLD void *find(void **into, const char *name) {
  void *found = look_up(name);
  if (found == NULL && is_same(name, "_Fork")) found = look_up("fork");
  return *into = found != NULL ? found : (void *)not_there;
}
#define EVERY(X) X(pthread_mutex_lock) X(pthread_mutex_trylock) X(pthread_mutex_timedlock) \
  X(pthread_mutex_clocklock) X(pthread_mutex_unlock) X(pthread_mutex_init) X(pthread_mutex_destroy) \
  X(pthread_rwlock_rdlock) X(pthread_rwlock_wrlock) X(pthread_rwlock_tryrdlock) X(pthread_rwlock_trywrlock) \
  X(pthread_rwlock_timedrdlock) X(pthread_rwlock_timedwrlock) X(pthread_rwlock_clockrdlock) \
  X(pthread_rwlock_clockwrlock) X(pthread_rwlock_unlock) X(pthread_rwlock_init) X(pthread_rwlock_destroy) \
  X(pthread_spin_lock) X(pthread_spin_trylock) X(pthread_spin_unlock) X(pthread_spin_init) X(pthread_spin_destroy) \
  X(pthread_cond_wait) X(pthread_cond_timedwait) X(pthread_cond_clockwait) X(pthread_create) X(pthread_join) \
  X(pthread_tryjoin_np) X(pthread_timedjoin_np) X(pthread_clockjoin_np) X(pthread_detach) X(pthread_key_create) \
  X(pthread_setspecific) X(pthread_self) X(poll) X(ppoll) X(select) X(epoll_wait) X(epoll_pwait) X(read) X(recv) \
  X(recvfrom) X(recvmsg) X(connect) X(accept) X(accept4) X(fsync) X(fdatasync) X(nanosleep) X(clock_nanosleep) \
  X(usleep) X(sleep) X(sem_wait) X(sem_timedwait) X(fork) X(_Fork) X(pthread_attr_getdetachstate)
#define FOUND(name) static void *real_##name;
EVERY(FOUND)

/* ---- beginning ---- */

static struct known known_alone[CACHE];
static struct { u64 from, to; } code[512];   /* what is executable, as of the last look */
static u32 code_count, reading_maps, fruitless, beginning, tried;
static struct start { void *(*routine)(void *); void *argument; u32 number, used; } starts[512];
enum { HANDLES = 32768 };
static u32 handles[HANDLES];                 /* numbers of threads by their handles, hashed */

static char *append(char *to, const char *text) {
  while (*text) *to++ = *text++;
  *to = 0;
  return to;
}

static char *append_number(char *to, u64 n) {
  char digits[20];
  int i = 0;
  do digits[i++] = (char)('0' + n % 10);
  while (n /= 10);
  while (i) *to++ = digits[--i];
  *to = 0;
  return to;
}

static u64 hex(const char **text) {
  u64 n = 0;
  for (;; (*text)++) {
    char c = **text;
    if (c >= '0' && c <= '9') n = n * 16 + (u64)(c - '0');
    else if (c >= 'a' && c <= 'f') n = n * 16 + (u64)(c - 'a' + 10);
    else return n;
  }
}

/* /proc/self/maps into the graph, for whoever names functions; and what of it is code. Never twice at once. */
static COLD void read_maps(void) {
  u32 free = 0;
  if (!__atomic_compare_exchange_n(&reading_maps, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
  long fd = raw(SYS_openat, AT_FDCWD, (long)"/proc/self/maps", O_RDONLY | O_CLOEXEC, 0, 0, 0);
  if (fd >= 0) {
    u32 length = 0;
    long n;
    __atomic_add_fetch(&graph->maps_version, 1, __ATOMIC_ACQ_REL); /* odd while it changes */
    while (length < MAPS_BYTES - 1 && (n = raw(SYS_read, fd, (long)(graph->maps + length), MAPS_BYTES - 1 - length, 0, 0, 0)) > 0)
      length += (u32)n;
    raw(SYS_close, fd, 0, 0, 0, 0, 0);
    while (length && graph->maps[length - 1] != '\n') length--; /* no half lines where there was no room for all */
    graph->maps[length] = 0;
    graph->maps_length = length;
    __atomic_add_fetch(&graph->maps_version, 1, __ATOMIC_RELEASE);
    u32 count = 0;
    for (const char *line = graph->maps; *line && count < 512;) {
      u64 from = hex(&line);
      line++;
      u64 to = hex(&line);
      if (line[3] == 'x') code[count].from = from, code[count++].to = to;
      while (*line && *line++ != '\n');
    }
    code_count = count;
  }
  __atomic_store_n(&reading_maps, 0, __ATOMIC_RELEASE);
}

static int is_code(u64 site) {
  for (u32 i = 0; i < code_count; i++)
    if (site >= code[i].from && site < code[i].to) return 1;
  return 0;
}

/* Code that the last look did not see: a library that was loaded since. Where looking again has not helped often, no more. */
static COLD void look_for(u64 site) {
  if (is_code(site) || fruitless >= 64) return;
  read_maps();
  if (!is_code(site)) fruitless++;
}

static u32 tid(void) { return (u32)raw(SYS_gettid, 0, 0, 0, 0, 0, 0); }

static struct thread *thread_of(u32 number) { return number != 0 && number < THREADS ? &graph->threads[number] : NULL; }

/* A new thread's number, from 1. @param by who makes it, or NULL where nobody saw */
static u32 number_thread(struct slot *by, u64 routine) {
  u32 number = __atomic_add_fetch(&graph->thread_count, 1, __ATOMIC_RELAXED);
  struct thread *thread = thread_of(number);
  if (thread != NULL) {
    thread->number = number;
    thread->routine = routine;
    thread->parent = by != NULL ? by->number : 0;
    thread->parent_epoch = by != NULL ? by->epoch : 0;
    thread->age = next_age();
  }
  return number;
}

static struct slot *claim_slot(u32 number) {
  for (u32 i = 0; i < SLOTS; i++) {
    struct slot *slot = &graph->slots[(number + i) % SLOTS];
    u32 free = 0;
    if (slot->used || !__atomic_compare_exchange_n(&slot->used, &free, 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) continue;
    slot->number = number;
    slot->held_count = slot->epoch = slot->lost = slot->wait_kind = slot->whose_tick = 0;
    slot->condition = 0;
    slot->hash[0] = 1;
    slot->known = graph->known[(number + i) % SLOTS];
    slot->random = (u32)mix(number ^ ((u64)control->noise_seed << 32)) | 1;
    return slot;
  }
  __atomic_add_fetch(&graph->slot_lost, 1, __ATOMIC_RELAXED);
  return NULL;
}

/* Handles come again after their threads have gone, so that the newest is right. What finds no place is joined without a word. */
static u32 *place_of(u64 handle, u32 i) { return &handles[(mix(handle) + i) % HANDLES]; }

static void put_handle(u32 number, u64 handle) {
  u64 none = 0;
  if (!__atomic_compare_exchange_n(&graph->threads[number].pthread, &none, handle, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) return;
  for (u32 i = 0; i < 16; i++) {
    u32 *place = place_of(handle, i), there = __atomic_load_n(place, __ATOMIC_ACQUIRE);
    const struct thread *old = there != 0 ? &graph->threads[there] : NULL;
    if (old != NULL && old->state < JOINED && old->pthread != handle) continue;
    if (__atomic_compare_exchange_n(place, &there, number, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) return;
  }
}

static struct thread *by_handle(pthread_t handle) {
  for (u32 i = 0; graph != NULL && i < 16; i++) {
    u32 number = __atomic_load_n(place_of((u64)handle, i), __ATOMIC_ACQUIRE);
    if (number == 0) return NULL;
    struct thread *thread = &graph->threads[number];
    if (thread->pthread == (u64)handle && thread->state < JOINED) return thread;
  }
  return NULL;
}

/* The calling thread gets its place. Without one it goes its way and nothing is written of it. */
static COLD struct slot *attach(u32 number) {
  if (graph == NULL || gone) return NULL;
  if (number == 0) number = number_thread(NULL, 0);
  struct slot *slot = claim_slot(number);
  if (slot == NULL) {
    gone = ENDED;
    return NULL;
  }
  struct thread *thread = thread_of(number);
  if (thread != NULL) {
    if (thread->state == 0) put_handle(number, (u64)REAL(pthread_self)());
    thread->tid = tid();
    thread->born = now() - graph->started;
    thread->slot = (u32)(slot - graph->slots);
    raw(SYS_prctl, PR_GET_NAME, (long)thread->name, 0, 0, 0, 0);
    /* Whoever made it may have detached it by now. */
    u32 unborn = 0;
    __atomic_compare_exchange_n(&thread->state, &unborn, LIVES, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  }
  if (has_key) REAL(pthread_setspecific)(last_rites, (void *)3);
  return mine = slot;
}

static inline struct slot *me(void) {
  struct slot *slot = mine;
  return likely(slot != NULL) ? slot : graph != NULL && !gone ? attach(0) : NULL;
}

static void add_up(const struct known *known);

/* A thread ends: its counts are added up and its place is free again. Other destructors may still take locks, so it goes last. */
static void detach(void *rounds) {
  struct slot *slot = mine;
  if (slot == NULL || graph == NULL || slot == &alone) return;
  if ((long)rounds > 1) {
    REAL(pthread_setspecific)(last_rites, (void *)((long)rounds - 1));
    return;
  }
  mine = NULL;
  gone = ENDED;
  struct thread *thread = thread_of(slot->number);
  if (thread != NULL) {
    thread->ended = now() - graph->started;
    raw(SYS_prctl, PR_GET_NAME, (long)thread->name, 0, 0, 0, 0);
    u32 alive = LIVES;
    if (!__atomic_compare_exchange_n(&thread->state, &alive, HAS_ENDED, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      thread->pthread = 0;
  }
  for (u32 i = 0; i < CACHE; i++) {
    if (slot->known[i].key == 0) continue;
    add_up(&slot->known[i]);
    slot->known[i] = (struct known){0, 0, 0};
  }
  slot->held_count = 0;
  __atomic_store_n(&slot->used, 0, __ATOMIC_RELEASE);
}

static void in_child(const struct slot *from) {
  /* The graph is the parent's. A child that makes threads of its own begins one of its own. */
  graph = NULL;
  code_count = reading_maps = resolving = beginning = fruitless = tried = resolved_version = 0;
  for (u32 i = 0; i < sizeof starts / sizeof starts[0]; i++) starts[i].used = 0;
  for (u32 i = 0; i < HANDLES; i++) handles[i] = 0;
  /* What the thread that forked held is held by the child's only thread. */
  u32 n = from != NULL && from != &alone ? MIN(from->held_count, HELD) : from == NULL ? 0 : alone.held_count;
  if (from != &alone)
    for (u32 i = 0; i < n; i++) {
      alone.held[i] = from->held[i];
      alone.hash[i + 1] = from->hash[i + 1];
    }
  alone.held_count = n;
  alone.lost = alone.wait_kind = 0;
  alone.condition = 0;
  for (u32 i = 0; i < CACHE; i++) known_alone[i].key = 0;
  gone = 0;
  mine = &alone;
}

/* For a fork that is made inside the C library, such as daemon()'s. */
static void in_forked(void) {
  if (control != NULL && gone != IN_FORK) in_child(mine);
}

/*
 * Handlers of the program's and of its allocator take and release locks around a fork, in the child too, where this thread's list would still
 * be the parent's. Nothing is written of what they do.
 */
#define FORK(name)                    \
  EXPORT pid_t name(void) {           \
    struct slot *t = mine;            \
    u8 was = gone;                    \
    mine = NULL;                      \
    gone = IN_FORK;                   \
    pid_t pid = REAL(name)();         \
    gone = was;                       \
    mine = t;                         \
    if (pid == 0 && control != NULL) in_child(t); \
    return pid;                       \
  }
FORK(fork)
FORK(_Fork)

/* The first thread is about to be made. */
static COLD void begin(void) {
  u32 free = 0;
  if (!__atomic_compare_exchange_n(&beginning, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
  if (graph == NULL && !tried) {
    tried = 1;
    if (__atomic_fetch_add(&control->processes, 1, __ATOMIC_RELAXED) >= PROCESSES) {
      __atomic_add_fetch(&control->processes_lost, 1, __ATOMIC_RELAXED);
      goto out;
    }
    u64 started = now();
    u32 pid = (u32)raw(SYS_getpid, 0, 0, 0, 0, 0, 0);
    char path[256];
    append(append_number(append(append_number(append(append(path, directory), "/"), pid), "-"), started), ".graph");
    long fd = raw(SYS_openat, AT_FDCWD, (long)path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644, 0, 0);
    if (fd < 0) goto out;
    raw(SYS_fchmod, fd, 0644, 0, 0, 0, 0);
    struct graph *made = NULL;
    if (raw(SYS_ftruncate, fd, sizeof(struct graph), 0, 0, 0, 0) == 0)
      made = (void *)raw(SYS_mmap, 0, sizeof(struct graph), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    raw(SYS_close, fd, 0, 0, 0, 0, 0);
    if (made == NULL || ((long)made < 0 && (long)made > -4096)) goto out;
    made->layout = LAYOUT_VERSION;
    made->pid = pid;
    made->started = started;
#if defined(__x86_64__)
    made->architecture = 1;
#else
    made->architecture = 2;
#endif
    raw(SYS_readlinkat, AT_FDCWD, (long)"/proc/self/exe", (long)made->executable, sizeof made->executable - 1, 0, 0);
    __atomic_store_n(&graph, made, __ATOMIC_RELEASE);
    read_maps();
    struct slot *slot = attach(0);
    if (slot != NULL)
      for (u32 i = 0; i < alone.held_count; i++) {
        slot->held[i] = alone.held[i];
        slot->hash[i + 1] = alone.hash[i + 1];
        slot->held_count = i + 1;
      }
    static const char magic[8] = "KVLOCKS";
    for (int i = 0; i < 8; i++) made->magic[i] = magic[i];
    __atomic_store_n(&made->ready, 1, __ATOMIC_RELEASE);
  }
out:
  __atomic_store_n(&beginning, 0, __ATOMIC_RELEASE);
}

static const char *setting(const char *name) {
  extern char **environ;
  for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
    const char *a = *entry, *b = name;
    while (*b && *a == *b) a++, b++;
    if (*b == 0 && *a == '=') return a + 1;
  }
  return NULL;
}

__attribute__((constructor)) static void load(void) {
  const char *where = setting("KVCHAOS_LOCKS");
  u32 length = 0;
  while (where != NULL && where[length]) length++;
  if (length == 0 || length >= sizeof directory) return;
  append(directory, where);
  char path[256];
  append(append(path, directory), "/control");
  long fd = raw(SYS_openat, AT_FDCWD, (long)path, O_RDWR | O_CLOEXEC, 0, 0, 0);
  if (fd < 0) return;
  long mapped = raw(SYS_mmap, 0, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  raw(SYS_close, fd, 0, 0, 0, 0, 0);
  if (mapped < 0 && mapped > -4096) return;
  struct control *read = (void *)mapped;
  if (read->layout != LAYOUT_VERSION) return;
  control = read;
  u32 n = __atomic_fetch_add(&read->loaded_count, 1, __ATOMIC_RELAXED);
  if (n < 32) raw(SYS_prctl, PR_GET_NAME, (long)read->loaded[n], 0, 0, 0, 0);
  /* Now, while there is one thread: later a look-up might meet a library that is being unloaded. */
#define FIND(name) find(&real_##name, #name);
  EVERY(FIND)
  int (*at_fork)(void (*)(void), void (*)(void), void (*)(void), void *) = look_up("__register_atfork");
  if (at_fork != NULL) at_fork(NULL, NULL, in_forked, NULL);
  /* One of the first 32 keys of a process has its place in every thread; for others the C library would allocate one. */
  has_key = REAL(pthread_key_create)(&last_rites, detach) == 0 && last_rites < 32;
  alone.hash[0] = 1;
  alone.known = known_alone;
  mine = &alone;
}

/* ---- writing down ---- */

static u64 digest(const char *name) {
  u64 h = 7;
  int digits = 0;
  for (int i = 0; i < 16 && name[i]; i++) {
    int digit = name[i] >= '0' && name[i] <= '9';
    if (digit && digits) continue; /* pool-7 and pool-12 do the same */
    h = h * 31 + (digit ? '#' : (u8)name[i]);
    digits = digit;
  }
  return h;
}

/*
 * Can 8 bytes be read there? The kernel reads them before it sees that there is no such way to change a thread's signals, and changes nothing.
 * process_vm_readv() would be the straight way, but containers forbid it.
 */
static int is_readable(u64 address) { return raw(SYS_rt_sigprocmask, -1, (long)address, 0, 8, 0, 0) != -EFAULT; }

/* As many bytes as the thread's stack has from there on. */
static u32 copy_stack(u64 from, void *into, u32 length) {
  u32 done = 0;
  from &= ~(u64)7;
  while (done < length && is_readable(from + done)) {
    u32 part = MIN(length - done, 4096 - (u32)((from + done) & 4095));
    for (u32 i = 0; i < part; i += 8) *(u64 *)((u8 *)into + done + i) = *(const volatile u64 *)(from + done + i);
    done += part;
  }
  return done;
}

/* The registers and the stack as they are, for a debugger that unwinds them later. */
static COLD u32 keep_stack(u32 number) {
#if defined(__x86_64__)
  u32 n = __atomic_fetch_add(&graph->stack_count, 1, __ATOMIC_RELAXED);
  if (n >= STACKS) return 0;
  struct stack *stack = &graph->stacks[n];
  __asm__ volatile("lea 0(%%rip), %%rax\n\tmov %%rax, 0(%0)\n\tmov %%rsp, 8(%0)\n\tmov %%rbp, 16(%0)\n\tmov %%rbx, 24(%0)\n\t"
                   "mov %%r12, 32(%0)\n\tmov %%r13, 40(%0)\n\tmov %%r14, 48(%0)\n\tmov %%r15, 56(%0)"
                   :: "r"(stack) : "rax", "memory");
  u64 sp = stack->sp;
  stack->number = number;
  stack->length = copy_stack(sp, stack->bytes, STACK_BYTES);
  return n + 1;
#else
  (void)number;
  return 0;
#endif
}


/* One dependency of a thread: what it holds, each with its place, and what it wants. */
static inline u64 key_of(const struct slot *t, u32 held, u64 address, u64 site, u8 mode, u32 generation) {
  u64 x = t->hash[held] + address * 0x9e3779b97f4a7c15u + site * 0xc2b2ae3d27d4eb4fu + (((u64)generation << 8) | mode);
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
  return x ^ (x >> 29);
}

/* Forgets what is held no longer: a lock that another thread released, or that was destroyed or made anew. */
static void forget_stale(struct slot *t) {
  u32 kept = 0;
  for (u32 i = 0; i < t->held_count; i++) {
    struct held *h = &t->held[i];
    if (is_stale(h)) continue;
    if (kept != i) t->held[kept] = *h;
    t->hash[kept + 1] = key_of(t, kept, h->address, h->site, h->mode, h->generation);
    kept++;
  }
  t->held_count = kept;
}

/* May a thread that holds it so take it so again? What cannot block is no dependency; what must, deadlocks with itself. */
static int blocks_itself(const struct held *h, void *lock, u8 mode, u8 kind, u8 flags) {
  if (kind == MUTEX) {
    int type = ((pthread_mutex_t *)lock)->__data.__kind & 3;
    return type != PTHREAD_MUTEX_RECURSIVE_NP && type != PTHREAD_MUTEX_ERRORCHECK_NP;
  }
  if (kind == RWLOCK && h->mode == SHARED && mode == SHARED) return (flags & PREFERS_WRITER) != 0;
  /* glibc answers EDEADLK to a writer that comes again. */
  return kind != RWLOCK || h->mode == SHARED;
}

static void seen_by(struct dependency *d, const struct slot *t) {
  for (int i = 0; i < SEEN; i++) {
    u32 number = __atomic_load_n(&d->seen[i].number, __ATOMIC_ACQUIRE);
    if (number == 0 && __atomic_compare_exchange_n(&d->seen[i].number, &number, t->number, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
      d->seen[i].last_epoch = d->seen[i].first_epoch = t->epoch;
      return;
    }
    if (number == t->number) {
      d->seen[i].last_epoch = t->epoch;
      return;
    }
  }
  if (!(d->flags & MANY_THREADS)) __atomic_or_fetch(&d->flags, MANY_THREADS, __ATOMIC_RELAXED);
}

/* One sample a tick, whichever thread it is of. */
static void seen_now(struct dependency *d, const struct slot *t) {
  seen_by(d, t);
  u32 tick = control->tick + 1, sampled = d->sampled;
  if (sampled == tick || !__atomic_compare_exchange_n(&d->sampled, &sampled, tick, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return;
  u64 at = now() - graph->started;
  u32 n = __atomic_fetch_add(&d->samples, 1, __ATOMIC_RELAXED);
  u32 i = n < SAMPLES ? n : SAMPLES / 2 + n % (SAMPLES / 2);
  d->sample[i].tick = tick - 1;
  d->sample[i].ms = (u32)(at / 1000000);
  d->last = at;
}

/* How much room the pattern of these call sites has left. Two threads at once may take one place too many. */
static u32 has_room(u64 pattern, int take) {
  for (u32 i = 0; i < 32; i++) {
    struct pattern *p = &graph->patterns[(pattern + i) % PATTERNS];
    u64 key = __atomic_load_n(&p->key, __ATOMIC_ACQUIRE);
    if (key == 0 && !__atomic_compare_exchange_n(&p->key, &key, pattern, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) && key != pattern)
      continue;
    if (key != 0 && key != pattern) continue;
    u32 count = __atomic_load_n(&p->count, __ATOMIC_RELAXED);
    if (count < BUDGET) {
      if (take) __atomic_fetch_add(&p->count, 1, __ATOMIC_RELAXED);
      return BUDGET - count;
    }
    if (p->lost == 0) p->lost = 1; /* read often by many threads, written once */
    return 0;
  }
  __atomic_add_fetch(&graph->pattern_lost, 1, __ATOMIC_RELAXED);
  return 0;
}

/* By name and by what it runs: threads of one pool are one. The name is asked for once a tick, and before anything new is written. */
static u64 whose(struct slot *t, int anew, char name[16]) {
  u32 tick = control->tick + 1;
  if (anew || t->whose_tick != tick) {
    struct thread *thread = thread_of(t->number);
    raw(SYS_prctl, PR_GET_NAME, (long)name, 0, 0, 0, 0);
    for (int i = 0; thread != NULL && i < 16; i++) thread->name[i] = name[i];
    t->whose = digest(name) + (thread != NULL ? thread->routine : 0);
    t->whose_tick = tick;
  }
  return t->whose;
}

static u64 whole_key(u64 key, u64 by) { return mix(key + by * 0x9e3779b97f4a7c15u) | 1; }

struct wanted { u64 key, address, site; u32 generation; u8 mode, kind, flags; };

static u64 pattern_of(const struct slot *t, const struct wanted *w, u64 by) {
  u64 pattern = mix(by + w->site * 0xc2b2ae3d27d4eb4fu + w->mode);
  for (u32 h = 0; h < t->held_count; h++) pattern = mix(pattern + t->held[h].site * 31 + t->held[h].mode);
  return pattern | 1;
}

/* NONE where there is no room. */
static COLD u32 new_dependency(const struct slot *t, const struct wanted *w, u64 by, u64 whole, const char name[16]) {
  u64 pattern = pattern_of(t, w, by);
  u32 room = has_room(pattern, 1);
  if (room == 0) return NONE;
  u32 made = __atomic_load_n(&graph->dependency_count, __ATOMIC_RELAXED);
  if (made < DEPS) made = __atomic_fetch_add(&graph->dependency_count, 1, __ATOMIC_RELAXED);
  if (made >= DEPS) {
    __atomic_add_fetch(&graph->dependency_lost, 1, __ATOMIC_RELAXED);
    return NONE;
  }
  struct dependency *d = &graph->dependencies[made];
  d->pattern = pattern;
  d->address = w->address;
  d->site = w->site;
  d->generation = w->generation;
  d->mode = w->mode;
  d->kind = w->kind;
  d->flags = w->flags | (t->held_count > DEPTH || t->lost ? TRUNCATED : 0);
  d->held_count = (u8)MIN(t->held_count, DEPTH);
  for (u32 h = 0; h < d->held_count; h++) d->held[h] = t->held[t->held_count - d->held_count + h];
  for (int c = 0; c < 16; c++) d->name[c] = name[c];
  d->first = now() - graph->started;
  look_for(w->site);
  /* Not of each: a store that makes locks per object would have filled the table before it serves its first client (Pika 3.5.5). */
  d->stack = room > BUDGET - STACKS_EACH ? keep_stack(t->number) : 0;
  __atomic_store_n(&d->key, whole, __ATOMIC_RELEASE);
  return made;
}

/* Its number, made where there is none; NONE where there is no room. */
static COLD u32 dependency_of(struct slot *t, const struct wanted *w) {
  char name[16] = {0};
  u64 by = whose(t, 0, name), whole = whole_key(w->key, by);
  u32 made = NONE;
  for (u32 i = 0; i < 64; i++) {
    u64 *entry = &graph->index[(whole + i) % INDEX], n = __atomic_load_n(entry, __ATOMIC_ACQUIRE);
    if (n == 0 && made == NONE) {
      if (!has_room(pattern_of(t, w, by), 0)) return NONE;
      u64 asked = whose(t, 1, name);
      if (asked != by) { /* it has another name by now */
        whole = whole_key(w->key, by = asked);
        i = NONE;
        continue;
      }
      made = new_dependency(t, w, by, whole, name);
      if (made == NONE) return NONE;
    }
    if (n == 0 && __atomic_compare_exchange_n(entry, &n, (whole & HIGH) | (made + 1), 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
      return made;
    u32 there = (u32)n - 1;
    if (n != 0 && (n & HIGH) == (whole & HIGH) && there < DEPS && graph->dependencies[there].key == whole) {
      if (made != NONE) graph->dependencies[made].key = 0; /* another thread was first */
      return there;
    }
  }
  if (made != NONE) graph->dependencies[made].key = 0;
  __atomic_add_fetch(&graph->dependency_lost, 1, __ATOMIC_RELAXED);
  return NONE;
}

static void add_up(const struct known *known) {
  if (known->count && known->dependency != NONE)
    __atomic_add_fetch(&graph->dependencies[known->dependency].count, known->count, __ATOMIC_RELAXED);
}

/* In the key of a line: what was seen in another tick or epoch has to be looked at again. */
static inline u64 now_and_here(const struct slot *t) {
  return ((u64)__atomic_load_n(&control->tick, __ATOMIC_RELAXED) << 32) | t->epoch;
}

/* Four lines of the cache share 64 bytes: the first is the one that was used last, when it is known among the four. */
static inline struct known *lines_of(const struct slot *t, u64 key) { return &t->known[(key >> 54) & ~3u]; }

/* What the first line of the cache does not know. Returns the key of what is wanted with what is held. */
static COLD u64 note(struct slot *t, void *lock, u64 site, u8 mode, u8 kind) {
  struct wanted w = {.address = (u64)lock, .site = site, .mode = mode, .kind = kind};
  forget_stale(t);
  w.generation = generation_of(lock, kind);
  w.key = key_of(t, t->held_count, w.address, site, mode, w.generation);
  u64 here = w.key ^ now_and_here(t);
  struct known *lines = lines_of(t, w.key), line;
  for (int i = 0; i < 4; i++) {
    if (lines[i].key != here) continue;
    line = lines[i];
    lines[i] = lines[0];
    lines[0] = line;
    lines[0].count++;
    return w.key;
  }
  if (kind == RWLOCK && ((pthread_rwlock_t *)lock)->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP)
    w.flags |= PREFERS_WRITER;
  int again = 0;
  for (u32 i = 0; i < t->held_count; i++) {
    if (t->held[i].address != w.address) continue;
    again = 1;
    if (kind != THREAD && blocks_itself(&t->held[i], lock, mode, kind, w.flags)) w.flags |= SELF;
  }
  line = (struct known){here, NONE, 1};
  if (graph != NULL && t != &alone) {
    if (!again || (w.flags & SELF)) line.dependency = dependency_of(t, &w);
    add_up(&lines[3]);
    if (line.dependency != NONE) seen_now(&graph->dependencies[line.dependency], t);
  }
  lines[3] = lines[2];
  lines[2] = lines[1];
  lines[1] = lines[0];
  lines[0] = line;
  return w.key;
}

/* ---- pauses ---- */

static void nap(u64 ns, const struct rule *rule) {
  u64 end = now() + ns;
  for (u64 at = now(); at < end; at = now()) {
    u64 part = MIN(end - at, 20000000u);
    struct timespec t = {(time_t)(part / 1000000000u), (long)(part % 1000000000u)};
    raw(SYS_nanosleep, (long)&t, 0, 0, 0, 0, 0);
    if (rule != NULL && !rule->enabled) return;
  }
}

static int ends_with(const char *line, const char *end) {
  u32 a = 0, b = 0;
  while (line[a] && line[a] != '\n') a++;
  while (end[b]) b++;
  while (b && a && line[a - 1] == end[b - 1]) a--, b--;
  return b == 0;
}

/* Where the modules' parts are in this process: anew after every change of the rules. One thread does it, the others go by what was. */
static COLD void resolve(void) {
  u32 free = 0;
  if (!__atomic_compare_exchange_n(&resolving, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
  u32 version = control->version;
  read_maps();
  for (u32 r = 0; r < MIN(control->range_count, RANGES); r++) {
    struct range *range = &control->ranges[r];
    int found = 0;
    for (int i = 0; i < 4; i++) resolved[r][i].from = resolved[r][i].to = 0;
    for (const char *line = graph->maps; *line && found < 4;) {
      u64 from = hex(&line);
      line++;
      u64 to = hex(&line);
      int executable = line[3] == 'x';
      line += 6;
      u64 offset = hex(&line);
      if (executable && ends_with(line, range->module) && range->from < offset + (to - from) && range->to > offset) {
        resolved[r][found].from = range->from > offset ? from + (range->from - offset) : from;
        resolved[r][found++].to = MIN(to, from + (range->to - offset));
      }
      while (*line && *line++ != '\n');
    }
  }
  resolved_version = version;
  __atomic_store_n(&resolving, 0, __ATOMIC_RELEASE);
}

static int in_range(u64 site, u32 r) {
  for (int i = 0; r < RANGES && i < 4 && resolved[r][i].to; i++)
    if (site >= resolved[r][i].from && site < resolved[r][i].to) return 1;
  return 0;
}

static int matches(const char *pattern, const char *name) {
  for (; *pattern; pattern++, name++) {
    if (*pattern == '*') {
      while (*pattern == '*') pattern++;
      for (; ; name++) {
        if (matches(pattern, name)) return 1;
        if (*name == 0) return 0;
      }
    }
    if (*name == 0 || (*pattern != '?' && *pattern != *name)) return 0;
  }
  return *name == 0;
}

/* A return address on the stack, further up than the call site: what looks like one counts, at the cost of a pause too many. */
static int called_from(const struct rule *rule) {
  /* Behind our own variables, in which something of an earlier call may stand. */
  u64 here = (u64)__builtin_frame_address(0), words[64];
  for (u32 part = 0; part < 16; part++) {
    u32 got = copy_stack(here + part * sizeof words, words, sizeof words);
    for (u32 i = 0; i < got / 8; i++)
      for (u32 r = 0; r < rule->site_count; r++)
        if (in_range(words[i], rule->site[r])) return 1;
    if (got < sizeof words) break;
  }
  return 0;
}

static int applies(struct slot *t, struct rule *rule, u64 site, u8 mode, u8 kind) {
  if ((rule->mode && rule->mode != mode) || (rule->kind && rule->kind != kind)) return 0;
  /* After: what was wanted is held by now, on top. */
  u32 held = t->held_count - (rule->after && t->held_count ? 1 : 0);
  u32 here = rule->site_count == 0;
  for (u32 s = 0; s < MIN(rule->site_count, PAUSE_RANGES) && !here; s++) here = (u32)in_range(site, rule->site[s]);
  if (!here && !rule->unwinds) return 0;
  for (u32 h = 0; h < MIN(rule->held_count, PAUSE_RANGES); h++) {
    u32 holds = 0;
    for (u32 i = 0; i < held && !holds; i++) holds = (u32)in_range(t->held[i].site, rule->held[h]);
    if (!holds) return 0;
  }
  if (rule->thread[0]) {
    char name[16];
    raw(SYS_prctl, PR_GET_NAME, (long)name, 0, 0, 0, 0);
    if (!matches(rule->thread, name)) return 0;
  }
  return here || called_from(rule);
}

static COLD void maybe_pause(struct slot *t, u64 site, u8 mode, u8 kind, u32 after) {
  if (graph == NULL || t == &alone) return;
  if (resolved_version != control->version) resolve();
  if (control->noise_probability && !after) {
    t->random ^= t->random << 13;
    t->random ^= t->random >> 17;
    t->random ^= t->random << 5;
    if (t->random <= control->noise_probability) nap((mix(t->random) % (control->noise_max_us + 1)) * 1000u, NULL);
  }
  for (u32 i = 0; i < MIN(control->rule_count, RULES); i++) {
    struct rule *rule = &control->rules[i];
    if (!rule->enabled || rule->after != after || !applies(t, rule, site, mode, kind)) continue;
    u32 passed = __atomic_fetch_add(&rule->passed, 1, __ATOMIC_RELAXED);
    if (rule->every > 1 && passed % rule->every != rule->every - 1) continue;
    if ((u32)mix(((u64)rule->seed << 32) | passed) > rule->probability) continue;
    if (__atomic_fetch_add(&rule->hits, 1, __ATOMIC_RELAXED) >= rule->max_hits) {
      __atomic_fetch_sub(&rule->hits, 1, __ATOMIC_RELAXED);
      continue;
    }
    rule->last_hit = now();
    rule->last_number = t->number;
    raw(SYS_prctl, PR_GET_NAME, (long)rule->last_name, 0, 0, 0, 0);
    __atomic_fetch_add(&rule->pausing, 1, __ATOMIC_RELAXED);
    u32 kind_before = t->wait_kind;
    t->wait_kind = PAUSED;
    nap((u64)rule->length_us * 1000u, rule);
    t->wait_kind = kind_before;
    __atomic_fetch_sub(&rule->pausing, 1, __ATOMIC_RELAXED);
  }
}

/* ---- the hot path ---- */

static HOT u64 wants(struct slot *t, void *lock, u64 site, u8 mode, u8 kind, u32 *generation) {
  u64 address = (u64)lock;
  u64 key = key_of(t, t->held_count, address, site, mode, *generation = generation_of(lock, kind));
  struct known *known = lines_of(t, key);
  if (likely(known->key == (key ^ now_and_here(t)))) known->count++;
  else key = note(t, lock, site, mode, kind);
  if (unlikely(control->active)) maybe_pause(t, site, mode, kind, 0);
  return key;
}

static HOT void took(struct slot *t, void *lock, u64 site, u8 mode, u8 kind, u32 generation, u64 key) {
  u32 n = t->held_count;
  if (unlikely(n >= HELD)) {
    t->lost++;
    if (graph != NULL) __atomic_add_fetch(&graph->held_lost, 1, __ATOMIC_RELAXED);
    return;
  }
  struct held *h = &t->held[n];
  h->address = (u64)lock;
  h->site = site;
  h->generation = generation;
  h->age = __atomic_load_n(&last_age, __ATOMIC_RELAXED);
  h->mode = mode;
  h->kind = kind;
  t->hash[n + 1] = key;
  __atomic_store_n(&t->held_count, n + 1, __ATOMIC_RELEASE);
  if (unlikely(control->active)) maybe_pause(t, site, mode, kind, 1);
}

/* The C library lets nobody but its owner release such a mutex. */
static int is_owners_alone(const pthread_mutex_t *mutex) {
  int kind = mutex->__data.__kind, type = kind & 3;
  return type == PTHREAD_MUTEX_RECURSIVE_NP || type == PTHREAD_MUTEX_ERRORCHECK_NP || (kind & (ROBUST | INHERITS_PRIORITY));
}

static COLD void released_out_of_order(struct slot *t, u64 address, u8 kind) {
  for (u32 i = t->held_count; i-- > 0;) {
    if (t->held[i].address != address) continue;
    for (u32 j = i; j + 1 < t->held_count; j++) {
      struct held *h = &t->held[j];
      *h = t->held[j + 1];
      t->hash[j + 1] = key_of(t, j, h->address, h->site, h->mode, h->generation);
    }
    t->held_count--;
    return;
  }
  /* Released for another thread, whose list must not keep it. */
  if (t->lost) t->lost--;
  else if (t->condition == address) { /* or after it was cancelled in a wait, which left the mutex with it */
    t->condition = 0;
    t->wait_kind = 0;
  } else if (kind != MUTEX || !is_owners_alone((void *)address)) age(address);
}

static HOT void releases(void *lock, u8 kind) {
  struct slot *t = mine;
  if (t == NULL) return;
  u32 n = t->held_count;
  if (likely(n != 0 && t->held[n - 1].address == (u64)lock)) __atomic_store_n(&t->held_count, n - 1, __ATOMIC_RELEASE);
  else released_out_of_order(t, (u64)lock, kind);
}

static void anew(void *lock) { age((u64)lock); }

/* ---- waits while something is held ---- */

static inline u64 wait_begins(struct slot *t, u32 kind, u64 site) {
  if (likely(t == NULL || t->held_count == 0 || graph == NULL)) return 0;
  u64 since = now();
  t->wait_site = site;
  t->wait_since = since;
  t->wait_kind = kind;
  return since;
}

static COLD void waited(struct slot *t, u32 kind, u64 site, u64 took_ns, u64 since) {
  u64 key = mix(kind + site * 0xc2b2ae3d27d4eb4fu);
  for (u32 h = 0; h < t->held_count; h++) key = mix(key + t->held[h].site * 31 + t->held[h].mode);
  key |= 1;
  for (u32 i = 0; i < 32; i++) {
    struct wait *w = &graph->waits[(key + i) % WAITS];
    u64 there = __atomic_load_n(&w->key, __ATOMIC_ACQUIRE);
    if (there == 0 && __atomic_compare_exchange_n(&w->key, &there, key, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
      w->site = site;
      w->held_count = MIN(t->held_count, DEPTH);
      for (u32 h = 0; h < w->held_count; h++) w->held[h] = t->held[t->held_count - w->held_count + h];
      w->kind = kind;
      look_for(site);
      w->stack = keep_stack(t->number);
      there = key;
    }
    if (there != key) continue;
    __atomic_add_fetch(&w->count, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&w->total, took_ns, __ATOMIC_RELAXED);
    if (took_ns > w->longest) {
      w->longest = took_ns;
      w->when = since - graph->started;
      w->number = t->number;
      raw(SYS_prctl, PR_GET_NAME, (long)w->name, 0, 0, 0, 0);
    }
    return;
  }
  __atomic_add_fetch(&graph->wait_lost, 1, __ATOMIC_RELAXED);
}

static inline void wait_ends(struct slot *t, u32 kind, u64 site, u64 since) {
  if (likely(since == 0)) return;
  t->wait_kind = 0;
  u64 took_ns = now() - since;
  if (took_ns >= (u64)control->long_wait_ms * 1000000u) waited(t, kind, site, took_ns, since);
}

/* ---- what servers call ---- */

#define TAKE(name, type, mode, kind)                       \
  EXPORT int name(type *lock) {                            \
    struct slot *t = me();                                 \
    if (unlikely(t == NULL)) return REAL(name)(lock);      \
    u32 generation;                                        \
    u64 key = wants(t, (void *)lock, SITE, mode, kind, &generation); \
    int result = REAL(name)(lock);                         \
    if (likely(result == 0 || result == EOWNERDEAD)) took(t, (void *)lock, SITE, mode, kind, generation, key); \
    return result;                                         \
  }
/* Never blocks for ever, so that nothing depends on it; but what it got is held. */
#define TRY(name, type, mode, kind, parameters, arguments) \
  EXPORT int name parameters {                             \
    int result = REAL(name) arguments;                     \
    struct slot *t;                                        \
    if ((result == 0 || result == EOWNERDEAD) && (t = me()) != NULL) { \
      u32 generation = generation_of((void *)lock, kind);  \
      took(t, (void *)lock, SITE, mode, kind, generation, key_of(t, t->held_count, (u64)lock, SITE, mode, generation)); \
    }                                                      \
    return result;                                         \
  }
#define RELEASE(name, type, kind)   \
  EXPORT int name(type *lock) {     \
    releases((void *)lock, kind);   \
    return REAL(name)(lock);        \
  }
#define ANEW(name, parameters, arguments) \
  EXPORT int name parameters {            \
    anew((void *)lock);                   \
    return REAL(name) arguments;          \
  }
#define TIMED_PARAMETERS(type) (type * lock, const struct timespec *until)
#define CLOCK_PARAMETERS(type) (type * lock, clockid_t clock, const struct timespec *until)

TAKE(pthread_mutex_lock, pthread_mutex_t, EXCLUSIVE, MUTEX)
TRY(pthread_mutex_trylock, pthread_mutex_t, EXCLUSIVE, MUTEX, (pthread_mutex_t * lock), (lock))
TRY(pthread_mutex_timedlock, pthread_mutex_t, EXCLUSIVE, MUTEX, TIMED_PARAMETERS(pthread_mutex_t), (lock, until))
TRY(pthread_mutex_clocklock, pthread_mutex_t, EXCLUSIVE, MUTEX, CLOCK_PARAMETERS(pthread_mutex_t), (lock, clock, until))
RELEASE(pthread_mutex_unlock, pthread_mutex_t, MUTEX)
ANEW(pthread_mutex_init, (pthread_mutex_t * lock, const pthread_mutexattr_t *attributes), (lock, attributes))
ANEW(pthread_mutex_destroy, (pthread_mutex_t * lock), (lock))

TAKE(pthread_rwlock_rdlock, pthread_rwlock_t, SHARED, RWLOCK)
TAKE(pthread_rwlock_wrlock, pthread_rwlock_t, EXCLUSIVE, RWLOCK)
TRY(pthread_rwlock_tryrdlock, pthread_rwlock_t, SHARED, RWLOCK, (pthread_rwlock_t * lock), (lock))
TRY(pthread_rwlock_trywrlock, pthread_rwlock_t, EXCLUSIVE, RWLOCK, (pthread_rwlock_t * lock), (lock))
TRY(pthread_rwlock_timedrdlock, pthread_rwlock_t, SHARED, RWLOCK, TIMED_PARAMETERS(pthread_rwlock_t), (lock, until))
TRY(pthread_rwlock_timedwrlock, pthread_rwlock_t, EXCLUSIVE, RWLOCK, TIMED_PARAMETERS(pthread_rwlock_t), (lock, until))
TRY(pthread_rwlock_clockrdlock, pthread_rwlock_t, SHARED, RWLOCK, CLOCK_PARAMETERS(pthread_rwlock_t), (lock, clock, until))
TRY(pthread_rwlock_clockwrlock, pthread_rwlock_t, EXCLUSIVE, RWLOCK, CLOCK_PARAMETERS(pthread_rwlock_t), (lock, clock, until))
RELEASE(pthread_rwlock_unlock, pthread_rwlock_t, RWLOCK)
ANEW(pthread_rwlock_init, (pthread_rwlock_t * lock, const pthread_rwlockattr_t *attributes), (lock, attributes))
ANEW(pthread_rwlock_destroy, (pthread_rwlock_t * lock), (lock))

TAKE(pthread_spin_lock, pthread_spinlock_t, EXCLUSIVE, SPIN)
TRY(pthread_spin_trylock, pthread_spinlock_t, EXCLUSIVE, SPIN, (pthread_spinlock_t * lock), (lock))
RELEASE(pthread_spin_unlock, pthread_spinlock_t, SPIN)
ANEW(pthread_spin_init, (pthread_spinlock_t * lock, int shared), (lock, shared))
ANEW(pthread_spin_destroy, (pthread_spinlock_t * lock), (lock))

/*
 * While a condition is waited for its mutex is free; afterwards it was taken again, with whatever else is held. Where the
 * call was wrong, it has not waited: the mutex is somebody else's (EPERM) or still the caller's (EINVAL).
 */
#define CONDITION_WAIT(name, parameters, arguments)                            \
  EXPORT int name parameters {                                                 \
    struct slot *t = me();                                                     \
    if (unlikely(t == NULL)) return REAL(name) arguments;                      \
    u64 site = SITE;                                                           \
    releases((void *)mutex, MUTEX);                                            \
    t->condition = (u64)mutex;                                                 \
    u64 since = wait_begins(t, CONDITION, site);                               \
    int result = REAL(name) arguments;                                         \
    wait_ends(t, CONDITION, site, since);                                      \
    t->condition = 0;                                                          \
    if (unlikely(result == EPERM)) return result;                              \
    u32 generation = generation_of(mutex, MUTEX);                              \
    u64 key = unlikely(result == EINVAL)                                       \
                  ? key_of(t, t->held_count, (u64)mutex, site, EXCLUSIVE, generation) \
                  : wants(t, (void *)mutex, site, EXCLUSIVE, MUTEX, &generation); \
    took(t, (void *)mutex, site, EXCLUSIVE, MUTEX, generation, key);           \
    return result;                                                             \
  }
CONDITION_WAIT(pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t *mutex), (condition, mutex))
CONDITION_WAIT(pthread_cond_timedwait, (pthread_cond_t * condition, pthread_mutex_t *mutex, const struct timespec *until),
               (condition, mutex, until))
CONDITION_WAIT(pthread_cond_clockwait,
               (pthread_cond_t * condition, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until),
               (condition, mutex, clock, until))

/* ---- threads ---- */

static void *run(void *given) {
  struct start *start = given;
  void *(*routine)(void *) = start->routine;
  void *argument = start->argument;
  u32 number = start->number;
  __atomic_store_n(&start->used, 0, __ATOMIC_RELEASE);
  attach(number);
  return routine(argument);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*routine)(void *), void *argument) {
  if (control != NULL && graph == NULL && mine == &alone) begin();
  struct slot *t = me();
  struct start *start = NULL;
  for (u32 i = 0; graph != NULL && i < sizeof starts / sizeof starts[0]; i++) {
    u32 free = 0;
    if (starts[i].used || !__atomic_compare_exchange_n(&starts[i].used, &free, 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) continue;
    start = &starts[i];
    break;
  }
  if (start == NULL) return REAL(pthread_create)(thread, attributes, routine, argument);
  start->routine = routine;
  start->argument = argument;
  u32 number = start->number = number_thread(t, (u64)routine);
  if (t != NULL) t->epoch++;
  struct thread *made = thread_of(number);
  int detached = PTHREAD_CREATE_JOINABLE;
  if (attributes != NULL && REAL(pthread_attr_getdetachstate)(attributes, &detached) == 0 && detached == PTHREAD_CREATE_DETACHED &&
      made != NULL)
    made->state = DETACHED;
  int result = REAL(pthread_create)(thread, attributes, run, start);
  if (result != 0) {
    if (made != NULL) made->number = 0;
    __atomic_store_n(&start->used, 0, __ATOMIC_RELEASE);
    return result;
  }
  /* It tells its handle itself, but may be joined before it has. By then it may also have freed the memory that `thread` points to. */
  pthread_t handle;
  struct iovec here = {&handle, sizeof handle}, there = {thread, sizeof handle};
  if (made != NULL && detached == PTHREAD_CREATE_JOINABLE && made->pthread == 0 &&
      raw(SYS_process_vm_readv, raw(SYS_getpid, 0, 0, 0, 0, 0, 0), (long)&here, 1, (long)&there, 1, 0) == (long)sizeof handle)
    put_handle(number, (u64)handle);
  return 0;
}

/* All of it was before what its joiner does from now on, and under what that held all the time if it made it. */
static void has_joined(struct slot *t, struct thread *target) {
  u32 n = 0;
  for (u32 i = 0; i < t->held_count && n < WITHIN && target->parent == t->number; i++)
    if ((int)(target->age - t->held[i].age) > 0 && !is_stale(&t->held[i])) target->within[n++] = t->held[i];
  target->within_count = n;
  target->joined_by = t->number;
  target->joined_epoch = ++t->epoch;
  target->state = JOINED;
}

/* A thread is held by itself as long as it lives, and whoever joins it wants it. */
static int joins(int (*join)(pthread_t, void *), pthread_t handle, void *rest, u64 site) {
  struct slot *t = me();
  struct thread *target = t != NULL ? by_handle(handle) : NULL;
  if (target == NULL) return join(handle, rest);
  u32 generation, alive = __atomic_load_n(&target->state, __ATOMIC_RELAXED) != HAS_ENDED;
  u64 key = wants(t, (void *)(u64)target->number, site, EXCLUSIVE, THREAD, &generation);
  /* Of the lines there the first is the one just used. */
  u32 n = lines_of(t, key)->dependency;
  if (alive && n != NONE && graph->dependencies[n].kind == THREAD && graph->dependencies[n].address == target->number)
    __atomic_or_fetch(&graph->dependencies[n].flags, WAITED, __ATOMIC_RELAXED);
  u64 since = wait_begins(t, JOIN, site);
  int result = join(handle, rest);
  wait_ends(t, JOIN, site, since);
  if (result == 0) has_joined(t, target);
  return result;
}

static int plain_join(pthread_t handle, void *value) { return REAL(pthread_join)(handle, value); }
EXPORT int pthread_join(pthread_t thread, void **value) { return joins(plain_join, thread, value, SITE); }

static void joined(pthread_t handle, int result) {
  struct slot *t = mine;
  struct thread *target = result == 0 && t != NULL ? by_handle(handle) : NULL;
  if (target != NULL) has_joined(t, target);
}
EXPORT int pthread_tryjoin_np(pthread_t thread, void **value) {
  int result = REAL(pthread_tryjoin_np)(thread, value);
  joined(thread, result);
  return result;
}
EXPORT int pthread_timedjoin_np(pthread_t thread, void **value, const struct timespec *until) {
  int result = REAL(pthread_timedjoin_np)(thread, value, until);
  joined(thread, result);
  return result;
}
EXPORT int pthread_clockjoin_np(pthread_t thread, void **value, clockid_t clock, const struct timespec *until) {
  int result = REAL(pthread_clockjoin_np)(thread, value, clock, until);
  joined(thread, result);
  return result;
}
EXPORT int pthread_detach(pthread_t thread) {
  struct thread *target = mine != NULL ? by_handle(thread) : NULL;
  if (target != NULL) target->state = DETACHED;
  return REAL(pthread_detach)(thread);
}

/* ---- calls that may take long: how long, while a lock was held ---- */

#define SLOW(kind, result_type, name, parameters, arguments) \
  EXPORT result_type name parameters {                       \
    struct slot *t = mine;                                   \
    u64 since = wait_begins(t, kind, SITE);                  \
    result_type result = REAL(name) arguments;               \
    wait_ends(t, kind, SITE, since);                         \
    return result;                                           \
  }
SLOW(IO, int, poll, (struct pollfd * sockets, nfds_t count, int timeout), (sockets, count, timeout))
SLOW(IO, int, ppoll, (struct pollfd * sockets, nfds_t count, const struct timespec *timeout, const sigset_t *signals),
     (sockets, count, timeout, signals))
SLOW(IO, int, select, (int count, fd_set *in, fd_set *out, fd_set *other, struct timeval *timeout), (count, in, out, other, timeout))
SLOW(IO, int, epoll_wait, (int fd, struct epoll_event *events, int most, int timeout), (fd, events, most, timeout))
SLOW(IO, int, epoll_pwait, (int fd, struct epoll_event *events, int most, int timeout, const sigset_t *signals),
     (fd, events, most, timeout, signals))
SLOW(IO, ssize_t, read, (int fd, void *into, size_t length), (fd, into, length))
SLOW(IO, ssize_t, recv, (int fd, void *into, size_t length, int flags), (fd, into, length, flags))
SLOW(IO, ssize_t, recvfrom, (int fd, void *into, size_t length, int flags, struct sockaddr *from, socklen_t *from_length),
     (fd, into, length, flags, from, from_length))
SLOW(IO, ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
SLOW(IO, int, connect, (int fd, const struct sockaddr *to, socklen_t length), (fd, to, length))
SLOW(IO, int, accept, (int fd, struct sockaddr *from, socklen_t *length), (fd, from, length))
SLOW(IO, int, accept4, (int fd, struct sockaddr *from, socklen_t *length, int flags), (fd, from, length, flags))
SLOW(IO, int, fsync, (int fd), (fd))
SLOW(IO, int, fdatasync, (int fd), (fd))
SLOW(SLEEP, int, nanosleep, (const struct timespec *length, struct timespec *rest), (length, rest))
SLOW(SLEEP, int, clock_nanosleep, (clockid_t clock, int flags, const struct timespec *length, struct timespec *rest),
     (clock, flags, length, rest))
SLOW(SLEEP, int, usleep, (useconds_t length), (length))
SLOW(SLEEP, unsigned, sleep, (unsigned length), (length))
SLOW(SEMAPHORE, int, sem_wait, (sem_t * semaphore), (semaphore))
SLOW(SEMAPHORE, int, sem_timedwait, (sem_t * semaphore, const struct timespec *until), (semaphore, until))

#ifdef PRINT_LAYOUT
/* Made as a program, this file prints how its tables lie, as JSON: whoever reads them has it from here. */
#include <stdio.h>
#define FIELD(type, field) printf("%s\"" #field "\":[%zu,%zu]", first ? "" : ",", offsetof(struct type, field), sizeof(((struct type *)0)->field)), first = 0
#define TYPE(type) printf("%s\"" #type "\":{\"size\":%zu,\"fields\":{", types++ ? "," : "\"types\":{", sizeof(struct type)), first = 1
#define END printf("}}")
int main(void) {
  int types = 0, first;
  printf("{\"version\":%d,", LAYOUT_VERSION);
  TYPE(held); FIELD(held, address); FIELD(held, site); FIELD(held, generation); FIELD(held, mode); FIELD(held, kind); END;
  TYPE(thread); FIELD(thread, routine); FIELD(thread, born); FIELD(thread, ended); FIELD(thread, number); FIELD(thread, tid);
  FIELD(thread, parent); FIELD(thread, parent_epoch); FIELD(thread, joined_by); FIELD(thread, joined_epoch); FIELD(thread, state);
  FIELD(thread, name); FIELD(thread, within_count); FIELD(thread, within); END;
  TYPE(slot); FIELD(slot, used); FIELD(slot, number); FIELD(slot, held_count); FIELD(slot, held); FIELD(slot, wait_kind);
  FIELD(slot, wait_site); FIELD(slot, wait_since); END;
  TYPE(known); FIELD(known, dependency); FIELD(known, count); END;
  TYPE(dependency); FIELD(dependency, key); FIELD(dependency, pattern); FIELD(dependency, address); FIELD(dependency, site);
  FIELD(dependency, generation); FIELD(dependency, mode); FIELD(dependency, kind); FIELD(dependency, flags);
  FIELD(dependency, held_count); FIELD(dependency, stack); FIELD(dependency, count); FIELD(dependency, seen); FIELD(dependency, sample);
  FIELD(dependency, samples); FIELD(dependency, first); FIELD(dependency, last); FIELD(dependency, name); FIELD(dependency, held); END;
  TYPE(pattern); FIELD(pattern, key); FIELD(pattern, count); FIELD(pattern, lost); END;
  TYPE(wait); FIELD(wait, key); FIELD(wait, site); FIELD(wait, longest); FIELD(wait, total); FIELD(wait, when); FIELD(wait, count);
  FIELD(wait, kind); FIELD(wait, held_count); FIELD(wait, number); FIELD(wait, stack); FIELD(wait, name); FIELD(wait, held); END;
  TYPE(stack); FIELD(stack, pc); FIELD(stack, sp); FIELD(stack, bp); FIELD(stack, bx); FIELD(stack, r12); FIELD(stack, r13);
  FIELD(stack, r14); FIELD(stack, r15); FIELD(stack, number); FIELD(stack, length); FIELD(stack, bytes); END;
  TYPE(graph); FIELD(graph, magic); FIELD(graph, layout); FIELD(graph, pid); FIELD(graph, started); FIELD(graph, thread_count);
  FIELD(graph, dependency_count); FIELD(graph, dependency_lost); FIELD(graph, pattern_lost); FIELD(graph, wait_lost);
  FIELD(graph, stack_count); FIELD(graph, held_lost); FIELD(graph, slot_lost); FIELD(graph, maps_length); FIELD(graph, maps_version); FIELD(graph, ready);
  FIELD(graph, executable); FIELD(graph, maps); FIELD(graph, threads); FIELD(graph, slots); FIELD(graph, known);
  FIELD(graph, dependencies); FIELD(graph, patterns); FIELD(graph, waits); FIELD(graph, stacks); END;
  TYPE(range); FIELD(range, module); FIELD(range, from); FIELD(range, to); END;
  TYPE(rule); FIELD(rule, enabled); FIELD(rule, after); FIELD(rule, every); FIELD(rule, probability); FIELD(rule, max_hits);
  FIELD(rule, length_us); FIELD(rule, site_count); FIELD(rule, held_count); FIELD(rule, mode); FIELD(rule, kind); FIELD(rule, unwinds);
  FIELD(rule, seed); FIELD(rule, thread); FIELD(rule, site); FIELD(rule, held); FIELD(rule, passed); FIELD(rule, hits);
  FIELD(rule, pausing); FIELD(rule, last_number); FIELD(rule, last_hit);
  FIELD(rule, last_name); END;
  TYPE(control); FIELD(control, magic); FIELD(control, layout); FIELD(control, version); FIELD(control, tick); FIELD(control, active);
  FIELD(control, noise_probability); FIELD(control, noise_max_us); FIELD(control, noise_seed); FIELD(control, long_wait_ms);
  FIELD(control, processes); FIELD(control, processes_lost); FIELD(control, range_count); FIELD(control, rule_count);
  FIELD(control, loaded_count); FIELD(control, loaded);
  FIELD(control, ranges); FIELD(control, rules); END;
  printf("}}\n");
  return 0;
}
#endif
