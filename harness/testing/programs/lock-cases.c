/*
 * Locks in ways that mislead who writes down what is held: memory that is used again, calls that fail, threads that die, and order that
 * comes from elsewhere.
 *
 *   lock-cases <mode>
 *
 * Prints "lock <name> <address>" for each lock. What is done is done by a thread "one".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t d = PTHREAD_MUTEX_INITIALIZER, e = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t *shared;
static volatile int joining, tid_of_two;
static int tid_of_one;
static sem_t step;
static const char *mode;

static void name(const char *of, void *lock) { printf("lock %s %lx\n", of, (unsigned long)lock); }

static void must(int ok) {
  if (ok) return;
  printf("failed\n");
  fflush(stdout);
  _exit(3);
}

static int is(const char *one) { return strcmp(mode, one) == 0; }
static void lock(pthread_mutex_t *mutex) { must(pthread_mutex_lock(mutex) == 0); }
static void unlock(pthread_mutex_t *mutex) { must(pthread_mutex_unlock(mutex) == 0); }
static void both(pthread_mutex_t *outer, pthread_mutex_t *inner) {
  lock(outer);
  lock(inner);
  unlock(inner);
  unlock(outer);
}

static pthread_t start(const char *called, void *(*routine)(void *), void *argument) {
  pthread_t thread;
  char mine[16];
  pthread_getname_np(pthread_self(), mine, sizeof mine);
  pthread_setname_np(pthread_self(), called);
  must(pthread_create(&thread, NULL, routine, argument) == 0);
  pthread_setname_np(pthread_self(), mine);
  return thread;
}

static void make(pthread_mutex_t *mutex, int type, int robust, int protocol, int pshared) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, type);
  pthread_mutexattr_setrobust(&attributes, robust);
  pthread_mutexattr_setprotocol(&attributes, protocol);
  pthread_mutexattr_setpshared(&attributes, pshared);
  must(pthread_mutex_init(mutex, &attributes) == 0);
}

/* Of a thread of this process, or '-' where it is no more. */
static char state_of(int tid) {
  char path[64], text[512] = "";
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
  FILE *file = fopen(path, "r");
  if (file == NULL) return '-';
  if (fgets(text, sizeof text, file) == NULL) text[0] = 0;
  fclose(file);
  const char *end = strrchr(text, ')');
  return end != NULL ? end[2] : '-';
}

static void *a_then_b(void *unused) {
  both(&a, &b);
  return unused;
}
static void *b_then_c(void *unused) {
  both(&b, &c);
  return unused;
}
static void *c_b_a(void *unused) {
  lock(&c);
  both(&b, &a);
  unlock(&c);
  sem_post(&step);
  return unused;
}
static void *lets_a_then_b(void *unused) {
  pthread_join(start("three", a_then_b, NULL), NULL);
  return unused;
}
static void *dies_with(void *mutex) {
  lock(mutex);
  return NULL;
}
static void *fails_to_unlock(void *unused) {
  must(pthread_mutex_unlock(&c) == EPERM);
  return unused;
}
static void *ends_at_once(void *unused) {
  both(&a, &c);
  tid_of_two = gettid();
  return unused;
}
static void *ends_when_waited_for(void *unused) {
  both(&a, &c);
  while (!joining || state_of(tid_of_one) != 'S') sched_yield();
  return unused;
}
static void *waits_in_join(void *thread) {
  lock(&a);
  sem_post(&step);
  pthread_cleanup_push((void (*)(void *))unlock, &a);
  pthread_join(*(pthread_t *)thread, NULL);
  pthread_cleanup_pop(1);
  return NULL;
}
static void *sleeps(void *unused) {
  for (;;) pause();
  return unused;
}

/* With c in hand from before the thread is made until after it was joined, or not. */
static void under_c(void *(*routine)(void *), int all_the_time) {
  lock(&c);
  pthread_t thread = start("two", routine, NULL);
  if (!all_the_time) unlock(&c), lock(&c);
  pthread_join(thread, NULL);
  unlock(&c);
}

