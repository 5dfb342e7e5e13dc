// Steps are matched by id; what has no match finds its place by what was passed, then by level.
#include "host/engine/step_moves.hpp"

#include <algorithm>
#include <tuple>

namespace relance::engine {
namespace {

using store::KnownStep;
using store::kRetiredStep;
using store::StepMoves;

class Planner {
 public:
  Planner(std::string_view from, const domain::Scenario *to, std::span<const KnownStep> known) : to_{to} {
    moves_.from = from;
    if (to != nullptr) moves_.to = to->id;
    for (const auto &step : known) {
      next_retired_ = std::max(next_retired_, step.number + 1);
      if (step.scenario == from) (step.number < kRetiredStep ? live_ : retired_).push_back(step);
      else if (step.scenario == moves_.to && step.number >= kRetiredStep) retired_there_.push_back(step);
    }
  }

  std::optional<StepMoves> plan() {
    if (live_.empty() && retired_.empty() && to_ == nullptr) return std::nullopt;
    if (moves_.from == moves_.to && is_unchanged()) return std::nullopt;
    for (std::size_t i{0}; i < live_.size(); ++i)
      moves_.steps.push_back({live_[i].number, position_after(i), number_of(live_[i])});
    for (const auto &step : retired_) moves_.steps.push_back({step.number, -1, number_of(step)});
    for (const auto &step : live_)
      if (moves_.levels.empty() || moves_.levels.back().first != step.level)
        moves_.levels.emplace_back(step.level, level_after(step.level));
    for (const auto &step : retired_there_)
      if (index_of(step.id) < 0) moves_.known.push_back(step);
    if (to_ != nullptr)
      for (std::size_t i{0}; i < to_->steps.size(); ++i)
        moves_.known.push_back({to_->id, static_cast<std::int32_t>(i), to_->steps[i].level, to_->steps[i].id});
    return std::move(moves_);
  }

 private:
  [[nodiscard]] std::int32_t index_of(std::string_view id) const {
    return to_ == nullptr ? -1 : domain::step_index(*to_, id);
  }
  [[nodiscard]] bool is_new(std::string_view id) const {
    return std::none_of(live_.begin(), live_.end(), [id](const auto &step) { return step.id == id; });
  }

  [[nodiscard]] bool is_unchanged() const {
    return std::equal(live_.begin(), live_.end(), to_->steps.begin(), to_->steps.end(),
                      [](const auto &known, const auto &step) { return known.id == step.id && known.level == step.level; });
  }

  /// In force under another or the same number, or retired under one of its own.
  std::int32_t number_of(const KnownStep &step) {
    if (const auto index = index_of(step.id); index >= 0) return index;
    const auto number = step.number >= kRetiredStep ? step.number : next_retired_++;
    moves_.known.push_back({moves_.to, number, step.level, step.id});
    return number;
  }

  /// Where stands now what stood at the i-th step of the old list.
  [[nodiscard]] std::int32_t position_after(std::size_t i) const {
    std::int32_t position{-1};
    for (std::size_t passed{0}; passed <= i; ++passed) position = std::max(position, index_of(live_[passed].id));
    if (to_ == nullptr || index_of(live_[i].id) >= 0) return position;
    for (std::size_t at{0}; at < to_->steps.size(); ++at)
      if (to_->steps[at].level <= live_[i].level && is_new(to_->steps[at].id))
        position = std::max(position, static_cast<std::int32_t>(at));
    return position;
  }

  [[nodiscard]] std::int32_t level_after(std::int32_t level) const {
    std::int32_t now{0};
    if (to_ == nullptr) return now;
    for (const auto &step : live_)
      if (const auto index = index_of(step.id); index >= 0 && step.level <= level)
        now = std::max(now, to_->steps[static_cast<std::size_t>(index)].level);
    for (const auto &step : to_->steps)
      if (step.level <= level && is_new(step.id)) now = std::max(now, step.level);
    return now;
  }

  const domain::Scenario *to_;
  StepMoves moves_;
  std::vector<KnownStep> live_, retired_, retired_there_;
  std::int32_t next_retired_{kRetiredStep};
};

}  // namespace

std::optional<StepMoves> plan_step_moves(std::string_view from, const domain::Scenario &to,
                                         std::span<const KnownStep> known) {
  return Planner{from, &to, known}.plan();
}

std::vector<KnownStep> known_after(std::vector<KnownStep> known, const StepMoves &moves) {
  std::erase_if(known, [&](const KnownStep &step) { return step.scenario == moves.from || step.scenario == moves.to; });
  known.insert(known.end(), moves.known.begin(), moves.known.end());
  std::sort(known.begin(), known.end(), [](const KnownStep &a, const KnownStep &b) {
    return std::tie(a.scenario, a.number) < std::tie(b.scenario, b.number);
  });
  return known;
}

std::optional<StepMoves> plan_retirement(std::string_view scenario, std::span<const KnownStep> known) {
  return Planner{scenario, nullptr, known}.plan();
}

}  // namespace relance::engine
