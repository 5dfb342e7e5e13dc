// scenarios/*.toml: the ordered steps for one kind of debtor.
#include "host/config/draft.hpp"

#include <algorithm>

namespace relance::config {

namespace {

using domain::Anchor;
using domain::DayCount;
using domain::DayKind;
using domain::ReceiptKind;
using domain::Scenario;
using domain::Step;

constexpr std::array<std::string_view, 6> kServices{"plain",         "tracked", "registered",
                                                    "registered_ar", "lre",     "visit"};
constexpr std::size_t kStepsMax{50};  // a debtor should not be able to tell that there is always a next one
constexpr std::string_view kBackHint{"a receipt may only make a later step due"};

std::vector<std::string_view> receipt_kind_names() {
  std::vector<std::string_view> names;
  for (int kind{0}; kind <= static_cast<int>(ReceiptKind::silence); ++kind)
    names.push_back(domain::name_of(static_cast<ReceiptKind>(kind)));
  return names;
}

/// Days from the due date in fifths, a business day counting 7/5 of a civil one: enough to see an order that
/// is wrong.
std::int64_t nominal_fifths(DayCount days) {
  return std::int64_t{days.count} * (days.kind == DayKind::business ? 7 : 5);
}

class ScenarioReader {
 public:
  ScenarioReader(Draft &draft, const Document &document)
      : draft_{draft}, root_{document, document.root, draft.issues} {}

  void read(std::string_view stem) {
    const auto id = root_.id("id", stem);
    scenario_.id = id.text;
    scenario_.version = root_.document().version;
    static constexpr std::array<std::string_view, 2> kGroupings{"debtor", "receivable"};
    scenario_.group_by = static_cast<domain::GroupBy>(root_.choice("group_by", 0, kGroupings));
    for (const auto &former : root_.texts("replaces")) {
      scenario_.replaces.push_back(former.text);
      draft_.replaced.emplace_back(former.text, former.at);
    }
    read_audience();
    read_policies();
    auto steps = root_.tables("step", kStepsMax);
    if (steps.empty() && !root_.has("step"))
      draft_.issues.error(
          root_.at(),
          "a scenario needs at least one step; add [[step]] with an id, before or after, and channels");
    for (auto &step : steps) read_step_ids(step);
    for (std::size_t i{0}; i < steps.size(); ++i) read_step(steps[i], i);
    fill_levels(steps);
    check_order(steps);
    read_promise();
    check_resend();
    root_.finish();
    if (!id.text.empty() && define(draft_, draft_.scenarios, "scenario", id.text, id.at))
      draft_.configuration.scenarios.push_back(std::move(scenario_));
  }

 private:
  void read_audience() {
    auto table = root_.table("applies_to");
    if (!table) return;
    for (const auto &segment : table->texts("segments")) scenario_.segments.push_back(segment.text);
    for (const auto &region : table->texts("regions")) {
      scenario_.regions.push_back(region.text);
      draft_.mentions.push_back({Mentioned::region, region.text, region.at, {}, "scenario " + scenario_.id});
    }
    table->finish();
  }

  void set_days(Section &section, std::string_view key, DayCount &days) {
    if (const auto found = section.days(key)) days = *found;
  }

  void read_policies() {
    set_days(root_, "payment_grace", scenario_.payment_grace);
    set_days(root_, "contact_gap", scenario_.contact_gap);
    set_days(root_, "approval_valid", scenario_.approval_valid);
    scenario_.attempts_max =
        static_cast<std::int32_t>(root_.integer("attempts_max", scenario_.attempts_max, {1, 50}));
    if (auto table = root_.table("catch_up")) {
      static constexpr std::array<std::string_view, 3> kPolicies{"latest", "merged", "skip"};
      scenario_.catch_up = static_cast<domain::CatchUp>(table->choice("policy", 0, kPolicies));
      set_days(*table, "late_after", scenario_.late_after);
      table->finish();
    }
    if (auto table = root_.table("in_doubt")) {
      static constexpr std::array<std::string_view, 3> kPolicies{"ask", "assume_sent", "resend"};
      scenario_.in_doubt = static_cast<domain::InDoubtPolicy>(table->choice("policy", 0, kPolicies));
      scenario_.in_doubt_after = table->days("after");
      in_doubt_at_ = table->at("policy");
      table->finish();
    }
    if (auto table = root_.table("thank_you")) {
      scenario_.thank_you_channels = channels_of(*table, "channels");
      if (!table->has("channels"))
        draft_.issues.error(table->at(), "\"channels\" is missing; write channels = [\"email\"]");
      const auto id = table->required("template", "\"thank-you\"");
      scenario_.thank_you_template = id.text;
      mention_template(id, scenario_.thank_you_channels, "thank_you");
      table->finish();
    }
  }

