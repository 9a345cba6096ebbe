/*
 * Takes locks in every way there is, for the library that writes down who does so.
 *
 *   locks <mode>
 *
 * Prints "lock <name> <address>" for each lock that the test is to know by name. What is done in most modes is done by a thread "one".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t many[64];
static pthread_rwlock_t r = PTHREAD_RWLOCK_INITIALIZER, w = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_spinlock_t s;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t step, other;
static const char *mode, *self;

static void name(const char *of, void *lock) { printf("lock %s %lx\n", of, (unsigned long)lock); }

static void must(int ok) {
  if (ok) return;
  printf("failed\n");
  fflush(stdout);
  _exit(3);
}

static pthread_t start_with(const pthread_attr_t *attributes, const char *called, void *(*routine)(void *), void *argument) {
  pthread_t thread;
  char mine[16];
  /* The new thread has its maker's name from the first moment on, however short it lives. */
  pthread_getname_np(pthread_self(), mine, sizeof mine);
  if (called != NULL) pthread_setname_np(pthread_self(), called);
  must(pthread_create(&thread, attributes, routine, argument) == 0);
  pthread_setname_np(pthread_self(), mine);
  return thread;
}
static pthread_t start(const char *called, void *(*routine)(void *), void *argument) {
  return start_with(NULL, called, routine, argument);
}

static void lock(pthread_mutex_t *mutex) { must(pthread_mutex_lock(mutex) == 0); }
static void unlock(pthread_mutex_t *mutex) { must(pthread_mutex_unlock(mutex) == 0); }
static void both(pthread_mutex_t *outer, pthread_mutex_t *inner) {
  lock(outer);
  lock(inner);
  unlock(inner);
  unlock(outer);
}

static struct timespec soon(long ms) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += ms * 1000000;
  t.tv_sec += t.tv_nsec / 1000000000;
  t.tv_nsec %= 1000000000;
  return t;
}

static void typed(int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, type);
  pthread_mutex_init(&c, &attributes);
  lock(&c);
  must(pthread_mutex_lock(&c) == (type == PTHREAD_MUTEX_RECURSIVE ? 0 : EDEADLK));
  both(&a, &b);
  if (type == PTHREAD_MUTEX_RECURSIVE) unlock(&c);
  unlock(&c);
  both(&b, &a);
}

static void *unlocks_a(void *unused) {
  unlock(&a);
  sem_post(&step);
  return unused;
}
static void *locks_b(void *unused) {
  lock(&b);
  unlock(&b);
  return unused;
}
static void *signals_condition(void *unused) {
  lock(&b);
  pthread_cond_signal(&condition);
  unlock(&b);
  return unused;
}
static void *waits_for_ever(void *unused) {
  lock(&a);
  lock(&b);
  pthread_cleanup_push((void (*)(void *))unlock, &a);
  pthread_cleanup_push((void (*)(void *))unlock, &b);
  sem_post(&step);
  for (;;) pthread_cond_wait(&condition, &b);
  pthread_cleanup_pop(1);
  pthread_cleanup_pop(1);
  return unused;
}
static void *exits(void *unused) {
  lock(&a);
  unlock(&a);
  pthread_exit(unused);
}
static void at_signal(int number) {
  (void)number;
  both(&b, &c);
}
static void at_end(void *unused) {
  (void)unused;
  both(&b, &a);
}

