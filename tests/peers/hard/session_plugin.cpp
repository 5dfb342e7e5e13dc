// The driver `session`: text messages over one SMPP 3.4 transceiver link, on which the receipts come back.
// What it is here for is the sequence: receipts are acknowledged only when they are on disk, a link that dies
// leaves UNKNOWN exactly what was written and not answered, a throttle is NOT_SENT and a pause of the whole
// instance.
#include "tests/peers/hard/outgoing.hpp"
#include "tests/peers/hard/smpp_link.hpp"
#include "tests/peers/hard/smpp_receipt.hpp"

#include <relance/channel.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

namespace hard {
namespace {

namespace sdk = relance::sdk;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kWindow{16};              // messages handed over, and PDUs without answer
constexpr std::uint32_t kAsPromised{UINT32_MAX};  // to ready(): max_in_flight alone binds again
constexpr std::size_t kPartsMax{8};               // of one text: about 1,200 characters
constexpr auto kThrottlePause = 500ms;            // the server's word for "slower", not for "later"
constexpr auto kAnswerWithin = 10s;               // a link that is silent longer is dead
constexpr auto kIdle = 5s;                        // then enquire_link
constexpr auto kBackOffFirst = 100ms, kBackOffLast = 10'000ms;
constexpr auto kLastAnswersWithin = 2s;  // at stop()

constexpr const char *kSchema{
    R"({"type": "object", "additionalProperties": false, "required": ["host", "port", "system_id", "password"],
  "properties": {"host": {"type": "string"}, "port": {"type": "integer", "minimum": 1, "maximum": 65535},
  "system_id": {"type": "string", "maxLength": 15}, "password": {"type": "string", "maxLength": 8}}})"};

class Session {
 public:
  static constexpr sdk::Description kDescription{.id = "org.relance.test.session",
                                                 .driver = "session",
                                                 .name = "SMPP session",
                                                 .version = "1.0",
                                                 .vendor = "Relance",
                                                 .channel = "sms",
                                                 .settings_schema = kSchema};

  Session(sdk::Host host, std::string_view, std::string_view settings_json, sdk::Issues &issues)
      : host_(host) {
    const auto settings = sdk::Json::parse(settings_json);
    server_ = settings["host"].text();
    port_ = static_cast<std::uint16_t>(settings["port"].integer());
    system_id_ = settings["system_id"].text();
    password_ = settings["password"].text();
    if (system_id_.empty()) issues.fatal("/system_id", "may not be empty");
  }
  ~Session() {
    stop();
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] sdk::Traits traits() const {
    return {.max_in_flight = kWindow, .expected_receipts = {{RELANCE_RCPT_DELIVERED, 0, 86'400'000}}};
  }
  void start() {
    host_.ready(0);
    thread_ = std::thread([this] { run(); });
  }
  void stop() {
    is_stopping_ = true;
    link_.wake();
  }
  void submit(std::vector<sdk::Pending> batch) {
    const std::lock_guard lock(mutex_);
    for (auto &pending : batch) given_.push_back(std::move(pending));
    link_.wake();
  }
  void stored(std::span<const sdk::Token> tokens) {
    const std::lock_guard lock(mutex_);
    stored_.insert(stored_.end(), tokens.begin(), tokens.end());
    link_.wake();
  }
  void room() {
    has_room_ = true;
    link_.wake();
  }
  void parse(sdk::PendingParse pending);

 private:
  void run();
  void serve();
  void take_commands();
  void write_some();
  void write_part(const std::shared_ptr<Outgoing> &out);
  void read(const smpp::Pdu &pdu);
  void answered(const smpp::Pdu &pdu);
  void end_if_answered(const std::shared_ptr<Outgoing> &out);
  void offer();
  void lost(const std::string &why, Clock::duration pause);

  const sdk::Host host_;
  std::string server_, system_id_, password_;
  std::uint16_t port_{0};
  smpp::Link link_;
  std::thread thread_;
  std::atomic<bool> is_stopping_{false}, has_room_{false};
  std::mutex mutex_;  // guards the next two
  std::vector<sdk::Pending> given_;
  std::vector<sdk::Token> stored_;

