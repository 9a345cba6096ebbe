/*
 * A server in which locks are taken in every way that matters, one way per command, so that what foretells deadlocks can be
 * tested from end to end. It speaks enough of Redis' protocol to be watched: PING, INFO, CONFIG, CLIENT, SET, GET, DBSIZE, SCAN, and
 *
 *   AB, BA          two mutexes in both orders                                      a deadlock that can happen
 *   ONE, TWO, THREE three mutexes in a circle                                       a deadlock that can happen
 *   READ, WRITE     a rwlock shared, then a mutex; the mutex, then it exclusive     a deadlock that can happen
 *   SPAWN, REAP     a thread takes a mutex and ends; it is joined under the mutex   a deadlock that can happen
 *   GAB, GBA        both orders, below a third mutex that keeps them apart          none
 *   TAB, TBA        both orders, the second lock only tried                         none
 *   REUSE           a mutex, and the next time one at the same address; both orders none
 *   ORDER           both orders, one before the other's thread is made              none
 *   CAB, CBA        both orders, by one thread alone                                none
 *   WAIT            waits for a condition with another mutex in hand, 300 ms        none, but a long wait
 *
 * Every connection has a thread. What Redis knows takes the mutex `a`, which is part of each of the deadlocks that can happen: the server
 * falls silent with them. Other locks are of one of these lines alone.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MUTEX(name) static pthread_mutex_t name = PTHREAD_MUTEX_INITIALIZER
MUTEX(a);
MUTEX(b);
MUTEX(c);
MUTEX(d);
MUTEX(gate);
MUTEX(gate_a);
MUTEX(gate_b);
MUTEX(try_a);
MUTEX(try_b);
MUTEX(reused);
MUTEX(reuse_b);
MUTEX(order_a);
MUTEX(order_b);
MUTEX(lonely_a);
MUTEX(lonely_b);
MUTEX(outer);
MUTEX(inner);
MUTEX(store);
MUTEX(jobs);
static pthread_rwlock_t shared = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER, job = PTHREAD_COND_INITIALIZER;
static pthread_t spawned;
static int has_spawned, wanted_job, reuses;

/* A function for each, by whose name it is known. */
#define PAIR(name, first, second)                    \
  __attribute__((noinline)) static void name(void) { \
    pthread_mutex_lock(first);                       \
    pthread_mutex_lock(second);                      \
    pthread_mutex_unlock(second);                    \
    pthread_mutex_unlock(first);                     \
  }
PAIR(take_ab, &a, &b)
PAIR(take_ba, &b, &a)
PAIR(take_one, &a, &c)
PAIR(take_two, &c, &d)
PAIR(take_three, &d, &a)
PAIR(below_gate_ab, &gate_a, &gate_b)
PAIR(below_gate_ba, &gate_b, &gate_a)
PAIR(reused_first, &reused, &reuse_b)
PAIR(reused_second, &reuse_b, &reused)
PAIR(before_ab, &order_a, &order_b)
PAIR(after_ba, &order_b, &order_a)
PAIR(alone_ab, &lonely_a, &lonely_b)
PAIR(alone_ba, &lonely_b, &lonely_a)

static void try_second(pthread_mutex_t *first, pthread_mutex_t *second) {
  pthread_mutex_lock(first);
  if (pthread_mutex_trylock(second) == 0) pthread_mutex_unlock(second);
  pthread_mutex_unlock(first);
}
static void try_ab(void) { try_second(&try_a, &try_b); }
static void try_ba(void) { try_second(&try_b, &try_a); }

__attribute__((noinline)) static void read_and_take(void) {
  pthread_rwlock_rdlock(&shared);
  pthread_mutex_lock(&a);
  pthread_mutex_unlock(&a);
  pthread_rwlock_unlock(&shared);
}

__attribute__((noinline)) static void take_and_write(void) {
  pthread_mutex_lock(&a);
  pthread_rwlock_wrlock(&shared);
  pthread_rwlock_unlock(&shared);
  pthread_mutex_unlock(&a);
}

static void *short_life(void *unused) {
  pthread_setname_np(pthread_self(), "short-life");
  pthread_mutex_lock(&a);
  pthread_mutex_unlock(&a);
  return unused;
}

/* The one that was spawned, and those that are spawned meanwhile. */
__attribute__((noinline)) static void reap(void) {
  pthread_mutex_lock(&a);
  while (__atomic_exchange_n(&has_spawned, 0, __ATOMIC_ACQ_REL)) pthread_join(spawned, NULL);
  pthread_mutex_unlock(&a);
}

static void *order_life(void *unused) {
  after_ba();
  return unused;
}

/* CAB and CBA are done by this one thread, one after the other. */
static void *lonely(void *unused) {
  pthread_setname_np(pthread_self(), "lonely");
  for (;;) {
    pthread_mutex_lock(&jobs);
    while (wanted_job == 0) pthread_cond_wait(&job, &jobs);
    int now = wanted_job;
    wanted_job = 0;
    pthread_mutex_unlock(&jobs);
    if (now == 1) alone_ab();
    else alone_ba();
  }
  return unused;
}

static void give(int number) {
  pthread_mutex_lock(&jobs);
  wanted_job = number;
  pthread_cond_signal(&job);
  pthread_mutex_unlock(&jobs);
}
static void give_ab(void) { give(1); }
static void give_ba(void) { give(2); }

static void gate_ab(void) {
  pthread_mutex_lock(&gate);
  below_gate_ab();
  pthread_mutex_unlock(&gate);
}

static void gate_ba(void) {
  pthread_mutex_lock(&gate);
  below_gate_ba();
  pthread_mutex_unlock(&gate);
}

