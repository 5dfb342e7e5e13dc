#include "plugins/protocol/gateway/setting_reader.hpp"

#include <algorithm>
#include <charconv>

namespace relance::gateway {
namespace {

class ReplyReader {
 public:
  explicit ReplyReader(SettingReader &reader) : reader_{reader} {}

  Reply read(const sdk::Json &reply) {
    auto &r = reply_;
    r.format = reader_.format(reply["format"], "/reply/format", Format::json);
    r.refs = reader_.places(reply["refs"], "/reply/refs");
    r.parts = reader_.places(reply["parts"], "/reply/parts");
    r.code = reader_.places(reply["code"], "/reply/code");
    r.text = reader_.places(reply["text"], "/reply/text");
    r.price = reader_.places(reply["price"], "/reply/price");
    r.currency_fixed = reader_.currency(reply["currency"], "/reply/currency", r.currency);
    for (const auto list : {"first_rules", "rules"}) {
      const auto &rules = reply[std::string_view{list}];
      for (std::size_t i{0}; i < rules.items().size(); ++i)
        read_rule(rules.items()[i], std::string{"/reply/"} + list + '/' + std::to_string(i));
    }
    return std::move(reply_);
  }

 private:
  void read_rule(const sdk::Json &value, const std::string &path) {
    ReplyRule rule;
    for (const auto &status : SettingReader::texts(value["status"])) {
      std::uint32_t from{0}, to{0};
      if (!statuses(status, from, to))
        reader_.fatal(path + "/status", '"' + status + "\" is none of 429, \"4xx\", \"500-599\"");
      rule.statuses.emplace_back(from, to);
    }
    rule.where = reader_.conditions(value["where"], path + "/where");
    static constexpr std::pair<std::string_view, sdk::OutcomeKind> kOutcomes[]{
        {"accepted", sdk::OutcomeKind::accepted},
        {"delivered", sdk::OutcomeKind::delivered},
        {"rejected", sdk::OutcomeKind::rejected},
        {"not_sent", sdk::OutcomeKind::not_sent},
        {"unknown", sdk::OutcomeKind::unknown}};
    const auto name = value["outcome"].text();
    const auto found = std::ranges::find(kOutcomes, std::string_view{name},
                                         &std::pair<std::string_view, sdk::OutcomeKind>::first);
    if (found == std::end(kOutcomes))
      return reader_.fatal(path + "/outcome", "is none of accepted, delivered, rejected, not_sent, unknown");
    rule.outcome = found->second;
    rule.failure = reader_.failure(value["failure"], path + "/failure", sdk::FailureClass::none);
    if (rule.outcome == sdk::OutcomeKind::rejected && rule.failure == sdk::FailureClass::none)
      reader_.fatal(path + "/failure",
                    "is missing: address_dead, temporary, policy or configuration decides what comes next");
    rule.whole_provider = value["whole_provider"].flag();
    rule.retry_after_ms = value["retry_after_s"].integer() * 1000;
    reply_.rules.push_back(std::move(rule));
  }
  static bool statuses(std::string_view text, std::uint32_t &from, std::uint32_t &to) {
    if (text.size() == 3 && text.ends_with("xx")) {
      from = static_cast<std::uint32_t>(text[0] - '0') * 100;
      to = from + 99;
      return from >= 100 && from < 600;
    }
    const auto number = [](std::string_view digits, std::uint32_t &out) {
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
      return error == std::errc{} && end == digits.data() + digits.size() && out >= 100 && out < 600;
    };
    const auto dash = text.find('-');
    if (dash == text.npos) return number(text, from) && number(text, to);
    return number(text.substr(0, dash), from) && number(text.substr(dash + 1), to) && from <= to;
  }

  SettingReader &reader_;
  Reply reply_;
};

}  // namespace

Reply read_reply(const sdk::Json &reply, SettingReader &reader) {
  return ReplyReader{reader}.read(reply);
}

}  // namespace relance::gateway
