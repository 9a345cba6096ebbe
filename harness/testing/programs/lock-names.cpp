// Locks taken in every way in which a person would call the place by another name than the machine: wrappers put into their callers by the
// compiler, wrappers of its own, lambdas, templates, functions without a name outside of this file. It runs to its end.
#include <cstdio>
#include <mutex>
#include <pthread.h>
#include <shared_mutex>
#include <string>
#include <thread>

#define OWN __attribute__((noinline, noclone))

namespace rocksdb::port {
// Stands for RocksDB's: what takes the lock is one place for all callers.
class Mutex {
 public:
  OWN void Lock() { Own(pthread_mutex_lock(&mutex)); }
  OWN void Unlock() { Own(pthread_mutex_unlock(&mutex)); }

 private:
  // The call is not the function's last: else its caller would be the one that calls.
  static void Own(int result) { asm volatile("" : : "r"(result)); }
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
};
}  // namespace rocksdb::port

namespace shop {
std::mutex till;
std::shared_mutex shelf;
rocksdb::port::Mutex door;
int sold;

OWN void Open() {
  std::lock_guard<std::mutex> hold(till);
  std::shared_lock<std::shared_mutex> look(shelf);
  sold++;
}

template <typename T>
OWN void Sell(const std::string &what, T price) {
  std::unique_lock<std::shared_mutex> take(shelf);
  sold += price + static_cast<int>(what.size());
}

namespace {
std::mutex hidden;
struct Clerk {
  OWN void Count(int n) const {
    std::scoped_lock hold(hidden);
    sold += n;
  }
};
}  // namespace

OWN void Close() {
  door.Lock();
  std::lock_guard<std::mutex> hold(till);
  sold++;
  door.Unlock();
}

OWN void Lock() {
  door.Lock();
  sold++;
  door.Unlock();
}

template <typename F>
OWN void Hire(const char *name, F work) {
  std::thread thread([name, work] {
    pthread_setname_np(pthread_self(), name);
    work();
  });
  thread.join();
}

OWN void Run() {
  Hire("clerk", [] {
    std::lock_guard<std::mutex> hold(till);
    sold++;
  });
}
}  // namespace shop

int main() {
  std::thread day([] {
    shop::Open();
    shop::Sell<int>("bread", 3);
    shop::Clerk().Count(2);
    shop::Close();
    shop::Lock();
  });
  day.join();
  shop::Run();
  std::printf("%d\n", shop::sold);
}
