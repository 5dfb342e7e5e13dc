// Values of a message, on demand.
#include "host/render/model_context.hpp"

#include "host/render/plain_text.hpp"

#include <algorithm>

namespace relance::render {

namespace {

using kainjow::mustache::data;

/// Imported names may hold anything: a line break in one must not become a line of the message, in no part of
/// it, nor may it turn the direction of the words behind it.
std::string clean(std::string_view text) {
  std::string cleaned{text};
  for (auto &c : cleaned)
    if (static_cast<unsigned char>(c) < 0x20U || c == 0x7f) c = ' ';
  return without_turns(std::move(cleaned));
}

data condition(bool holds) {
  return data{holds ? data::type::bool_true : data::type::bool_false};
}
/// Empty texts are false, so that a section can ask for them.
data text_or_false(std::string_view text) {
  return text.empty() ? condition(false) : data{clean(text)};
}

data lines(const std::vector<std::string> &texts) {
  data list{data::type::list};
  for (const auto &text : texts) list.push_back(data{clean(text)});
  return list;
}

/// "FR14 2004 1010 …": groups of four are what people type off a page.
std::string grouped(std::string_view iban) {
  std::string text;
  for (std::size_t i{0}; i < iban.size(); ++i) {
    if (i > 0 && i % 4 == 0) text += ' ';
    text += iban[i];
  }
  return text;
}

bool is_overdue(const MessageItem &item) {
  return item.days_overdue > 0;
}

}  // namespace

ModelContext::ModelContext(const MessageModel &model, Formats &formats) : model_{model}, formats_{formats} {
  item_values_.resize(model.items.size());
}

void ModelContext::fill(ItemList &list, bool (*takes)(const MessageItem &)) const {
  for (std::size_t i{0}; i < model_.items.size(); ++i) {
    if (!takes(model_.items[i])) continue;
    list.indices.push_back(i);
    list.elements.push_back(condition(true));
  }
}

void ModelContext::push(const Data *pushed) {
  Scope scope{pushed, scopes_.empty() ? kNoItem : scopes_.back().item};
  for (const auto *list : {&all_, &overdue_, &upcoming_}) {
    if (list->indices.empty()) continue;
    const auto *first = list->elements.list_value().data();
    if (!std::less<>{}(pushed, first) && std::less<>{}(pushed, first + list->indices.size()))
      scope.item = list->indices[static_cast<std::size_t>(pushed - first)];
  }
  scopes_.push_back(scope);
}

const data *ModelContext::miss(const std::string &name) const {
  if (unknown_.empty()) unknown_ = name.empty() ? "(no name)" : name;
  return nullptr;
}

const data *ModelContext::get_partial(const std::string &name) const {
  return miss("> " + name);
}

const data *ModelContext::get(const std::string &name) const {
  const auto *word = find_word(name);
  if (word == nullptr) return name == kAlways ? &always_ : miss(name);
  if (word->field == Field::line) {
    const auto *line = scopes_.empty() ? nullptr : scopes_.back().data;
    return line != nullptr && line->is_string() ? line : miss(name);
  }
  if (!is_of_item(word->field)) return of_message(word->field);
  const auto *value = of_item(word->field);
  return value == nullptr ? miss(name) : value;
}

const data *ModelContext::of_message(Field field) const {
  const auto list_of = [this](ItemList &list, bool (*takes)(const MessageItem &)) {
    if (list.indices.empty()) fill(list, takes);
    return &list.elements;
  };
  if (field == Field::items) return list_of(all_, [](const MessageItem &) { return true; });
  if (field == Field::overdue_items) return list_of(overdue_, is_overdue);
  if (field == Field::upcoming_items)
    return list_of(upcoming_, [](const MessageItem &item) { return !is_overdue(item); });
  auto &value = values_[static_cast<std::size_t>(field)];
  if (!value) value.emplace(make(field));
  return &*value;
}

const data *ModelContext::of_item(Field field) const {
  if (scopes_.empty() || scopes_.back().item == kNoItem) return nullptr;
  const auto index = scopes_.back().item;
  auto &value = item_values_[index][static_cast<std::size_t>(field) - kFirstItemField];
  if (!value) value.emplace(make_of_item(field, model_.items[index]));
  return &*value;
}

data ModelContext::make(Field field) const {
  const auto overdue_count = [this] { return std::ranges::count_if(model_.items, is_overdue); };
  switch (field) {
    case Field::creditor_name:
      return text_or_false(model_.creditor_name);
    case Field::creditor_address:
      return lines(model_.creditor_address);
    case Field::debtor_name:
      return text_or_false(model_.debtor_name);
    case Field::contact_name:
      return text_or_false(model_.contact_name);
    case Field::bank:
      return condition(model_.bank.has_value());
    case Field::bank_name:
      return text_or_false(model_.bank ? model_.bank->name : "");
    case Field::bank_iban:
      return text_or_false(model_.bank ? grouped(model_.bank->iban) : "");
    case Field::bank_bic:
      return text_or_false(model_.bank ? model_.bank->bic : "");
    case Field::total:
      return data{formats_.money(model_.total)};
    case Field::overdue_total: {
      domain::Money sum{0, model_.total.currency};
      for (const auto &item : model_.items)
        if (is_overdue(item) && item.balance.currency == sum.currency)
          if (const auto added = domain::add(sum, item.balance))
            sum = *added;  // the total is a like sum, and fits
      return data{formats_.money(sum)};
    }
    case Field::has_overdue:
      return condition(overdue_count() > 0);
    case Field::has_upcoming:
      return condition(overdue_count() < std::ssize(model_.items));
    case Field::single_item:
      return condition(model_.items.size() == 1);
    case Field::single_overdue:
      return condition(overdue_count() == 1);
    case Field::reference:
      return text_or_false(model_.payment_reference);
    case Field::date:
      return data{formats_.long_date(model_.dated)};
    case Field::step:
      return text_or_false(model_.step_id);
    case Field::level:
      return data{std::to_string(model_.level)};
    case Field::merged_steps:
      return lines(model_.merged_steps);
    case Field::has_merged:
      return condition(!model_.merged_steps.empty());
    default:
      return condition(false);  // lists and items are made elsewhere
  }
}

data ModelContext::make_of_item(Field field, const MessageItem &item) const {
  switch (field) {
    case Field::number:
      return text_or_false(item.number);
    case Field::item_reference:
      return text_or_false(item.reference);
    case Field::issued:
      return data{formats_.date(item.issued)};
    case Field::due:
      return data{formats_.date(item.due)};
    case Field::amount:
      return data{formats_.money(item.amount)};
    case Field::balance:
      return data{formats_.money(item.balance)};
    case Field::days_overdue:
      return data{std::to_string(std::max(0, item.days_overdue))};
    case Field::overdue:
      return data{formats_.days(std::max(0, item.days_overdue))};
    default:
      return condition(is_overdue(item));
  }
}

}  // namespace relance::render
