/*
 * A server in which locks are taken in every way that matters, one way per command, so that what foretells deadlocks can be
 * tested from end to end. It speaks enough of Redis' protocol to be watched: PING, INFO, CONFIG, CLIENT, SET, GET, DBSIZE, SCAN, and
 *
 *   AB, BA          two mutexes in both orders                                      a deadlock that can happen
 *   ONE, TWO, THREE three mutexes in a circle                                       a deadlock that can happen
 *   GAB, GBA        both orders, below a third mutex that keeps them apart          none
 *   READ, WRITE     a rwlock shared, then the mutex; the mutex, then it exclusive   a deadlock that can happen
 *   SPAWN, REAP     a thread takes the mutex and ends; it is joined under the mutex a deadlock that can happen
 *   TAB, TBA        both orders, the second lock only tried                         none
 *   WAIT            waits for a condition with another mutex in hand, 300 ms        none, but a long wait
 *   REUSE           a mutex that is made anew where another one was, other order    none
 *   ORDER           both orders, one before the other's thread is made              none
 *   CAB, CBA        both orders, by one thread alone                                none
 *
 * Every connection has a thread, and every command takes the mutex `a` for a moment: a deadlock with it is one of the server.
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

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER, c = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER, store = PTHREAD_MUTEX_INITIALIZER, jobs = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t shared = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER, job = PTHREAD_COND_INITIALIZER;
static pthread_t spawned;
static int has_spawned, wanted_job;

static void take(pthread_mutex_t *first, pthread_mutex_t *second) {
  pthread_mutex_lock(first);
  pthread_mutex_lock(second);
  pthread_mutex_unlock(second);
  pthread_mutex_unlock(first);
}
/* A function for each, so that each has call sites of its own. */
#define PAIR(name, first, second)     \
  __attribute__((noinline)) static void name(void) { \
    pthread_mutex_lock(first);        \
    pthread_mutex_lock(second);       \
    pthread_mutex_unlock(second);     \
    pthread_mutex_unlock(first);      \
  }
PAIR(take_ab, &a, &b)
PAIR(take_ba, &b, &a)
PAIR(take_one, &a, &b)
PAIR(take_two, &b, &c)
PAIR(take_three, &c, &a)
PAIR(below_gate_ab, &a, &b)
PAIR(below_gate_ba, &b, &a)
PAIR(alone_ab, &a, &b)
PAIR(alone_ba, &b, &a)
PAIR(before_ab, &a, &b)
PAIR(after_ba, &b, &a)

static void try_second(pthread_mutex_t *first, pthread_mutex_t *second) {
  pthread_mutex_lock(first);
  if (pthread_mutex_trylock(second) == 0) pthread_mutex_unlock(second);
  pthread_mutex_unlock(first);
}

static void *short_life(void *unused) {
  pthread_setname_np(pthread_self(), "short-life");
  pthread_mutex_lock(&a);
  pthread_mutex_unlock(&a);
  return unused;
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

static void wait_in_hand(void) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 300000000;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  pthread_mutex_lock(&c);
  pthread_mutex_lock(&gate);
  pthread_cond_timedwait(&never, &gate, &until);
  pthread_mutex_unlock(&gate);
  pthread_mutex_unlock(&c);
}

static void reuse(void) {
  pthread_mutex_t *here = malloc(sizeof *here);
  pthread_mutex_init(here, NULL);
  take(here, &b);
  pthread_mutex_destroy(here);
  pthread_mutex_init(here, NULL);
  take(&b, here);
  pthread_mutex_destroy(here);
  free(here);
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

static void answer(FILE *to, int argc, char **argv) {
  const char *name = argv[0];
#define IS(word) (strcasecmp(name, word) == 0)
  pthread_mutex_lock(&a);
  pthread_mutex_unlock(&a);
  if (IS("INFO")) {
    fprintf(to, "$%zu\r\n%s\r\n", sizeof INFO - 1, INFO);
    return;
  }
  if (IS("GET") && argc > 1) {
    const char *value = NULL;
    pthread_mutex_lock(&store);
    for (int i = 0; i < 100 && value == NULL; i++) if (kept[i].key[0] && strcmp(kept[i].key, argv[1]) == 0) value = kept[i].value;
    if (value) fprintf(to, "$%zu\r\n%s\r\n", strlen(value), value);
    else fputs("$-1\r\n", to);
    pthread_mutex_unlock(&store);
    return;
  }
  if (IS("SET") && argc > 2) {
    pthread_mutex_lock(&store);
    keep(argv[1], argv[2]);
    pthread_mutex_unlock(&store);
  } else if (IS("PING")) {
    fputs("+PONG\r\n", to);
    return;
  } else if (IS("CONFIG")) {
    fputs("*0\r\n", to);
    return;
  } else if (IS("DBSIZE")) {
    fputs(":0\r\n", to);
    return;
  } else if (IS("SCAN")) {
    fputs("*2\r\n$1\r\n0\r\n*0\r\n", to);
    return;
  } else if (IS("AB")) take_ab();
  else if (IS("BA")) take_ba();
  else if (IS("ONE")) take_one();
  else if (IS("TWO")) take_two();
  else if (IS("THREE")) take_three();
  else if (IS("GAB") || IS("GBA")) {
    pthread_mutex_lock(&gate);
    if (IS("GAB")) below_gate_ab();
    else below_gate_ba();
    pthread_mutex_unlock(&gate);
  } else if (IS("READ")) {
    pthread_rwlock_rdlock(&shared);
    pthread_mutex_lock(&a);
    pthread_mutex_unlock(&a);
    pthread_rwlock_unlock(&shared);
  } else if (IS("WRITE")) {
    pthread_mutex_lock(&a);
    pthread_rwlock_wrlock(&shared);
    pthread_rwlock_unlock(&shared);
    pthread_mutex_unlock(&a);
  } else if (IS("SPAWN")) has_spawned = pthread_create(&spawned, NULL, short_life, NULL) == 0;
  else if (IS("REAP")) {
    pthread_mutex_lock(&a);
    if (has_spawned) pthread_join(spawned, NULL);
    has_spawned = 0;
    pthread_mutex_unlock(&a);
  } else if (IS("TAB")) try_second(&a, &b);
  else if (IS("TBA")) try_second(&b, &a);
  else if (IS("WAIT")) wait_in_hand();
  else if (IS("REUSE")) reuse();
  else if (IS("ORDER")) order();
  else if (IS("CAB")) give(1);
  else if (IS("CBA")) give(2);
  else if (!IS("CLIENT") && !IS("FLUSHALL") && !IS("SHUTDOWN")) {
    fprintf(to, "-ERR unknown command\r\n");
    return;
  }
  if (IS("SHUTDOWN")) exit(0);
  fputs("+OK\r\n", to);
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