  void read_promise() {
    auto table = root_.table("promise");
    if (!table) return;
    set_days(*table, "grace", scenario_.promise_grace);
    if (table->has("resume_at")) {
      const auto step = table->required("resume_at", "\"reminder-1\"");
      scenario_.promise_resume_at = step_of(step);
    }
    table->finish();
  }

  void mention_template(const Located &id, const std::vector<std::string> &channels, std::string_view by) {
    if (id.text.empty()) return;
    const bool may_be_sms{std::ranges::find(channels, "sms") != channels.end()};
    draft_.mentions.push_back({Mentioned::template_id, id.text, id.at, may_be_sms ? "sms" : "",
                               "scenario " + scenario_.id + ", " + std::string{by}});
  }

  /// Those it begins with and those that a receipt may bring.
  static std::vector<std::string> all_channels(const Step &step) {
    auto channels = step.channels;
    for (const auto &reaction : step.reactions) channels.push_back(reaction.channel);
    return channels;
  }

  std::vector<std::string> channels_of(Section &section, std::string_view key) {
    std::vector<std::string> channels;
    for (const auto &channel : section.texts(key, 10)) {
      if (!is_known_channel(channel.text)) {
        draft_.issues.error(channel.at, "there is no channel \"" + channel.text + '"' +
                                            suggestion(channel.text, known_channels()));
      } else if (std::ranges::find(channels, channel.text) != channels.end()) {
        draft_.issues.error(channel.at, "channel \"" + channel.text + "\" is listed twice");
      } else {
        channels.push_back(channel.text);
      }
    }
    return channels;
  }

  /// Ids first: reactions name steps that come later.
  void read_step_ids(Section &section) {
    const auto id = section.id("id");
    if (!id.text.empty() && domain::step_index(scenario_, id.text) >= 0)
      draft_.issues.error(id.at, "two steps are called \"" + id.text + "\"; give each its own id");
    Step step;
    step.id = id.text;
    scenario_.steps.push_back(std::move(step));
  }

  /// Index of the step, or -1 and an issue.
  std::int32_t step_of(const Located &name) {
    if (name.text.empty()) return -1;
    const auto index = domain::step_index(scenario_, name.text);
    if (index >= 0) return index;
    std::vector<std::string_view> ids;
    for (const auto &step : scenario_.steps) ids.push_back(step.id);
    draft_.issues.error(name.at, "there is no step \"" + name.text + '"' + suggestion(name.text, ids));
    return -1;
  }

  void read_step(Section &section, std::size_t index) {
    auto &step = scenario_.steps[index];
    read_anchor(section, step, index);
    step.channels = channels_of(section, "channels");
    step.hands_over = section.flag("hands_over", false);
    step.is_formal = section.flag("formal", false);
    step.wants_read_receipt = section.flag("read_receipt", false);
    step.service = kServices[section.choice("service", 0, kServices)];
    if (step.is_visit() && std::ranges::find(step.channels, "task") == step.channels.end())
      draft_.issues.error(section.at("service"), "a visit is a person's: write channels = [\"task\"]");
    static constexpr std::array<std::string_view, 2> kApprovals{"none", "required"};
    step.needs_approval = section.choice("approval", 0, kApprovals) == 1;
    step.min_gap = section.days("min_gap");
    step.fallback_within = section.days("fallback_within");
    step.level = static_cast<std::int32_t>(section.integer("level", -1, {0, 20}));
    read_minimum_balance(section, step);
    if (auto on = section.table("on")) read_reactions(*on, step, static_cast<std::int32_t>(index));
    read_message(section, step);
    check_read_receipt(section, step);
    section.finish();
  }

  void check_read_receipt(Section &section, const Step &step) {
    if (step.wants_read_receipt && std::ranges::count(all_channels(step), "email") == 0)
      draft_.issues.error(section.at("read_receipt"), "only an e-mail has a reader's program to ask for a read receipt, and step \"" +
                                                          step.id + "\" sends none; remove read_receipt");
  }

  /// A task for a person has none, all else is a message; a receipt may make a message of a task.
  static bool needs_words(const Step &step) {
    const auto is_message = [](const std::string &channel) { return !channel.empty() && channel != "task"; };
    return std::ranges::any_of(step.channels, is_message) ||
           std::ranges::any_of(step.reactions, is_message, &domain::Reaction::channel);
  }