static void spawn(void) {
  if (pthread_create(&spawned, NULL, short_life, NULL) == 0) __atomic_store_n(&has_spawned, 1, __ATOMIC_RELEASE);
}

static void wait_in_hand(void) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 300000000;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  pthread_mutex_lock(&outer);
  pthread_mutex_lock(&inner);
  pthread_cond_timedwait(&never, &inner, &until);
  pthread_mutex_unlock(&inner);
  pthread_mutex_unlock(&outer);
}

/* Every connection that asks for it has a thread of its own. */
static void reuse(void) {
  pthread_mutex_init(&reused, NULL);
  if (reuses++ % 2 == 0) reused_first();
  else reused_second();
  pthread_mutex_destroy(&reused);
}

static void order(void) {
  pthread_t later;
  before_ab();
  if (pthread_create(&later, NULL, order_life, NULL) == 0) pthread_join(later, NULL);
}

/* A hundred keys are enough for probes. */
static struct { char key[128], value[256]; } kept[100];
static int keep(const char *key, const char *value) {
  int i = 0;
  while (i < 99 && kept[i].key[0] && strcmp(kept[i].key, key) != 0) i++;
  snprintf(kept[i].key, sizeof kept[i].key, "%s", key);
  snprintf(kept[i].value, sizeof kept[i].value, "%s", value);
  return i;
}

static const char INFO[] =
    "# Server\r\nredis_version:7.0.15\r\n# Replication\r\nrole:master\r\nconnected_slaves:0\r\nmaster_repl_offset:0\r\n";

static const struct {
  const char *name;
  void (*act)(void);
} ACTS[] = {
    {"AB", take_ab},
    {"BA", take_ba},
    {"ONE", take_one},
    {"TWO", take_two},
    {"THREE", take_three},
    {"READ", read_and_take},
    {"WRITE", take_and_write},
    {"SPAWN", spawn},
    {"REAP", reap},
    {"GAB", gate_ab},
    {"GBA", gate_ba},
    {"TAB", try_ab},
    {"TBA", try_ba},
    {"REUSE", reuse},
    {"ORDER", order},
    {"CAB", give_ab},
    {"CBA", give_ba},
    {"WAIT", wait_in_hand},
};

static void answer(FILE *to, int argc, char **argv) {
  const char *name = argv[0];
  for (size_t i = 0; i < sizeof ACTS / sizeof *ACTS; i++) {
    if (strcasecmp(name, ACTS[i].name) != 0) continue;
    ACTS[i].act();
    fputs("+OK\r\n", to);
    return;
  }
#define IS(word) (strcasecmp(name, word) == 0)
  pthread_mutex_lock(&a);
  pthread_mutex_unlock(&a);
  if (IS("INFO")) fprintf(to, "$%zu\r\n%s\r\n", sizeof INFO - 1, INFO);
  else if (IS("GET") && argc > 1) {
    const char *value = NULL;
    pthread_mutex_lock(&store);
    for (int i = 0; i < 100 && value == NULL; i++) if (kept[i].key[0] && strcmp(kept[i].key, argv[1]) == 0) value = kept[i].value;
    if (value) fprintf(to, "$%zu\r\n%s\r\n", strlen(value), value);
    else fputs("$-1\r\n", to);
    pthread_mutex_unlock(&store);
  } else if (IS("SET") && argc > 2) {
    pthread_mutex_lock(&store);
    keep(argv[1], argv[2]);
    pthread_mutex_unlock(&store);
    fputs("+OK\r\n", to);
  } else if (IS("PING")) fputs("+PONG\r\n", to);
  else if (IS("CONFIG")) fputs("*0\r\n", to);
  else if (IS("DBSIZE")) fputs(":0\r\n", to);
  else if (IS("SCAN")) fputs("*2\r\n$1\r\n0\r\n*0\r\n", to);
  else if (IS("SHUTDOWN")) exit(0);
  else if (IS("CLIENT") || IS("FLUSHALL")) fputs("+OK\r\n", to);
  else fprintf(to, "-ERR unknown command\r\n");
}

static void *connection(void *given) {
  int fd = (int)(long)given;
  FILE *stream = fdopen(fd, "r+"), *out = fdopen(dup(fd), "w");
  char line[1024], *argv[16];
  while (stream && out && fgets(line, sizeof line, stream) && line[0] == '*') {
    int argc = atoi(line + 1), i = 0;
    for (; i < argc && i < 16 && fgets(line, sizeof line, stream); i++) {
      int length = atoi(line + 1);
      if (length < 0 || length > 4096) goto end;
      argv[i] = calloc(1, (size_t)length + 3);
      if (fread(argv[i], 1, (size_t)length + 2, stream) != (size_t)length + 2) goto end;
      argv[i][length] = 0;
    }
    if (i != argc || argc == 0) break;
    answer(out, argc, argv);
    while (i > 0) free(argv[--i]);
    if (fflush(out) != 0) break;
  }
end:
  if (stream) fclose(stream);
  if (out) fclose(out);
  return NULL;
}

/* As the first process of a container it is ended by no signal that it does not handle. */
static void end(int number) { _exit(number == SIGTERM ? 0 : 1); }

int main(void) {
  int one = 1, listening = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(6379)};
  pthread_attr_t detached;
  pthread_t thread;
  signal(SIGTERM, end);
  signal(SIGPIPE, SIG_IGN);
  setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listening, (struct sockaddr *)&address, sizeof address) != 0 || listen(listening, 128) != 0) return 1;
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  pthread_create(&thread, &detached, lonely, NULL);
  for (;;) {
    int fd = accept(listening, NULL, NULL);
    if (fd < 0) continue;
    if (pthread_create(&thread, &detached, connection, (void *)(long)fd) != 0) close(fd);
  }
}
