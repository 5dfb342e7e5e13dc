// Threads of a plugin take no signals: those are for the process that holds it.
#pragma once

#include <pthread.h>
#include <signal.h>

namespace relance::wire {

/// While one lives, the thread that made it starts threads in which every signal is blocked.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked &) = delete;
  AllSignalsBlocked &operator=(const AllSignalsBlocked &) = delete;

 private:
  sigset_t before_{};
};

}  // namespace relance::wire