  void read_message(Section &section, Step &step) {
    const bool has_channels{section.has("channels")}, has_template{section.has("template")};
    if (has_template) {
      const auto id = section.required("template", "\"reminder-1\"");
      step.template_id = id.text;
      mention_template(id, all_channels(step), "step " + step.id);
    }
    if (step.hands_over) {
      if (has_channels || has_template)
        draft_.issues.error(section.at(has_channels ? "channels" : "template"),
                            "a step with hands_over = true sends nothing; remove its channels and template");
    } else if (const auto *listed = section.find("channels");
               listed == nullptr || (listed->kind == ValueKind::list && listed->list.empty())) {
      draft_.issues.error(
          section.at(),
          "step \"" + step.id + "\" has no channels; write channels = [\"email\"], or hands_over = true");
    } else if (!has_template && needs_words(step)) {
      step.template_id = step.id;
      mention_template({step.id, section.at()}, all_channels(step), "step " + step.id);
    }
  }

  void read_anchor(Section &section, Step &step, std::size_t index) {
    static constexpr std::array<std::pair<std::string_view, Anchor>, 3> kAnchors{
        {{"before", Anchor::before_due},
         {"after", Anchor::after_due},
         {"after_previous", Anchor::after_previous}}};
    int stated{0};
    for (const auto &[key, anchor] : kAnchors) {
      const bool is_there{section.has(key)};
      const auto days = section.days(key);
      if (!is_there) continue;
      if (++stated == 2)
        draft_.issues.error(section.at(key),
                            "step \"" + step.id +
                                "\" says when it comes twice; keep one of before, after and after_previous");
      step.anchor = anchor;
      if (days) step.when = *days;
      if (anchor == Anchor::after_previous && index == 0)
        draft_.issues.error(section.at(key), "the first step has none before it; write before or after");
    }
    if (stated == 0)
      draft_.issues.error(section.at(), "step \"" + step.id +
                                            "\" does not say when it comes; write before = \"7d\", after = "
                                            "\"5d\" or after_previous = \"10d\"");
  }

  void read_minimum_balance(Section &section, Step &step) {
    const auto *value = section.find("minimum_balance");
    if (value == nullptr) return;
    std::vector<Located> amounts;
    if (value->kind == ValueKind::list) {
      amounts = section.texts("minimum_balance");
    } else if (value->kind == ValueKind::text) {
      amounts.push_back({value->text, section.at(*value)});
    } else {
      draft_.issues.error(section.at(*value), "\"minimum_balance\" is " + std::string{name_of(value->kind)} +
                                                  "; write minimum_balance = \"50 EUR\", or a list of them");
    }
    for (const auto &[text, at] : amounts) {
      const auto amount = domain::parse_money(text);
      if (!amount || amount->is_negative()) {
        draft_.issues.error(at, '"' + text + "\" is no minimum balance" +
                                    (amount ? ": it is negative" : ": " + amount.error().message) +
                                    "; write \"50 EUR\"");
      } else if (std::ranges::find(step.minimum_balance, amount->currency, &domain::Money::currency) !=
                 step.minimum_balance.end()) {
        draft_.issues.error(at, "a second minimum balance in " + std::string{amount->currency.code()} +
                                    "; keep one a currency");
      } else {
        step.minimum_balance.push_back(*amount);
      }
    }
  }

  void read_reactions(Section &on, Step &step, std::int32_t index) {
    const auto names = receipt_kind_names();
    for (const auto &entry : on.value().table) {
      const auto kind = std::ranges::find(names, entry.key);
      if (kind == names.end()) {
        draft_.issues.error({on.document().file, entry.line, entry.column},
                            "there is no receipt \"" + entry.key + '"' + suggestion(entry.key, names));
        continue;
      }
      const auto of = static_cast<ReceiptKind>(kind - names.begin());
      if (const auto *value = on.find(entry.key); value->kind == ValueKind::text) {
        read_task_word(on, *value, step, of);
      } else if (auto table = on.table(entry.key)) {
        step.reactions.push_back(read_reaction(*table, of, index));
      }
    }
  }

  /// on.silence = "task": short for { task = true }.
  void read_task_word(Section &on, const Value &value, Step &step, ReceiptKind kind) {
    if (value.text != "task")
      return draft_.issues.error(on.at(value), "a reaction in one word is \"task\"; write { channel = \"" + value.text +
                                                   "\", after = \"0d\" } for anything else");
    domain::Reaction reaction;
    reaction.on = kind;
    reaction.gives_task = true;
    step.reactions.push_back(std::move(reaction));
  }