static void in_thread(void) {
  if (strcmp(mode, "mutex") == 0) {
    both(&a, &b);
  } else if (strcmp(mode, "recursive") == 0) {
    typed(PTHREAD_MUTEX_RECURSIVE);
  } else if (strcmp(mode, "errorcheck") == 0) {
    typed(PTHREAD_MUTEX_ERRORCHECK);
  } else if (strcmp(mode, "rwlock") == 0) {
    pthread_rwlock_rdlock(&r);
    lock(&a);
    must(pthread_rwlock_tryrdlock(&r) == 0);
    must(pthread_rwlock_trywrlock(&r) == EBUSY);
    lock(&b);
    unlock(&b);
    pthread_rwlock_unlock(&r);
    unlock(&a);
    pthread_rwlock_unlock(&r);
    pthread_rwlock_wrlock(&w);
    must(pthread_rwlock_rdlock(&w) == EDEADLK);
    lock(&a);
    unlock(&a);
    pthread_rwlock_unlock(&w);
    lock(&b);
    pthread_rwlock_rdlock(&w);
    pthread_rwlock_rdlock(&w);
    pthread_rwlock_unlock(&w);
    pthread_rwlock_unlock(&w);
    unlock(&b);
  } else if (strcmp(mode, "spin") == 0) {
    pthread_spin_lock(&s);
    lock(&a);
    unlock(&a);
    pthread_spin_unlock(&s);
    must(pthread_spin_trylock(&s) == 0);
    lock(&b);
    unlock(&b);
    pthread_spin_unlock(&s);
  } else if (strcmp(mode, "try") == 0) {
    struct timespec until = soon(1000);
    lock(&a);
    must(pthread_mutex_trylock(&b) == 0);
    must(pthread_mutex_trylock(&a) == EBUSY);
    lock(&c);
    unlock(&c);
    unlock(&b);
    must(pthread_mutex_timedlock(&b, &until) == 0);
    unlock(&a);
    must(pthread_mutex_timedlock(&a, &until) == 0);
    lock(&c);
    unlock(&c);
    unlock(&a);
    unlock(&b);
  } else if (strcmp(mode, "condition") == 0) {
    lock(&b);
    lock(&a);
    pthread_t signaller = start("two", signals_condition, NULL);
    pthread_cond_wait(&condition, &b);
    struct timespec until = soon(60);
    must(pthread_cond_timedwait(&condition, &b, &until) == ETIMEDOUT);
    unlock(&b);
    lock(&c);
    unlock(&c);
    unlock(&a);
    pthread_join(signaller, NULL);
  } else if (strcmp(mode, "joins") == 0) {
    struct timespec until = soon(5000);
    lock(&a);
    pthread_join(start("two", locks_b, NULL), NULL);
    unlock(&a);
    must(pthread_timedjoin_np(start("three", locks_b, NULL), NULL, &until) == 0);
    pthread_t last = start("four", locks_b, NULL);
    while (pthread_tryjoin_np(last, NULL) == EBUSY) sched_yield();
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    start_with(&attributes, NULL, exits, NULL);
    pthread_detach(start(NULL, exits, NULL));
  } else if (strcmp(mode, "handed") == 0) {
    lock(&a);
    pthread_t thread = start("two", unlocks_a, NULL);
    sem_wait(&step);
    pthread_join(thread, NULL);
    lock(&b);
    unlock(&b);
    both(&a, &c);
  } else if (strcmp(mode, "anew") == 0) {
    both(&a, &b);
    pthread_mutex_destroy(&a);
    pthread_mutex_init(&a, NULL);
    both(&b, &a);
  } else if (strcmp(mode, "signal") == 0) {
    signal(SIGUSR1, at_signal);
    lock(&a);
    raise(SIGUSR1);
    unlock(&a);
    lock(&c);
    unlock(&c);
  } else if (strcmp(mode, "cancel") == 0) {
    pthread_t thread = start("two", waits_for_ever, NULL);
    sem_wait(&step);
    pthread_cancel(thread);
    pthread_join(thread, NULL);
    both(&a, &b);
  } else if (strcmp(mode, "many") == 0) {
    for (int i = 0; i < 64; i++) pthread_mutex_init(&many[i], NULL);
    for (int i = 0; i < 64; i++) lock(&many[i]);
    for (int i = 64; i-- > 0;) unlock(&many[i]);
    both(&a, &b);
  } else if (strcmp(mode, "full") == 0) {
    for (int i = 0; i < 64; i++)
      for (int j = 0; j < 64; j++)
        if (i != j) both(&many[i], &many[j]);
  } else if (strcmp(mode, "ends") == 0) {
    pthread_key_t key;
    pthread_key_create(&key, at_end);
    pthread_setspecific(key, &key);
    pthread_join(start(NULL, exits, NULL), NULL);
  } else if (strcmp(mode, "fork") == 0 || strcmp(mode, "forks-threads") == 0) {
    lock(&a);
    pid_t child = fork();
    if (child == 0) {
      unlock(&a);
      both(&b, &a);
      if (mode[4] == 's') pthread_join(start("child", locks_b, NULL), NULL);
      _exit(0);
    }
    int status;
    must(waitpid(child, &status, 0) == child && status == 0);
    lock(&c);
    unlock(&c);
    unlock(&a);
  } else if (strcmp(mode, "exec") == 0) {
    lock(&a);
    must(execl(self, self, "mutex", (char *)NULL) == 0);
  } else if (strcmp(mode, "spawn") == 0) {
    extern char **environ;
    char *arguments[] = {(char *)self, "nothing", NULL};
    int status;
    pid_t child;
    lock(&a);
    must(posix_spawn(&child, self, NULL, NULL, arguments, environ) == 0 && waitpid(child, &status, 0) == child);
    child = vfork();
    if (child == 0) {
      execl(self, self, "nothing", (char *)NULL);
      _exit(1);
    }
    must(waitpid(child, &status, 0) == child && status == 0);
    lock(&b);
    unlock(&b);
    unlock(&a);
  } else if (strcmp(mode, "hold") == 0) {
    pthread_rwlock_rdlock(&r);
    lock(&a);
    lock(&b);
    printf("ready\n");
    fflush(stdout);
    pause();
  } else if (strcmp(mode, "errno") == 0) {
    errno = 77;
    both(&a, &b);
    pthread_rwlock_rdlock(&r);
    pthread_rwlock_unlock(&r);
    pthread_join(start(NULL, locks_b, NULL), NULL);
    lock(&a);
    usleep(70000);
    unlock(&a);
    must(errno == 77);
    char byte;
    lock(&a);
    must(read(-1, &byte, 1) == -1 && errno == EBADF);
    unlock(&a);
  } else if (strcmp(mode, "waits") == 0) {
    struct timespec until = soon(70);
    lock(&a);
    usleep(70000);
    must(sem_timedwait(&other, &until) == -1 || 1);
    unlock(&a);
    usleep(70000);
  } else if (strcmp(mode, "often") == 0) {
    for (int i = 0; i < 20; i++) both(&a, &b);
  } else if (strcmp(mode, "churn") == 0) {
    for (int i = 0; i < 17000; i++) {
      pthread_t thread;
      if (pthread_create(&thread, NULL, locks_b, NULL) == 0) pthread_join(thread, NULL);
    }
    both(&a, &b);
  }
}

