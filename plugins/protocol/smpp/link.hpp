// One link to a message centre: connects, binds, writes within its window, reads, and knows at each moment
// which PDU the other end may have. What to send and what becomes of it is its exchange's business.
#pragma once

#include "plugins/protocol/smpp/client.hpp"
#include "plugins/protocol/smpp/pdu.hpp"
#include "plugins/protocol/wire/wire.hpp"

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace boost::asio {
class io_context;
}
namespace relance::wire {
class Line;
}

namespace relance::smpp {

using Clock = std::chrono::steady_clock;

/// One message under way.
struct Job {
  explicit Job(Submission given) : submission{std::move(given)}, parts(submission.parts.size()) {}
  enum class Part : std::uint8_t { waiting, written, taken, doubtful };

  Submission submission;
  std::vector<Part> parts;
  std::vector<std::string> ids{};  ///< by part
  std::size_t unanswered{0};
  std::uint32_t refused{0};    ///< a status other than 0
  std::uint32_t throttled{0};  ///< the same, but it is about how fast, not about this message
  std::string doubt{};         ///< why a part is doubtful

  [[nodiscard]] std::size_t next_part() const;  ///< parts.size(): none waits
  [[nodiscard]] bool is_out() const;            ///< a part was taken, or may have been
  [[nodiscard]] bool is_stuck() const { return refused != 0 || throttled != 0 || !doubt.empty(); }
};
using JobPtr = std::shared_ptr<Job>;

class Link;

/// What a link needs of the one who has all links.
class Exchange {
 public:
  virtual ~Exchange() = default;
  [[nodiscard]] virtual JobPtr next_job() = 0;  ///< null: nothing waits, or it must not go now
  virtual void settled(JobPtr job) = 0;         ///< nothing of it is under way any more
  virtual void throttled() = 0;
  virtual void flowing() = 0;  ///< a message was taken
  virtual void bound(Link &link) = 0;
  virtual void arrived(Link &link, const Pdu &pdu) = 0;
  virtual void closed(Link &link, std::string why, std::uint32_t bind_status) = 0;
  [[nodiscard]] virtual bool reads() const = 0;  ///< false: what arrives has no room
  virtual void deliver() = 0;                    ///< tell what has gathered
  virtual void look_at(Clock::time_point when) = 0;
};

enum class Role : std::uint8_t { transceiver, transmitter, receiver };

class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(boost::asio::io_context &io, Exchange &exchange, const Options &options, Role role,
       std::shared_ptr<wire::TlsContext> tls, std::uint64_t number);
  ~Link();

  void open();
  /// There may be work, or room.
  void pump();
  void check_time(Clock::time_point now);
  void acknowledge(std::uint32_t command, std::uint32_t sequence);
  void ask(std::uint32_t command, const std::string &body, std::function<void(const Answer &)> then);
  /// Takes nothing more, waits for what was written, unbinds, closes.
  void leave(Clock::time_point until);
  void abort(std::string why);

  [[nodiscard]] bool is_bound() const { return phase_ == Phase::bound; }
  [[nodiscard]] bool is_closed() const { return phase_ == Phase::closed; }
  [[nodiscard]] bool sends() const { return role_ != Role::receiver; }
  [[nodiscard]] Role role() const { return role_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] std::size_t load() const { return pending_.size(); }

 private:
  enum class Phase : std::uint8_t { connecting, tls, binding, bound, unbinding, closed };
  struct Pending {
    JobPtr job;  ///< null: an answer to `then`
    std::size_t part{0};
    std::function<void(const Answer &)> then{};
    std::uint64_t end{0};  ///< in the wire's plain stream
  };

  // link.cpp
  void connected();
  void bind();
  void read();
  void received(std::string_view bytes);
  void take_frames();
  void on_pdu(const Pdu &pdu);
  void on_request(const Pdu &pdu);
  void on_answer(const Pdu &pdu);
  void bind_answered(const Pdu &pdu);
  void part_answered(const Pending &pending, const Pdu &pdu);
  void write_parts();
  void flush();
  void wait_writable();
  std::uint32_t next_sequence() { return sequence_ = sequence_ % kSequenceMax + 1; }
  void expire(Clock::time_point now);
  void settle_if_done(const JobPtr &job);
  void unbind();
  void lost(std::string why, std::uint32_t bind_status = 0);
  void close(std::string why, std::uint32_t bind_status);
  [[nodiscard]] std::uint32_t bind_command() const;
  [[nodiscard]] bool has_room() const { return pending_.size() < options_.window; }

  Exchange &exchange_;
  const Options &options_;
  const Role role_;
  const std::uint64_t number_;
  std::shared_ptr<wire::TlsContext> tls_;
  std::unique_ptr<wire::Line> line_;
  wire::Wire wire_;
  Phase phase_{Phase::connecting};
  bool is_reading_{false}, is_waiting_writable_{false}, is_leaving_{false}, is_enquired_{false};
  bool is_taking_frames_{false};
  std::uint32_t sequence_{0}, bind_sequence_{0};
  std::unordered_map<std::uint32_t, Pending> pending_;
  std::deque<std::pair<std::uint32_t, Clock::time_point>> written_;  ///< by age; some are answered already
  JobPtr writing_;                                                   ///< its next part comes first
  Clock::time_point deadline_{Clock::time_point::max()};             ///< of the phase
  Clock::time_point heard_at_{};
  Clock::time_point leave_by_{Clock::time_point::max()};
  std::array<char, 64 * 1024> input_{};
  std::string unread_;
  std::size_t read_to_{0};
};

}  // namespace relance::smpp
