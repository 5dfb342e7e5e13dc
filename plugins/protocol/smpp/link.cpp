#include "plugins/protocol/smpp/link.hpp"

#include "plugins/protocol/wire/line.hpp"

#include <algorithm>
#include <utility>

namespace relance::smpp {

namespace {
/// deliver_sm_resp and data_sm_resp carry a message_id, which the answer of a client leaves empty.
constexpr std::string_view kNoMessageId{"\0", 1};
/// Bytes that the kernel has not taken: beyond it nothing new is begun, as it would leave late.
constexpr std::size_t kBacklogBytesMax{256 * 1024};
/// A message_id has 65 octets at most; what is far longer is none.
constexpr std::size_t kMessageIdBytesMax{255};
}  // namespace

std::size_t Job::next_part() const {
  return static_cast<std::size_t>(std::find(parts.begin(), parts.end(), Part::waiting) - parts.begin());
}

bool Job::is_out() const {
  return std::any_of(parts.begin(), parts.end(),
                     [](Part part) { return part == Part::taken || part == Part::doubtful; });
}

Link::Link(boost::asio::io_context &io, Exchange &exchange, const Options &options, Role role,
           std::shared_ptr<wire::TlsContext> tls, std::uint64_t number)
    : exchange_{exchange},
      options_{options},
      role_{role},
      number_{number},
      tls_{std::move(tls)},
      line_{std::make_unique<wire::Line>(io)} {}

Link::~Link() = default;

void Link::open() {
  deadline_ = Clock::now() + options_.timeouts.connect;
  exchange_.look_at(deadline_);
  line_->dial(options_.host, options_.port, [self = shared_from_this()](std::string fault) {
    if (self->phase_ == Phase::closed) return;
    if (!fault.empty()) return self->lost(std::move(fault));
    self->connected();
  });
}

void Link::connected() {
  wire_.attach(line_->socket());
  heard_at_ = Clock::now();
  if (options_.has_tls) {
    phase_ = Phase::tls;
    wire_.start_tls(tls_, options_.tls);
    wire_.handshake();
    flush();
  } else {
    bind();
  }
  read();
}

std::uint32_t Link::bind_command() const {
  return role_ == Role::transceiver   ? kBindTransceiver
         : role_ == Role::transmitter ? kBindTransmitter
                                      : kBindReceiver;
}

void Link::bind() {
  phase_ = Phase::binding;
  deadline_ = Clock::now() + options_.timeouts.bind;
  exchange_.look_at(deadline_);
  std::string body;
  append_text(body, options_.system_id);
  append_text(body, options_.password);
  append_text(body, options_.system_type);
  append_u8(body, 0x34);  // interface_version
  append_u16(body, 0);    // addr_ton, addr_npi
  append_text(body, options_.address_range);
  bind_sequence_ = next_sequence();
  append_pdu(wire_.tail(), bind_command(), 0, bind_sequence_, body);
  flush();
}

void Link::read() {
  if (phase_ == Phase::connecting || phase_ == Phase::closed || is_reading_ || !exchange_.reads()) return;
  is_reading_ = true;
  line_->read(input_, [self = shared_from_this()](std::string fault, std::size_t count) {
    self->is_reading_ = false;
    if (self->phase_ == Phase::closed) return;
    if (!fault.empty()) return self->lost("the link was cut: " + fault);
    self->received({self->input_.data(), count});
    if (self->phase_ == Phase::closed) return;
    self->pump();
    self->read();
  });
}

void Link::received(std::string_view bytes) {
  heard_at_ = Clock::now();
  is_enquired_ = false;
  bool is_closed_by_peer{false};
  if (wire_.is_encrypted()) {
    const auto state = wire_.decode(bytes, unread_);
    if (state == wire::TlsFilter::State::failed) {
      wire_.flush();  // our alert says why
      return lost("TLS: " + wire_.tls_fault());
    }
    is_closed_by_peer = state == wire::TlsFilter::State::closed;
    if (state == wire::TlsFilter::State::handshaking) return flush();
    if (phase_ == Phase::tls) bind();
  } else {
    unread_.append(bytes);
  }
  take_frames();
  if (is_closed_by_peer && phase_ != Phase::closed) lost("the message centre closed TLS");
}

/// Stops at the PDU that finds no room: the rest stays here until pump() comes again.
void Link::take_frames() {
  is_taking_frames_ = true;
  while (phase_ != Phase::closed && exchange_.reads()) {
    const auto frame = read_frame(std::string_view{unread_}.substr(read_to_));
    if (frame.state == Frame::State::incomplete) break;
    if (frame.state == Frame::State::broken) {
      is_taking_frames_ = false;
      return lost("protocol: " + std::string{frame.fault});
    }
    read_to_ += frame.pdu.whole.size();
    on_pdu(frame.pdu);
  }
  is_taking_frames_ = false;
  unread_.erase(0, read_to_);
  read_to_ = 0;
}

void Link::on_pdu(const Pdu &pdu) {
  if ((pdu.command & kResponse) != 0) return on_answer(pdu);
  on_request(pdu);
}

void Link::on_request(const Pdu &pdu) {
  switch (pdu.command) {
    case kEnquireLink:
      return append_pdu(wire_.tail(), kEnquireLink | kResponse, 0, pdu.sequence);
    case kDeliverSm:
    case kDataSm:
      return exchange_.arrived(*this, pdu);
    case kAlertNotification:
      return;
    case kUnbind:
      append_pdu(wire_.tail(), kUnbind | kResponse, 0, pdu.sequence);
      wire_.flush();
      return lost("the message centre ended the link");
    default:
      append_pdu(wire_.tail(), kGenericNack, 0x03, pdu.sequence);  // ESME_RINVCMDID
  }
}

void Link::on_answer(const Pdu &pdu) {
  if (phase_ == Phase::binding && pdu.sequence == bind_sequence_) return bind_answered(pdu);
  const auto found = pending_.find(pdu.sequence);
  if (found == pending_.end()) {
    // What nobody asked, or no longer awaits. A NACK of nothing says that the two ends have lost step.
    if (pdu.command == kGenericNack) lost("protocol: " + name_of_status(pdu.status) + " to no PDU of ours");
    if (pdu.command == (kUnbind | kResponse) && phase_ == Phase::unbinding) close("unbound", 0);
    return;
  }
  const auto pending = std::move(found->second);
  pending_.erase(found);
  if (pending.end > wire_.at_risk()) return lost("protocol: an answer before its question");
  if (!pending.job) return pending.then({true, pdu.status, std::string{pdu.body}});
  part_answered(pending, pdu);
}

void Link::bind_answered(const Pdu &pdu) {
  if (pdu.command == kGenericNack || pdu.status != 0) {
    const auto status = pdu.status == 0 ? 0x0D : pdu.status;
    return lost(name_of_status(status) + ": " + std::string{meaning_of(status).words}, status);
  }
  phase_ = Phase::bound;
  deadline_ = Clock::time_point::max();
  exchange_.look_at(Clock::now() + options_.timeouts.enquire);
  exchange_.bound(*this);
}

void Link::part_answered(const Pending &pending, const Pdu &pdu) {
  auto &job = *pending.job;
  --job.unanswered;
  // A NACK that names no fault is one all the same.
  const auto status = pdu.command == kGenericNack && pdu.status == 0 ? 0x03 : pdu.status;
  const auto verdict = options_.verdict_of(status);
  if (status == 0) {
    const auto id = pdu.body.substr(0, std::min(pdu.body.find('\0'), kMessageIdBytesMax));
    job.parts[pending.part] = Job::Part::taken;
    job.ids[pending.part] = id;
    exchange_.flowing();
  } else if (verdict == Verdict::throttled) {
    job.parts[pending.part] = Job::Part::waiting;
    job.throttled = status;
    exchange_.throttled();
  } else if (verdict == Verdict::unknown) {
    job.parts[pending.part] = Job::Part::doubtful;
    job.refused = status;
    job.doubt = name_of_status(status);
  } else {
    job.parts[pending.part] = Job::Part::waiting;
    job.refused = status;
  }
  settle_if_done(pending.job);
  if (verdict == Verdict::link) lost("protocol: " + name_of_status(status) + " to a message", status);
}

void Link::settle_if_done(const JobPtr &job) {
  const bool has_more{job->next_part() < job->parts.size()};
  if (job->unanswered > 0 || (has_more && !job->is_stuck())) return;
  if (writing_ == job) writing_.reset();
  exchange_.settled(job);
}

void Link::pump() {
  if (phase_ == Phase::closed) return;
  if (!is_taking_frames_ && !unread_.empty() && exchange_.reads()) take_frames();
  exchange_.deliver();
  if (phase_ == Phase::bound) write_parts();
  if (phase_ == Phase::bound && is_leaving_ && pending_.empty()) unbind();
  if (phase_ != Phase::closed) flush();
  read();
}

void Link::write_parts() {
  const auto now = Clock::now();
  while (sends() && has_room() && wire_.backlog() < kBacklogBytesMax) {
    if (!writing_ || writing_->next_part() == writing_->parts.size() || writing_->is_stuck())
      writing_ = is_leaving_ ? nullptr : exchange_.next_job();
    if (!writing_) break;
    const auto part = writing_->next_part();
    const auto sequence = next_sequence();
    append_pdu(wire_.tail(), kSubmitSm, 0, sequence, writing_->submission.parts[part]);
    writing_->parts[part] = Job::Part::written;
    ++writing_->unanswered;
    pending_.emplace(sequence, Pending{writing_, part, {}, wire_.position()});
    written_.emplace_back(sequence, now);
  }
  while (!written_.empty() && !pending_.contains(written_.front().first)) written_.pop_front();
  if (!written_.empty()) exchange_.look_at(written_.front().second + options_.timeouts.response);
}

void Link::ask(std::uint32_t command, const std::string &body, std::function<void(const Answer &)> then) {
  const auto sequence = next_sequence();
  append_pdu(wire_.tail(), command, 0, sequence, body);
  pending_.emplace(sequence, Pending{nullptr, 0, std::move(then), wire_.position()});
  written_.emplace_back(sequence, Clock::now());
  exchange_.look_at(written_.front().second + options_.timeouts.response);
  flush();
}

void Link::acknowledge(std::uint32_t command, std::uint32_t sequence) {
  if (phase_ == Phase::closed) return;
  append_pdu(wire_.tail(), command | kResponse, 0, sequence, kNoMessageId);
}

void Link::flush() {
  const auto flushed = wire_.flush();
  if (flushed == wire::Wire::Flush::failed) return lost("the link was cut while writing");
  if (flushed == wire::Wire::Flush::blocked) wait_writable();
}

void Link::wait_writable() {
  if (std::exchange(is_waiting_writable_, true)) return;
  line_->await_writable([self = shared_from_this()](std::string fault) {
    self->is_waiting_writable_ = false;
    if (self->phase_ == Phase::closed) return;
    if (!fault.empty()) return self->lost("the link was cut: " + fault);
    self->pump();
  });
}

void Link::check_time(Clock::time_point now) {
  if (phase_ == Phase::closed) return;
  if (now >= deadline_)
    return lost(phase_ == Phase::binding ? "no answer to the login" : "could not connect in time");
  if (phase_ == Phase::unbinding && now >= leave_by_) return close("unbound", 0);
  if (phase_ == Phase::bound && now >= leave_by_) return unbind();
  if (phase_ != Phase::bound) return exchange_.look_at(std::min(deadline_, leave_by_));
  // What is not read cannot be heard.
  if (!exchange_.reads()) heard_at_ = now;
  expire(now);
  if (phase_ == Phase::closed) return;
  const auto silence = now - heard_at_;
  if (is_enquired_ && silence >= options_.timeouts.enquire + options_.timeouts.enquired)
    return lost("the message centre is silent");
  if (silence >= options_.timeouts.enquire && !std::exchange(is_enquired_, true)) {
    append_pdu(wire_.tail(), kEnquireLink, 0, next_sequence());
    flush();
    if (phase_ == Phase::closed) return;
  }
  exchange_.look_at(heard_at_ + options_.timeouts.enquire +
                    (is_enquired_ ? options_.timeouts.enquired : Timeouts::Milliseconds{0}));
  exchange_.look_at(leave_by_);
}

/// Answers that will not come. The link itself may be well: enquire_link is for that.
void Link::expire(Clock::time_point now) {
  if (!exchange_.reads()) {  // the answers may lie unread
    for (auto &[sequence, at] : written_) at = now;
  }
  while (!written_.empty()) {
    const auto [sequence, at] = written_.front();
    const auto found = pending_.find(sequence);
    if (found != pending_.end() && at + options_.timeouts.response > now) break;
    written_.pop_front();
    if (found == pending_.end()) continue;
    const auto pending = std::move(found->second);
    pending_.erase(found);
    if (!pending.job) {
      pending.then({});
      continue;
    }
    --pending.job->unanswered;
    pending.job->parts[pending.part] = Job::Part::doubtful;
    pending.job->doubt = "no answer to submit_sm in time";
    settle_if_done(pending.job);
  }
  if (!written_.empty()) exchange_.look_at(written_.front().second + options_.timeouts.response);
}

void Link::leave(Clock::time_point until) {
  is_leaving_ = true;
  leave_by_ = until;
  exchange_.look_at(until);
  if (phase_ != Phase::bound) return close("stopped", 0);
  pump();
}

void Link::unbind() {
  // Whoever did not answer by now does so no more: lost() below says what that means for his message.
  if (!pending_.empty()) return lost("stopped before the answer");
  phase_ = Phase::unbinding;
  leave_by_ = Clock::now() + options_.timeouts.unbind;
  exchange_.look_at(leave_by_);
  append_pdu(wire_.tail(), kUnbind, 0, next_sequence());
}

void Link::abort(std::string why) {
  if (phase_ != Phase::closed) lost(std::move(why));
}

/// The link is of no more use: what of it the message centre may have is decided here, once.
void Link::lost(std::string why, std::uint32_t bind_status) {
  if (phase_ == Phase::closed) return;
  const auto at_risk = wire_.at_risk();
  const auto pending = std::exchange(pending_, {});
  written_.clear();
  std::vector<JobPtr> jobs;
  if (writing_) jobs.push_back(std::exchange(writing_, nullptr));
  for (const auto &[sequence, open] : pending) {
    if (!open.job) {
      open.then({});
      continue;
    }
    auto &job = *open.job;
    --job.unanswered;
    // A PDU whose last byte never left cannot be acted upon.
    const bool may_be_there{open.end <= at_risk};
    job.parts[open.part] = may_be_there ? Job::Part::doubtful : Job::Part::waiting;
    if (may_be_there) job.doubt = why;
    if (std::find(jobs.begin(), jobs.end(), open.job) == jobs.end()) jobs.push_back(open.job);
  }
  close(std::move(why), bind_status);
  for (auto &job : jobs)
    if (job->unanswered == 0) exchange_.settled(std::move(job));
}

void Link::close(std::string why, std::uint32_t bind_status) {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  wire_.attach(-1);
  line_->close();
  const auto self = shared_from_this();  // the exchange lets go of us
  exchange_.closed(*this, std::move(why), bind_status);
}

}  // namespace relance::smpp
