// mmap and mprotect, and a table of what lies where that a signal handler can read. Addresses are never used
// again, so that a late touch always finds its name.
#include "sdk/check/guarded.hpp"

#include "sdk/check/verdict.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

namespace relance::check {
namespace {

struct Place {  // one thing in guarded memory
  std::uintptr_t begin, end, guard_end;
  const char *what, *life;
  bool is_dead;
};
constexpr std::size_t kPlacesMax{1u << 18};  ///< of one test; what comes later is guarded but has no name
Place *places{nullptr};
std::atomic<std::size_t> place_count{0};

constexpr std::size_t kPage{4096};
constexpr std::size_t kPackedBlock{16 * kPage};

std::size_t pages(std::size_t size) {
  return (size + kPage - 1) / kPage * kPage;
}

/// A process has 65,530 areas of memory (vm.max_map_count), which a driver of many requests a message would
/// use up: what comes beyond these is not guarded.
constexpr std::size_t kAreasMax{40'000};
std::atomic<std::size_t> area_count{0};

char *map(std::size_t size) {  // and a guard page behind it
  area_count += 2;
  void *address{::mmap(nullptr, size + kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)};
  if (address == MAP_FAILED)
    abandon("the kit ran out of address space", "give it more memory", "relance-check");
  ::mprotect(address, size, PROT_READ | PROT_WRITE);
  return static_cast<char *>(address);
}

#if defined(__x86_64__)
bool is_write(const ucontext_t *context) {
  return (context->uc_mcontext.gregs[REG_ERR] & 2) != 0;
}
#else
bool is_write(const ucontext_t *) {
  return false;
}
#endif

void on_fault(int signal, siginfo_t *info, void *context) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const auto count = std::min(place_count.load(), kPlacesMax);
  const Place *found{nullptr};
  // The innermost first: the last one placed whose bytes, or whose guard, hold the address.
  for (std::size_t i{count}; i-- > 0 && found == nullptr;)
    if (address >= places[i].begin && address < places[i].end) found = &places[i];
  for (std::size_t i{count}; i-- > 0 && found == nullptr;)
    if (address >= places[i].end && address < places[i].guard_end) found = &places[i];
  if (found != nullptr) {
    if (found->is_dead && address < found->end)
      finding_from_signal(
          found->what, found->life,
          "copy what is needed longer before the memory's life is over; see R2 for how long each thing lives",
          "R2");
    if (address >= found->end)
      finding_from_signal(found->what, ": its memory was touched behind its end",
                          "a relance_str has no terminating NUL: use its len; a struct ends at its `size`: "
                          "look at RELANCE_HAS "
                          "before a field that came later; an array ends at its count",
                          "R1");
    if (is_write(static_cast<const ucontext_t *>(context)))
      finding_from_signal(found->what, ": borrowed memory was written to",
                          "what is passed by pointer is borrowed and const: copy it, then change the copy",
                          "R2");
  }
  ::signal(signal, SIG_DFL);  // returning repeats the touch, which now kills
}

}  // namespace

void Arena::remember(const char *at, std::size_t size, std::size_t guard, const char *what) {
  if (places == nullptr) return;
  const auto index = place_count.fetch_add(1);
  if (index >= kPlacesMax) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(at);
  places[index] = {begin, begin + size, begin + size + guard, what, life_, false};
  places_.push_back(index);
}

void watch_for_faults() {
  if (places == nullptr) {
    void *table{::mmap(nullptr, kPlacesMax * sizeof(Place), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)};
    if (table != MAP_FAILED) places = static_cast<Place *>(table);
  }
  static char stack[64 * 1024];
  const stack_t alternate{stack, 0, sizeof stack};
  ::sigaltstack(&alternate, nullptr);
  struct sigaction action{};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigaction(SIGSEGV, &action, nullptr);
  ::sigaction(SIGBUS, &action, nullptr);
}

void *Arena::place(const void *bytes, std::size_t size, const char *what) {
  if (size == 0) return nullptr;
  const auto padded = (size + 7) / 8 * 8;
  char *at{nullptr};
  if (area_count >= kAreasMax && (next_ == nullptr || padded > static_cast<std::size_t>(end_ - next_))) {
    unguarded_.push_back(std::make_unique<char[]>(size));
    std::memcpy(unguarded_.back().get(), bytes, size);
    return unguarded_.back().get();
  }
  if (style_ == Style::tight || padded > kPackedBlock) {
    const auto length = pages(size);
    char *const block{map(length)};
    blocks_.push_back({block, length});
    at = block + length - size;
    remember(at, size, kPage, what);
  } else {
    if (next_ == nullptr || padded > static_cast<std::size_t>(end_ - next_)) {
      next_ = map(kPackedBlock);
      end_ = next_ + kPackedBlock;
      blocks_.push_back({next_, kPackedBlock});
    }
    at = next_;
    next_ += padded;
    remember(at, size, 0, what);
  }
  std::memcpy(at, bytes, size);
  return at;
}

relance_str Arena::text(std::string_view bytes, const char *what) {
  return {static_cast<const char *>(place(bytes.data(), bytes.size(), what)), bytes.size()};
}

void Arena::seal() {
  for (const auto &block : blocks_) ::mprotect(block.begin, block.size, PROT_READ);
  next_ = end_ = nullptr;
}

void Arena::kill() {
  for (const auto index : places_) places[index].is_dead = true;
  places_.clear();
  for (const auto &block : blocks_) {
    ::madvise(block.begin, block.size, MADV_DONTNEED);
    ::mprotect(block.begin, block.size, PROT_NONE);
  }
  blocks_.clear();
  unguarded_.clear();
  next_ = end_ = nullptr;
}

}  // namespace relance::check
