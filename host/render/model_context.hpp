// The mustache library's view of a message: values are made when a template asks for them, once a message.
// Strict: a name that is not in the vocabulary, or out of its place, is remembered as an error instead of
// read as empty.
#pragma once

#include "host/render/formats.hpp"
#include "host/render/message.hpp"
#include "host/render/vocabulary.hpp"

#include <kainjow/mustache.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace relance::render {

/// The condition that always holds; the renderer's own, no template can name it (names have no blanks).
inline constexpr std::string_view kAlways{"always there"};

class ModelContext final : public kainjow::mustache::basic_context<std::string> {
 public:
  ModelContext(const MessageModel &model, Formats &formats);

  void push(const kainjow::mustache::data *data) override;
  void pop() override { scopes_.pop_back(); }
  const kainjow::mustache::data *get(const std::string &name) const override;
  const kainjow::mustache::data *get_partial(const std::string &name) const override;

  /// The first name that could not be given; empty when all is well.
  [[nodiscard]] const std::string &unknown() const { return unknown_; }

 private:
  using Data = kainjow::mustache::data;
  static constexpr std::size_t kNoItem{static_cast<std::size_t>(-1)};
  struct Scope {
    const Data *data{nullptr};
    std::size_t item{kNoItem};
  };
  /// A list of items as the library walks it, and which item each element is.
  struct ItemList {
    Data elements{Data::type::list};
    std::vector<std::size_t> indices{};
  };

  const Data *of_message(Field field) const;
  const Data *of_item(Field field) const;
  [[nodiscard]] Data make(Field field) const;
  [[nodiscard]] Data make_of_item(Field field, const MessageItem &item) const;
  void fill(ItemList &list, bool (*takes)(const MessageItem &)) const;
  const Data *miss(const std::string &name) const;

  const MessageModel &model_;
  Formats &formats_;
  std::vector<Scope> scopes_{};
  mutable ItemList all_{}, overdue_{}, upcoming_{};
  mutable std::array<std::optional<Data>, kFirstItemField> values_{};
  mutable std::vector<std::array<std::optional<Data>, kItemFieldCount>> item_values_{};
  mutable std::string unknown_{};
  const Data always_{true};
};

}  // namespace relance::render
