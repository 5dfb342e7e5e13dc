// Where something stands in what a provider sent: a JSON pointer (RFC 6901) with `*` for every element, or a
// header, or a parameter of the URL; with how to cut out what is meant.
//
//   /messages/*/message-id     header:x-message-id     query:key     root:/Timestamp /sg_message_id|before:.
#pragma once

#include "plugins/protocol/gateway/document.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::gateway {

/// One message of a provider, and the event in it that is looked at (the whole, when it holds one event).
struct Said {
  const sdk::Json &event;
  const sdk::Json &root;
  const sdk::Json &query;
  std::function<std::string(std::string_view)> header;  ///< by its name in lower case
};

class Place {
 public:
  /// What is wrong with it; empty: nothing.
  static std::string fault(std::string_view text);
  explicit Place(std::string_view text);

  /// Every value that is not empty.
  [[nodiscard]] std::vector<std::string> all(const Said &said) const;
  [[nodiscard]] std::string first(const Said &said) const;

 private:
  enum class Source : std::uint8_t { event, root, query, header };
  struct Cut {
    std::string name, argument;
  };
  [[nodiscard]] std::string cut(std::string value) const;

  Source source_{Source::event};
  std::string path_;
  std::vector<Cut> cuts_;
};

/// The first of them that holds something.
std::string first_of(const std::vector<Place> &places, const Said &said);

void find_all(const sdk::Json &document, std::string_view pointer, std::vector<const sdk::Json *> &found);

}  // namespace relance::gateway
