/*
 * Loaded into a server by LD_PRELOAD, it stands between the server and the C library, and does as the control file says, which the harness
 * and every process of the container have mapped:
 *
 *   clock     CLOCK_REALTIME, gettimeofday and time are ahead or behind, by a step and by a drift; waits until a moment of that clock end
 *             when the server's own clock says so
 *   disk      writes and syncs of files in the data directory fail, all or some
 *   power     what was synced is noted, file by file: on a power cut the harness takes away the rest
 *
 * Not seen: what a program does without the C library (static binaries, io_uring, its own system calls), and what the C library does inside
 * itself: stdio's own writes are seen at fwrite and fflush, not below. A file that is mapped for shared writing is noted as such.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))
#define NAMES 32
#define FILES 65536
#define SECOND 1000000000LL
#define LAYOUT 1

struct synced {
  _Atomic uint64_t inode; /* 0: free */
  _Atomic int64_t born;   /* ns; tells a file from another one that had its inode before */
  _Atomic uint64_t size;  /* bytes that are safe */
  _Atomic uint64_t mapped;
};

/* interpose-folder.ts reads and writes it by these places. */
struct control {
  uint32_t layout;
  _Atomic uint32_t loaded;
  char names[NAMES][16];
  _Atomic int64_t clock_step; /* ns */
  _Atomic int64_t clock_drift; /* ns per second */
  _Atomic int64_t drift_since; /* ns of CLOCK_MONOTONIC */
  _Atomic uint32_t write_error; /* errno; 0: none */
  _Atomic uint32_t sync_error;
  _Atomic uint32_t probability; /* of 1000000 */
  _Atomic uint32_t full; /* the table of files is full */
  _Atomic uint64_t failed_writes;
  _Atomic uint64_t failed_syncs;
  _Atomic uint64_t syncs;
  _Atomic uint64_t overwrites; /* of bytes that were safe */
  _Atomic int64_t began; /* ns of CLOCK_REALTIME: files from before are safe */
  char directory[256]; /* of the data */
  struct synced files[FILES];
};
_Static_assert(offsetof(struct control, clock_step) == 520, "places");
_Static_assert(offsetof(struct control, write_error) == 544, "places");
_Static_assert(offsetof(struct control, failed_writes) == 560, "places");
_Static_assert(offsetof(struct control, directory) == 600, "places");
_Static_assert(offsetof(struct control, files) == 856, "places");
_Static_assert(sizeof(struct synced) == 32, "places");

static struct control *control;
static _Atomic uint64_t directory_device;

static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }

#define REAL(name)                                      \
  static __typeof__(name) *_Atomic real_##name;         \
  __typeof__(name) *real = real_##name;                 \
  if (real == NULL) real_##name = real = next(#name);

__attribute__((constructor)) static void load(void) {
  const char *folder = getenv("KVCHAOS_INTERPOSE");
  char path[256];
  if (folder == NULL || snprintf(path, sizeof path, "%s/control", folder) >= (int)sizeof path) return;
  int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *map = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  if (map == MAP_FAILED || ((struct control *)map)->layout != LAYOUT) return;
  control = map;
  struct timespec now;
  int64_t never = 0;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  atomic_compare_exchange_strong(&control->began, &never, now.tv_sec * SECOND + now.tv_nsec);
  uint32_t number = atomic_fetch_add(&control->loaded, 1);
  if (number < NAMES) prctl(PR_GET_NAME, control->names[number]);
}

/* ---- clock ---- */

static int64_t nanoseconds(clockid_t id) {
  struct timespec now;
  syscall(SYS_clock_gettime, id, &now);
  return now.tv_sec * SECOND + now.tv_nsec;
}

static int64_t skew(void) {
  if (control == NULL) return 0;
  int64_t drift = atomic_load(&control->clock_drift);
  int64_t step = atomic_load(&control->clock_step);
  if (drift == 0) return step;
  int64_t passed = nanoseconds(CLOCK_MONOTONIC) - atomic_load(&control->drift_since);
  return step + (int64_t)((__int128)passed * drift / SECOND);
}

static int is_wall(clockid_t id) { return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_TAI; }

static struct timespec shifted(struct timespec time, int64_t by) {
  int64_t whole = time.tv_sec * SECOND + time.tv_nsec + by;
  if (whole < 0) whole = 0;
  return (struct timespec){whole / SECOND, whole % SECOND};
}

