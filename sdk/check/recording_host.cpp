#include "sdk/check/recording_host.hpp"

#include "sdk/check/http_calls.hpp"
#include "sdk/check/verdict.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

namespace relance::check {
namespace {

constexpr std::size_t kTextsMax{200'000};  ///< of one test; a flood is counted, not kept

std::int64_t unix_ms() {
  return std::chrono::duration_cast<Milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

RecordingHost::RecordingHost(Shape shape, std::uint32_t capabilities)
    : shape_(std::move(shape)),
      capabilities_(capabilities),
      memory_(" was used after destroy() had returned", Arena::Style::tight),
      webhook_url_("https://hooks.relance.test/in/0123456789abcdef"),
      http_(std::make_unique<HttpCalls>(*this)) {
  make_table();
  // From where a token that is cut to 32 bits, or taken for a small index, is another one.
  for (int family{0}; family < kFamilies; ++family) next_[family] = 0xfffffffeu;
  load_state();
  be_known(true);
}

RecordingHost::~RecordingHost() {
  http_.reset();
  if (!is_closed_) close();
}

void RecordingHost::close() {
  http_.reset();
  is_closed_ = true;
  be_known(false);
  memory_.kill();
}

RecordingHost::Family RecordingHost::family_of(Operation operation) {
  switch (operation) {
    case Operation::recall:
      return kRecalled;
    case Operation::parse:
      return kParsed;
    case Operation::poll:
      return kPolled;
    case Operation::fetch:
      return kFetched;
    case Operation::discard:
      return kDiscarded;
    default:
      return kComplete;
  }
}

relance_token RecordingHost::open(Operation operation, std::shared_ptr<Arena> life, std::string what) {
  const std::lock_guard lock(mutex_);
  const auto family = family_of(operation);
  const auto token = next_[family]++;
  open_[family].emplace(token, Open{std::move(life), std::move(what), operation});
  return token;
}

void RecordingHost::ended(Family family, relance_token token, End end, const char *function) {
  std::shared_ptr<Arena> life;
  {
    const std::lock_guard lock(mutex_);
    const auto found = open_[family].find(token);
    if (found == open_[family].end()) {
      if (given_up_[family].contains(token)) return;
      if (closed_[family].contains(token)) {
        finding(std::string(function) + "() ended a token a second time, as " +
                    (family == kComplete ? name_of_outcome(end.outcome) : std::to_string(end.outcome)),
                "end each token in one place only: take it out of your table of open work before you call "
                "the host, under the "
                "same lock that stop() and a late reply take",
                "R4");
      } else {
        finding(std::string(function) + "() ended token " + std::to_string(token) + ", which was never given",
                "a token is 64 bits, chosen by the host: hand it back as it came, to the function of its "
                "operation",
                "R4");
      }
      return;
    }
    end.operation = found->second.operation;
    const auto outcome = end.outcome;
    if (family == kComplete) {
      const bool is_legal{[&] {
        switch (end.operation) {
          case Operation::submit:
            return outcome >= RELANCE_OUT_ACCEPTED && outcome <= RELANCE_OUT_UNKNOWN &&
                   outcome != RELANCE_OUT_NOT_FOUND;
          case Operation::commit:
            return outcome >= RELANCE_OUT_ACCEPTED && outcome <= RELANCE_OUT_UNKNOWN &&
                   outcome != RELANCE_OUT_PREPARED;
          default:
            return outcome >= RELANCE_OUT_ACCEPTED && outcome <= RELANCE_OUT_UNKNOWN;
        }
      }()};
      if (!is_legal)
        finding(std::string("a ") + name_of(end.operation) + " ended as " + name_of_outcome(outcome),
                "submit ends as ACCEPTED, DELIVERED, REJECTED, NOT_SENT, PREPARED or UNKNOWN; NOT_FOUND "
                "answers a query, and "
                "PREPARED neither ends a commit nor makes sense without commit()",
                "RELANCE_OUT_*");
      if (outcome == RELANCE_OUT_PREPARED && (capabilities_ & RELANCE_CAP_TWO_PHASE) == 0)
        finding("a message ended as PREPARED, but the driver has no RELANCE_CAP_TWO_PHASE",
                "set the capability and write commit() and discard(), or end it as ACCEPTED",
                "RELANCE_OUT_PREPARED");
      if (outcome == RELANCE_OUT_PREPARED && end.refs.empty())
        finding("a message ended as PREPARED without a reference",
                "`refs` names the draft that commit() would release", "RELANCE_OUT_PREPARED");
      if (judges_refs_ && end.operation == Operation::submit &&
          (outcome == RELANCE_OUT_ACCEPTED || outcome == RELANCE_OUT_DELIVERED ||
           outcome == RELANCE_OUT_PREPARED))
        for (const auto &ref : end.refs) {
          const auto [place, is_new] = refs_.emplace(ref, found->second.what);
          if (ref.empty() || (!is_new && place->second != found->second.what))
            finding(ref.empty() ? "an accepted message has an empty reference"
                                : "the reference \"" + ref + "\" was given to two messages",
                    "a reference is what the provider calls this one message; where there is none, give none",
                    "relance_result.refs");
        }
    }
    life = std::move(found->second.life);
    open_[family].erase(found);
    closed_[family].insert(token);
    ends_.push_back(std::make_unique<End>(std::move(end)));
  }
  if (life) life->kill();
}

std::size_t RecordingHost::open_count() const {
  const std::lock_guard lock(mutex_);
  std::size_t count{0};
  for (const auto &family : open_) count += family.size();
  return count;
}

std::vector<std::string> RecordingHost::open_names() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (const auto &family : open_)
    for (const auto &[token, open] : family) names.push_back(open.what);
  return names;
}

bool RecordingHost::is_open(Operation operation, relance_token token) const {
  const std::lock_guard lock(mutex_);
  return open_[family_of(operation)].contains(token);
}

std::vector<End> RecordingHost::ends() const {
  const std::lock_guard lock(mutex_);
  std::vector<End> copies;
  for (const auto &end : ends_) copies.push_back(*end);
  return copies;
}

const End *RecordingHost::end_of(Operation operation, relance_token token) const {
  const std::lock_guard lock(mutex_);
  for (const auto &end : ends_)
    if (end->operation == operation && end->token == token) return end.get();
  return nullptr;
}

std::vector<std::string> RecordingHost::end_the_rest() {
  const auto names = open_names();
  const std::lock_guard lock(mutex_);
  for (int family{0}; family < kFamilies; ++family) {
    for (auto &[token, open] : open_[family]) {
      given_up_[family].insert(token);
      if (open.life) left_open_.push_back(std::move(open.life));
    }
    open_[family].clear();
  }
  return names;
}

void RecordingHost::forget_ends() {
  const std::lock_guard lock(mutex_);
  ends_.clear();
}

void RecordingHost::take_inbound(std::size_t items) {
  const std::lock_guard lock(mutex_);
  inbound_room_ = items;
}

std::vector<InboundItem> RecordingHost::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

void RecordingHost::post(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(call));
}

bool RecordingHost::take_posted(std::function<void()> &call) {
  const std::lock_guard lock(mutex_);
  if (posted_.empty()) return false;
  call = std::move(posted_.front());
  posted_.pop_front();
  return true;
}

bool RecordingHost::take_wake() {
  const std::lock_guard lock(mutex_);
  if (!is_wake_due_ || wake_at_ > Clock::now()) return false;
  is_wake_due_ = false;
  return true;
}

std::int64_t RecordingHost::credit() const {
  const std::lock_guard lock(mutex_);
  return credit_;
}

void RecordingHost::spend_credit(std::size_t messages) {
  const std::lock_guard lock(mutex_);
  if (credit_ >= 0) credit_ = std::max<std::int64_t>(0, credit_ - static_cast<std::int64_t>(messages));
}

std::int64_t RecordingHost::business_ms() const {
  return unix_ms() + business_shift_ms_;
}
std::int64_t RecordingHost::wall_ms() const {
  return unix_ms() + wall_shift_ms_;
}

std::vector<std::pair<std::string, std::string>> RecordingHost::texts() const {
  const std::lock_guard lock(mutex_);
  return texts_;
}

void RecordingHost::heard(std::string where, std::string_view text) {
  if (text.empty()) return;
  const std::lock_guard lock(mutex_);
  if (texts_.size() < kTextsMax) texts_.emplace_back(std::move(where), text);
}

void RecordingHost::hold_http(bool is_held) {
  http_->hold(is_held);
}

std::size_t RecordingHost::held_http() const {
  return http_->held();
}

void RecordingHost::connect_http(const relance_http_client *client, relance_instance *instance) {
  http_->connect(client, instance);
}

void RecordingHost::load_state() {
  if (shape_.state_file.empty()) return;
  std::ifstream file(shape_.state_file, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  for (std::size_t at{0}; at + 8 <= all.size();) {
    std::uint32_t sizes[2];
    std::memcpy(sizes, all.data() + at, 8);
    at += 8;
    if (all.size() - at < std::size_t{sizes[0]} + sizes[1]) return;
    state_[all.substr(at, sizes[0])] = all.substr(at + sizes[0], sizes[1]);
    at += std::size_t{sizes[0]} + sizes[1];
  }
}

/// Written beside and renamed: a killed process leaves the old one or the new one.
void RecordingHost::keep_state() {
  if (shape_.state_file.empty()) return;
  const auto beside = shape_.state_file + ".new";
  {
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    for (const auto &[key, value] : state_) {
      const std::uint32_t sizes[2]{static_cast<std::uint32_t>(key.size()),
                                   static_cast<std::uint32_t>(value.size())};
      file.write(reinterpret_cast<const char *>(sizes), 8);
      file << key << value;
    }
  }
  std::rename(beside.c_str(), shape_.state_file.c_str());
}

}  // namespace relance::check