static void in_thread(void) {
  if (is("renamed")) {
    both(&a, &b);
    pthread_setname_np(pthread_self(), "later");
    both(&b, &c);
    fflush(stdout);
    _exit(0);
  } else if (is("reused")) {
    both(&a, &b);
    pthread_rwlock_rdlock(&r);
    lock(&a);
    unlock(&a);
    pthread_rwlock_unlock(&r);
    b = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    r = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
    both(&b, &a);
    lock(&a);
    pthread_rwlock_wrlock(&r);
    pthread_rwlock_unlock(&r);
    unlock(&a);
  } else if (is("not-owner")) {
    make(&c, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
    lock(&c);
    pthread_join(start("two", fails_to_unlock, NULL), NULL);
    both(&a, &b);
    unlock(&c);
  } else if (is("wrong-wait")) {
    struct timespec wrong = {0, -1};
    make(&c, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
    lock(&b);
    lock(&a);
    must(pthread_cond_timedwait(&condition, &b, &wrong) == EINVAL);
    must(pthread_cond_wait(&condition, &c) == EPERM);
    unlock(&a);
    both(&d, &e);
    unlock(&b);
  } else if (is("robust")) {
    make(&c, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
    pthread_join(start("two", dies_with, &c), NULL);
    must(pthread_mutex_lock(&c) == EOWNERDEAD);
    must(pthread_mutex_consistent(&c) == 0);
    both(&a, &b);
    unlock(&c);
    both(&b, &c);
    must(pthread_mutex_destroy(&c) == 0);
    make(&c, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, PTHREAD_PRIO_INHERIT, PTHREAD_PROCESS_PRIVATE);
    both(&b, &c);
  } else if (is("priority")) {
    make(&c, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT, PTHREAD_PROCESS_PRIVATE);
    make(&d, PTHREAD_MUTEX_ADAPTIVE_NP, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_PRIVATE);
    lock(&c);
    both(&c, &d);
    unlock(&c);
    both(&d, &a);
  } else if (is("dies")) {
    pthread_join(start("two", dies_with, &a), NULL);
    pthread_join(start("three", b_then_c, NULL), NULL);
  } else if (is("hand-over-hand")) {
    lock(&a);
    lock(&b);
    unlock(&a);
    lock(&c);
    unlock(&b);
    lock(&d);
    unlock(&c);
    unlock(&d);
  } else if (is("shared")) {
    lock(shared);
    pid_t child = fork();
    if (child == 0) {
      lock(shared);
      unlock(shared);
      _exit(0);
    }
    both(&a, &b);
    unlock(shared);
    int status;
    must(waitpid(child, &status, 0) == child && status == 0);
    both(&b, shared);
  } else if (is("cancelled-join")) {
    pthread_t forever = start("forever", sleeps, NULL), joiner = start("two", waits_in_join, &forever);
    must(sem_wait(&step) == 0);
    pthread_cancel(joiner);
    pthread_join(joiner, NULL);
    both(&b, &a);
  } else if (is("epochs")) {
    both(&a, &b);
    pthread_join(start("two", ends_at_once, NULL), NULL);
    both(&a, &b);
  } else if (is("ended") || is("waited")) {
    pthread_t thread = start("two", is("ended") ? ends_at_once : ends_when_waited_for, NULL);
    while (is("ended") && (tid_of_two == 0 || state_of(tid_of_two) != '-')) sched_yield();
    lock(&b);
    joining = 1;
    pthread_join(thread, NULL);
    unlock(&b);
  } else if (is("under") || is("under-broken") || is("under-child")) {
    /* Over before two begins, by a semaphore: what starts and joins tell is that they may meet. */
    pthread_t other = start("other", c_b_a, NULL);
    must(sem_wait(&step) == 0);
    under_c(is("under-child") ? lets_a_then_b : a_then_b, !is("under-broken"));
    pthread_join(other, NULL);
  }
}

static void *one(void *unused) {
  pthread_setname_np(pthread_self(), "one");
  tid_of_one = gettid();
  in_thread();
  return unused;
}

int main(int count, char **arguments) {
  mode = count > 1 ? arguments[1] : "";
  sem_init(&step, 0, 0);
  shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  must(shared != MAP_FAILED);
  make(shared, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE, PTHREAD_PROCESS_SHARED);
  name("a", &a), name("b", &b), name("c", &c), name("d", &d), name("e", &e), name("r", &r), name("shared", shared);
  fflush(stdout);
  pthread_t thread;
  must(pthread_create(&thread, NULL, one, NULL) == 0 && pthread_join(thread, NULL) == 0);
  return 0;
}