/* A deadline on the server's own clock as one of the kernel's. Small ones are of a clock that counts from the machine's start. */
static const struct timespec *deadline(const struct timespec *time, struct timespec *room) {
  int64_t by = skew();
  if (by == 0 || time == NULL || time->tv_sec < 500000000) return time;
  *room = shifted(*time, -by);
  return room;
}

PUBLIC int clock_gettime(clockid_t id, struct timespec *time) {
  REAL(clock_gettime)
  int result = real(id, time);
  int64_t by;
  if (result == 0 && is_wall(id) && (by = skew()) != 0) *time = shifted(*time, by);
  return result;
}

PUBLIC int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  REAL(gettimeofday)
  int result = real(time, zone);
  int64_t by;
  if (result == 0 && time != NULL && (by = skew()) != 0) {
    struct timespec other = shifted((struct timespec){time->tv_sec, time->tv_usec * 1000}, by);
    *time = (struct timeval){other.tv_sec, other.tv_nsec / 1000};
  }
  return result;
}

PUBLIC time_t time(time_t *place) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (place != NULL) *place = now.tv_sec;
  return now.tv_sec;
}

PUBLIC int timespec_get(struct timespec *time, int base) {
  if (base != TIME_UTC) return 0;
  return clock_gettime(CLOCK_REALTIME, time) == 0 ? base : 0;
}

/* The first version of it in the C library knows another kind of condition. */
PUBLIC int pthread_cond_timedwait(pthread_cond_t *restrict cond, pthread_mutex_t *restrict mutex, const struct timespec *restrict until) {
  static __typeof__(pthread_cond_timedwait) *_Atomic real_wait;
  __typeof__(pthread_cond_timedwait) *real = real_wait;
  if (real == NULL) {
    real = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (real == NULL) real = next("pthread_cond_timedwait");
    real_wait = real;
  }
  struct timespec room;
  return real(cond, mutex, deadline(until, &room));
}

PUBLIC int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t id, const struct timespec *until) {
  static int (*_Atomic real_wait)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
  if (real_wait == NULL) real_wait = next("pthread_cond_clockwait");
  struct timespec room;
  return real_wait(cond, mutex, id, deadline(until, &room));
}

#define UNTIL(name, type)                                  \
  PUBLIC int name(type *it, const struct timespec *until) { \
    static int (*_Atomic real)(type *, const struct timespec *); \
    if (real == NULL) real = next(#name);                  \
    struct timespec room;                                  \
    return real(it, deadline(until, &room));               \
  }
UNTIL(pthread_mutex_timedlock, pthread_mutex_t)
UNTIL(pthread_rwlock_timedrdlock, pthread_rwlock_t)
UNTIL(pthread_rwlock_timedwrlock, pthread_rwlock_t)
UNTIL(sem_timedwait, sem_t)

PUBLIC int clock_nanosleep(clockid_t id, int flags, const struct timespec *request, struct timespec *rest) {
  REAL(clock_nanosleep)
  struct timespec room;
  return real(id, flags, flags & TIMER_ABSTIME ? deadline(request, &room) : request, rest);
}

PUBLIC int timerfd_settime(int fd, int flags, const struct itimerspec *wanted, struct itimerspec *old) {
  REAL(timerfd_settime)
  struct itimerspec other;
  struct timespec room;
  if (wanted == NULL || !(flags & TFD_TIMER_ABSTIME)) return real(fd, flags, wanted, old);
  other = *wanted;
  other.it_value = *deadline(&wanted->it_value, &room);
  return real(fd, flags, &other, old);
}

/* ---- files ---- */

/* Is it a regular file of the data directory's file system? */
static int is_data(int fd, struct statx *found) {
  struct statx directory;
  if (control == NULL || control->directory[0] == 0) return 0;
  uint64_t device = atomic_load(&directory_device);
  if (device == 0) {
    if (syscall(SYS_statx, AT_FDCWD, control->directory, 0, STATX_BASIC_STATS, &directory) != 0) return 0;
    device = (uint64_t)directory.stx_dev_major << 32 | directory.stx_dev_minor;
    atomic_store(&directory_device, device);
  }
  if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, found) != 0) return 0;
  return S_ISREG(found->stx_mode) && ((uint64_t)found->stx_dev_major << 32 | found->stx_dev_minor) == device;
}

