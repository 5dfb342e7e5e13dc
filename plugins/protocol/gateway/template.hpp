// Texts with {variables}: "Bearer {token}", "{to|no_plus}", "{webhook_url?}". A variable that is empty
// refuses the message, unless a `?` says that it may be, in which case whatever was made of it is left out.
// `{{` and `}}` are braces.
#pragma once

#include <relance/http.hpp>
#include <relance/json.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::gateway {

using Variables = std::map<std::string, std::string, std::less<>>;
/// Lists that a body may repeat an item over, such as the attachments.
using Lists = std::map<std::string, std::vector<Variables>, std::less<>>;

/// What may be named, and where to say what is wrong.
struct Known {
  std::vector<std::string> variables;
  std::map<std::string, std::vector<std::string>, std::less<>> lists;  ///< with the fields of an item
};

class Template {
 public:
  /// What is wrong with it; empty: nothing.
  static std::string fault(std::string_view text, const Known &known);
  explicit Template(std::string_view text);

  enum class Escape : std::uint8_t { none, url, xml, json };
  struct Filled {
    std::string text;
    std::string missing;  ///< a variable that is empty and must not be
    bool is_left_out{false};
  };
  [[nodiscard]] Filled fill(const Variables &variables, Escape escape = Escape::none) const;
  /// Of a text that is one variable made a number or true or false.
  [[nodiscard]] bool is_bare() const;

 private:
  struct Piece {
    std::string literal, name;
    bool may_be_empty{false};
    std::vector<std::string> filters;
  };
  /// Returns what is wrong.
  std::string read(std::string_view text);
  Template() = default;
  std::vector<Piece> pieces_;
};

std::optional<Template::Escape> escape_named(std::string_view name);

/// A JSON document whose strings are templates. {"each": "attachments", "item": …} stands for a list of such
/// items. A member whose variable is left out goes, and so does an object or list that loses all that it had.
struct FilledDocument {
  std::string text, missing;
};
FilledDocument fill_document(const sdk::Json &document, const Variables &variables, const Lists &lists);
/// Calls `report(pointer below path, what is wrong)`.
void check_document(const sdk::Json &document, const std::string &path, const Known &known,
                    const std::function<void(const std::string &, const std::string &)> &report);

}  // namespace relance::gateway