  domain::Reaction read_reaction(Section &table, ReceiptKind kind, std::int32_t index) {
    domain::Reaction reaction;
    reaction.on = kind;
    const int stated{(table.has("channel") ? 1 : 0) + (table.has("step") ? 1 : 0) +
                     (table.has("task") ? 1 : 0)};
    if (stated != 1)
      draft_.issues.error(
          table.at(),
          "a reaction names one of channel, step and task; write { channel = \"postal\", after = \"0d\" }");
    if (table.has("channel")) {
      const auto channel = table.required("channel", "\"postal\"");
      const auto &own = scenario_.steps[static_cast<std::size_t>(index)].channels;
      if (kind == ReceiptKind::silence && channel.text != "task" &&
          std::ranges::all_of(own, [&](const auto &one) { return one == channel.text; }) && !own.empty())
        draft_.issues.error(channel.at, "on.silence would send the same message by " + channel.text +
                                            " once more, and the first one may have arrived; write another channel, or "
                                            "on.silence = \"task\"");
      else if (is_known_channel(channel.text) && channel.text != "task" && !domain::is_negative(kind) &&
               kind != ReceiptKind::silence)
        draft_.issues.error(channel.at, "on." + std::string{domain::name_of(kind)} +
                                            " cannot send by another channel: that receipt does not say that the "
                                            "message was lost; write { task = true } or { step = ... }");
      else if (is_known_channel(channel.text))
        reaction.channel = channel.text;
      else if (!channel.text.empty())
        draft_.issues.error(channel.at, "there is no channel \"" + channel.text + '"' +
                                            suggestion(channel.text, known_channels()));
    }
    if (table.has("step")) {
      const auto name = table.required("step", "\"hand-over\"");
      reaction.step = step_of(name);
      if (reaction.step >= 0 && reaction.step <= index)
        draft_.issues.error(name.at, "on." + std::string{domain::name_of(kind)} + " goes in a circle: " +
                                         circle(reaction.step, index) + "; " + std::string{kBackHint});
    }
    reaction.gives_task = table.flag("task", false);
    set_days(table, "after", reaction.after);
    table.finish();
    return reaction;
  }

  /// "call → reminder-2 → call": forward along the steps, and back by the reaction.
  std::string circle(std::int32_t back_to, std::int32_t from) const {
    std::string path;
    for (auto step = back_to; step <= from; ++step)
      path += scenario_.steps[static_cast<std::size_t>(step)].id + " → ";
    return path + scenario_.steps[static_cast<std::size_t>(back_to)].id;
  }

  /// 0 before the due date, one more at each later step that sends something, the same for a task.
  void fill_levels(std::vector<Section> &sections) {
    std::int32_t level{0};
    for (std::size_t i{0}; i < scenario_.steps.size(); ++i) {
      auto &step = scenario_.steps[i];
      const bool sends{!step.is_task() && !step.hands_over && step.anchor != Anchor::before_due};
      if (step.level < 0) {
        step.level = level + (sends ? 1 : 0);
      } else if (step.level < level) {
        draft_.issues.error(sections[i].at("level"), "level " + std::to_string(step.level) +
                                                         " falls below the " + std::to_string(level) +
                                                         " of the step before; the tone only rises");
      }
      level = std::max(level, step.level);
    }
  }

  void check_order(std::vector<Section> &sections) {
    std::int64_t last{0};
    for (std::size_t i{0}; i < scenario_.steps.size(); ++i) {
      const auto &step = scenario_.steps[i];
      const auto days = nominal_fifths(step.when);
      const auto planned = step.anchor == Anchor::before_due  ? -days
                           : step.anchor == Anchor::after_due ? days
                                                              : last + days;
      if (i > 0 && planned <= last) {
        const auto key = step.anchor == Anchor::before_due  ? "before"
                         : step.anchor == Anchor::after_due ? "after"
                                                            : "after_previous";
        draft_.issues.error(sections[i].at(key),
                            "step \"" + step.id + "\" does not come after \"" + scenario_.steps[i - 1].id +
                                "\"; order the steps by their dates, each later than the one before");
      }
      last = std::max(last, planned);
      if (i == 0) last = planned;
    }
  }

  /// Sending again what may have arrived is for messages that cost little and bind nobody.
  void check_resend() {
    if (scenario_.in_doubt != domain::InDoubtPolicy::resend) return;
    for (const auto &step : scenario_.steps)
      for (const auto &channel : step.channels)
        if (channel == "lre" || channel == "postal" || channel == "fax" ||
            (step.service != "plain" && !step.is_visit())) {
          draft_.issues.error(in_doubt_at_, "policy \"resend\" may send twice, and step \"" + step.id +
                                                "\" goes by " +
                                                (step.service == "plain" ? channel : step.service) +
                                                "; use \"ask\" or \"assume_sent\"");
          return;
        }
  }

  Draft &draft_;
  Section root_;
  Scenario scenario_;
  Position in_doubt_at_;
};

}  // namespace

void read_scenario(Draft &draft, const Document &document, std::string_view stem) {
  ScenarioReader{draft, document}.read(stem);
}

}  // namespace relance::config