static struct synced *entry_of(const struct statx *file) {
  int64_t born = file->stx_btime.tv_sec * SECOND + file->stx_btime.tv_nsec;
  uint64_t at = file->stx_ino * 0x9e3779b97f4a7c15u >> 48;
  for (int tries = 0; tries < FILES; tries++, at = (at + 1) % FILES) {
    struct synced *entry = &control->files[at];
    uint64_t inode = 0;
    if (!atomic_compare_exchange_strong(&entry->inode, &inode, file->stx_ino) && inode != file->stx_ino) continue;
    if (atomic_exchange(&entry->born, born) != born) {
      atomic_store(&entry->size, 0);
      atomic_store(&entry->mapped, 0);
    }
    return entry;
  }
  atomic_store(&control->full, 1);
  return NULL;
}

/* All that the file had when this was called is safe. */
static void note_synced(const struct statx *file) {
  struct synced *entry = entry_of(file);
  atomic_fetch_add(&control->syncs, 1);
  if (entry == NULL) return;
  uint64_t size = atomic_load(&entry->size);
  while (size < file->stx_size && !atomic_compare_exchange_weak(&entry->size, &size, file->stx_size)) {
  }
}

static int fails(int fd, _Atomic uint32_t *error, _Atomic uint64_t *count) {
  static _Thread_local uint64_t state;
  struct statx file;
  uint32_t code;
  if (control == NULL || (code = atomic_load(error)) == 0 || !is_data(fd, &file)) return 0;
  if (state == 0) state = (uint64_t)(uintptr_t)&state ^ (uint64_t)nanoseconds(CLOCK_MONOTONIC) | 1;
  state ^= state << 13, state ^= state >> 7, state ^= state << 17;
  if (state % 1000000 >= atomic_load(&control->probability)) return 0;
  atomic_fetch_add(count, 1);
  errno = (int)code;
  return 1;
}

#define WRITE_FAILS(fd) (control != NULL && fails(fd, &control->write_error, &control->failed_writes))

/* Opened so that each write is safe when it returns. */
static _Atomic uint64_t careful[1024];

static void note_opened(int fd, int flags) {
  if (fd < 0 || fd >= 65536) return;
  uint64_t bit = (uint64_t)1 << fd % 64;
  if (flags & O_DSYNC) atomic_fetch_or(&careful[fd / 64], bit);
  else atomic_fetch_and(&careful[fd / 64], ~bit);
}

static int is_careful(int fd) { return fd >= 0 && fd < 65536 && atomic_load(&careful[fd / 64]) >> fd % 64 & 1; }

static int copied(int from, int to) {
  note_opened(to, is_careful(from) ? O_DSYNC : 0);
  return to;
}

PUBLIC int dup(int fd) {
  REAL(dup)
  return copied(fd, real(fd));
}

PUBLIC int dup2(int fd, int to) {
  REAL(dup2)
  return copied(fd, real(fd, to));
}

PUBLIC int dup3(int fd, int to, int flags) {
  REAL(dup3)
  return copied(fd, real(fd, to, flags));
}

static void written(int fd, int64_t offset) {
  struct statx file;
  int safe = is_careful(fd);
  if ((!safe && offset < 0) || !is_data(fd, &file)) return;
  if (safe) return note_synced(&file);
  struct synced *entry = entry_of(&file);
  if (entry != NULL && (uint64_t)offset < atomic_load(&entry->size)) atomic_fetch_add(&control->overwrites, 1);
}

