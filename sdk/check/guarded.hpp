// Memory that bites: what the plugin borrows lies flush against a page that cannot be touched, is read-only
// as soon as it is filled, and becomes untouchable when its life is over. A touch becomes a finding that
// names the thing.
#ifndef RELANCE_CHECK_GUARDED_HPP
#define RELANCE_CHECK_GUARDED_HPP
#include <relance/plugin.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace relance::check {

/// Turns a touch of guarded memory into a finding, any other SIGSEGV or SIGBUS into the death that it is.
void watch_for_faults();

/// The things of one life: one call, one token, one instance.
class Arena {
 public:
  enum class Style {
    tight,  ///< each thing has a guard page of its own: finds each byte read too far
    packed  ///< one thing after the other, one guard page: for batches so large that pages would run out
  };
  /// @param life ends the sentence "… was used after", e.g. "its token had ended"; must be a literal
  Arena(const char *life, Style style) : life_(life), style_(style) {}
  Arena(const Arena &) = delete;
  Arena &operator=(const Arena &) = delete;
  ~Arena() { kill(); }

  /// Copies `size` bytes to where the byte after them cannot be touched. @param what a literal,
  /// "relance_message"
  void *place(const void *bytes, std::size_t size, const char *what);
  template <class T>
  T *put(const T &value, const char *what, std::size_t size = sizeof(T)) {
    return static_cast<T *>(place(&value, size, what));
  }
  /// Not terminated; an empty text has the data pointer NULL (basics.h allows it).
  relance_str text(std::string_view bytes, const char *what);
  template <class T>
  T *array(const std::vector<T> &items, const char *what) {
    return items.empty() ? nullptr : static_cast<T *>(place(items.data(), items.size() * sizeof(T), what));
  }

  void seal();  ///< all is placed: from now on read-only
  void kill();  ///< the life is over: from now on untouchable, for ever

 private:
  void remember(const char *at, std::size_t size, std::size_t guard, const char *what);

  struct Block {
    char *begin;
    std::size_t size;
  };
  const char *life_;
  Style style_;
  std::vector<Block> blocks_;
  std::vector<std::unique_ptr<char[]>> unguarded_;
  std::vector<std::size_t> places_;  ///< their numbers in the table that the signal handler reads
  char *next_{nullptr};              ///< packed: where the next thing goes
  char *end_{nullptr};
};

}  // namespace relance::check
#endif