  // The link's thread only.
  std::deque<std::shared_ptr<Outgoing>> waiting_;  // something of each is still to be written
  std::map<std::uint32_t, std::pair<std::shared_ptr<Outgoing>, std::size_t>>
      unanswered_;                                      // by sequence number
  std::deque<sdk::Inbound> offered_;                    // no room for them yet
  std::map<sdk::Token, std::uint32_t> unacknowledged_;  // receipts without response, of this link only
  sdk::Token last_token_{0};
  Clock::time_point paused_until_{};
  bool is_paused_{false};
};

void Session::run() {
  auto pause = Clock::duration(kBackOffFirst);
  while (!is_stopping_) {
    try {
      link_.open(server_, port_);
      const auto bound = link_.bind(system_id_, password_, kAnswerWithin);
      if (bound != 0) throw std::runtime_error("the server refuses the login: " + as_hex(bound));
      pause = kBackOffFirst;
      is_paused_ = false;
      host_.health(sdk::HealthLevel::up);
      host_.ready(kAsPromised);
      serve();
      if (is_stopping_) link_.unbind();
      lost("the link was closed", kBackOffFirst);
    } catch (const std::exception &fault) {
      lost(fault.what(), pause);
    }
    const auto until = Clock::now() + pause;
    while (!is_stopping_ && Clock::now() < until) {
      link_.wait(until - Clock::now());
      take_commands();
      lost("the link is down", until - Clock::now());
    }
    pause = std::min<Clock::duration>(pause * 2, kBackOffLast);
  }
  take_commands();
  lost("the instance stops", Clock::duration(kBackOffFirst));
}

/// Until the server unbinds or closes, or stop() has been obeyed. Throws when the link dies.
void Session::serve() {
  auto heard_at = Clock::now(), stop_by = Clock::time_point::max();
  bool is_asked{false};
  for (;;) {
    take_commands();
    if (is_stopping_) stop_by = std::min(stop_by, Clock::now() + kLastAnswersWithin);
    if (stop_by != Clock::time_point::max() && (unanswered_.empty() || Clock::now() >= stop_by)) return;
    if (!is_stopping_) write_some();
    if (has_room_.exchange(false)) offer();
    // Bytes that found no room stop the reading: the server's window then fills, and it waits.
    for (const auto &pdu : link_.read(offered_.empty(), 200ms)) {
      heard_at = Clock::now();
      is_asked = false;
      if (pdu.command == smpp::kUnbind) return link_.answer(pdu);
      read(pdu);
    }
    if (link_.is_closed()) return;
    const auto silence = Clock::now() - heard_at;
    if (!offered_.empty()) heard_at = Clock::now();
    if (silence > kIdle + kAnswerWithin) throw std::runtime_error("the server is silent");
    if (silence > kIdle && !std::exchange(is_asked, true)) link_.send(smpp::kEnquireLink, {});
  }
}

void Session::take_commands() {
  std::vector<sdk::Pending> given;
  std::vector<sdk::Token> stored;
  {
    const std::lock_guard lock(mutex_);
    given.swap(given_);
    stored.swap(stored_);
  }
  for (auto &pending : given) waiting_.push_back(make_outgoing(std::move(pending)));
  for (const auto token : stored)
    if (const auto found = unacknowledged_.find(token); found != unacknowledged_.end()) {
      link_.answer({smpp::kDeliver, 0, found->second, {}}, std::string(1, '\0'));
      unacknowledged_.erase(found);
    }
}

void Session::write_some() {
  if (is_paused_ && Clock::now() >= paused_until_) {
    is_paused_ = false;
    host_.ready(kAsPromised);
  }
  while (!is_paused_ && !waiting_.empty() && unanswered_.size() < kWindow) {
    const auto out = waiting_.front();
    if (!out->is_begun && out->bodies.size() > kPartsMax) {
      out->pending.end(
          sdk::Outcome::rejected(sdk::FailureClass::policy, "too_long", "more than eight parts"));
    } else if (!out->is_begun && host_.wall_ms() >= out->pending->not_after_ms) {
      out->pending.end(sdk::Outcome::not_sent("not_after", "its time to leave has passed"));
    } else {
      write_part(out);
      if (!out->todo.empty()) continue;
    }
    waiting_.pop_front();
  }
}

void Session::write_part(const std::shared_ptr<Outgoing> &out) {
  const auto part = out->todo.front();
  out->todo.pop_front();
  const auto sequence = link_.next_sequence();
  unanswered_.emplace(
      sequence, std::pair{out, part});  // before the first byte: a write that fails may have written some
  ++out->unanswered;
  out->is_begun = true;
  link_.send(smpp::kSubmit, out->bodies[part], sequence);
}

void Session::read(const smpp::Pdu &pdu) {
  if (pdu.command == smpp::kEnquireLink) return link_.answer(pdu);
  if (pdu.command == (smpp::kSubmit | smpp::kResponse)) return answered(pdu);
  if (pdu.command == smpp::kGenericNack) return answered(pdu);
  if (pdu.command != smpp::kDeliver) return;
  const auto token = ++last_token_;
  unacknowledged_[token] = pdu.sequence;
  offered_.push_back({.token = token, .kind = "link", .bytes = pdu.body, .received_at_ms = host_.wall_ms()});
  offer();
}

void Session::offer() {
  const std::vector<sdk::Inbound> batch(offered_.begin(), offered_.end());
  const auto taken = host_.inbound(batch);
  offered_.erase(offered_.begin(), offered_.begin() + static_cast<std::ptrdiff_t>(taken));
}

void Session::answered(const smpp::Pdu &pdu) {
  const auto found = unanswered_.find(pdu.sequence);
  if (found == unanswered_.end()) return;
  const auto [out, part] = found->second;
  unanswered_.erase(found);
  --out->unanswered;
  if (pdu.command != smpp::kGenericNack && pdu.status == 0) {
    out->ids[part] = pdu.body.substr(0, pdu.body.find('\0'));
  } else if (pdu.status == smpp::kThrottled || pdu.status == smpp::kQueueFull) {
    out->todo.push_back(part);
    out->is_throttled = true;
    if (!std::exchange(is_paused_, true)) host_.ready(0);
    paused_until_ = Clock::now() + kThrottlePause;
  } else {
    out->refused = pdu.status;
  }
  end_if_answered(out);
}

void Session::end_if_answered(const std::shared_ptr<Outgoing> &out) {
  const auto refs = out->refs();
  if (out->unanswered > 0 || (!out->is_throttled && out->refused == 0 && !out->todo.empty())) return;
  if (out->refused == 0 && out->is_throttled &&
      !refs.empty()) {  // a part is out: the others follow after the pause
    out->is_throttled = false;
    if (std::find(waiting_.begin(), waiting_.end(), out) == waiting_.end()) waiting_.push_front(out);
    return;
  }
  std::erase(waiting_, out);
  out->pending.end(out->outcome(kThrottlePause.count()));
}

/// What was written and not answered may be out; the rest is certainly not.
void Session::lost(const std::string &why, Clock::duration pause) {
  if (link_.close()) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(pause).count();
    host_.ready(0);
    host_.health(sdk::HealthLevel::down, "link_down", why, host_.wall_ms() + ms);
  }
  for (auto &[sequence, what] : std::exchange(unanswered_, {})) {
    auto &out = what.first;
    std::erase(waiting_, out);
    out->pending.end(out->unknown("link_down", why));
  }
  for (const auto &out : std::exchange(waiting_, {})) {
    if (!out->is_begun) {
      out->pending.end(sdk::Outcome::not_sent("link_down", why, 1000));
      continue;
    }
    out->pending.end(out->unknown("link_down", why));
  }
  unacknowledged_.clear();  // the server offers them again on the next link
  offered_.clear();
}

void Session::parse(sdk::PendingParse pending) {
  pending.end(read_delivered(pending.bytes()));
}

}  // namespace
}  // namespace hard

RELANCE_EXPORT_DRIVERS(hard::Session)