#define WRITER(name, declared, given, offset)       \
  PUBLIC ssize_t name declared {                    \
    static ssize_t(*_Atomic real) declared;         \
    if (real == NULL) real = next(#name);           \
    if (WRITE_FAILS(fd)) return -1;                 \
    ssize_t result = real given;                    \
    if (result > 0 && control != NULL) written(fd, offset); \
    return result;                                  \
  }
WRITER(write, (int fd, const void *bytes, size_t size), (fd, bytes, size), -1)
WRITER(writev, (int fd, const struct iovec *parts, int count), (fd, parts, count), -1)
WRITER(pwrite, (int fd, const void *bytes, size_t size, off_t offset), (fd, bytes, size, offset), offset)
WRITER(pwrite64, (int fd, const void *bytes, size_t size, off64_t offset), (fd, bytes, size, offset), offset)
WRITER(pwritev, (int fd, const struct iovec *parts, int count, off_t offset), (fd, parts, count, offset), offset)
WRITER(pwritev64, (int fd, const struct iovec *parts, int count, off64_t offset), (fd, parts, count, offset), offset)

PUBLIC size_t fwrite(const void *bytes, size_t size, size_t count, FILE *file) {
  REAL(fwrite)
  if (control != NULL && atomic_load(&control->write_error) != 0 && WRITE_FAILS(fileno(file))) return 0;
  return real(bytes, size, count, file);
}

PUBLIC int fflush(FILE *file) {
  REAL(fflush)
  if (file != NULL && control != NULL && atomic_load(&control->write_error) != 0 && WRITE_FAILS(fileno(file))) return EOF;
  return real(file);
}

#define SYNCER(name)                                                                            \
  PUBLIC int name(int fd) {                                                                     \
    REAL(name)                                                                                  \
    struct statx before;                                                                        \
    if (control != NULL && fails(fd, &control->sync_error, &control->failed_syncs)) return -1;  \
    int is_ours = is_data(fd, &before);                                                         \
    int result = real(fd);                                                                      \
    if (result == 0 && is_ours) note_synced(&before);                                           \
    return result;                                                                              \
  }
SYNCER(fsync)
SYNCER(fdatasync)

/* Not safe when it returns: it writes out nothing of the file's size. But it can fail. */
PUBLIC int sync_file_range(int fd, off64_t offset, off64_t bytes, unsigned int flags) {
  REAL(sync_file_range)
  if (control != NULL && fails(fd, &control->sync_error, &control->failed_syncs)) return -1;
  return real(fd, offset, bytes, flags);
}

static void shortened(int fd, int64_t length) {
  struct statx file;
  if (!is_data(fd, &file)) return;
  struct synced *entry = entry_of(&file);
  uint64_t size = entry == NULL ? 0 : atomic_load(&entry->size);
  while (size > (uint64_t)length && !atomic_compare_exchange_weak(&entry->size, &size, (uint64_t)length)) {
  }
}

#define SHORTENER(name, type)                       \
  PUBLIC int name(int fd, type length) {            \
    REAL(name)                                      \
    if (WRITE_FAILS(fd)) return -1;                 \
    int result = real(fd, length);                  \
    if (result == 0) shortened(fd, length);         \
    return result;                                  \
  }
SHORTENER(ftruncate, off_t)
SHORTENER(ftruncate64, off64_t)

#define ALLOCATOR(name, type)                                  \
  PUBLIC int name(int fd, int mode, type offset, type length) { \
    REAL(name)                                                 \
    if (WRITE_FAILS(fd)) return -1;                            \
    return real(fd, mode, offset, length);                     \
  }
ALLOCATOR(fallocate, off_t)
ALLOCATOR(fallocate64, off64_t)

#define OPENER(name, before, given)                                      \
  PUBLIC int name(before const char *path, int flags, ...) {             \
    static int (*_Atomic real)(before const char *, int, ...);           \
    if (real == NULL) real = next(#name);                                \
    mode_t mode = 0;                                                     \
    if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) {                \
      va_list more;                                                      \
      va_start(more, flags);                                             \
      mode = va_arg(more, mode_t);                                       \
      va_end(more);                                                      \
    }                                                                    \
    int fd = real(given path, flags, mode);                              \
    note_opened(fd, flags);                                              \
    return fd;                                                           \
  }
#define NOTHING
#define IN int directory,
#define WITH directory,
OPENER(open, NOTHING, NOTHING)
OPENER(open64, NOTHING, NOTHING)
OPENER(openat, IN, WITH)
OPENER(openat64, IN, WITH)

#define MAPPER(name, type)                                                                 \
  PUBLIC void *name(void *at, size_t size, int protection, int flags, int fd, type offset) { \
    static void *(*_Atomic real)(void *, size_t, int, int, int, type);                     \
    if (real == NULL) real = next(#name);                                                  \
    struct statx file;                                                                     \
    if (fd >= 0 && flags & MAP_SHARED && protection & PROT_WRITE && is_data(fd, &file)) {   \
      struct synced *entry = entry_of(&file);                                              \
      if (entry != NULL) atomic_store(&entry->mapped, 1);                                  \
    }                                                                                      \
    return real(at, size, protection, flags, fd, offset);                                  \
  }
MAPPER(mmap, off_t)
MAPPER(mmap64, off64_t)