static void *one(void *unused) {
  pthread_setname_np(pthread_self(), "one");
  in_thread();
  return unused;
}

int main(int count, char **arguments) {
  mode = count > 1 ? arguments[1] : "";
  self = arguments[0];
  if (strcmp(mode, "nothing") == 0) return 0;
  pthread_spin_init(&s, 0);
  sem_init(&step, 0, 0);
  sem_init(&other, 0, 0);
  name("a", &a), name("b", &b), name("c", &c), name("r", &r), name("w", &w), name("s", (void *)&s);
  fflush(stdout);
  if (strcmp(mode, "alone") == 0) {
    both(&a, &b);
    return 0;
  }
  if (strcmp(mode, "small") == 0) {
    mode = "errno";
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    must(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN) == 0);
    pthread_join(start_with(&attributes, NULL, one, NULL), NULL);
    return 0;
  }
  if (strcmp(mode, "refused") == 0) {
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 1ul << 50);
    must(pthread_create(&thread, &attributes, one, NULL) != 0);
    mode = "mutex";
  }
  if (strcmp(mode, "begun") == 0) {
    printf("ready\n");
    fflush(stdout);
    mode = "mutex";
  }
  /* By then the library has found the places of its rules. */
  if (strcmp(mode, "often") == 0) pthread_join(start(NULL, locks_b, NULL), NULL);
  pthread_join(start(NULL, one, NULL), NULL);
  return 0;
}
