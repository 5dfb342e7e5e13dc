// The bytes of one connection on their way to its socket, perhaps through TLS, and the exact answer to "may
// the peer have this byte?".
#pragma once

#include "plugins/protocol/wire/tls.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

namespace relance::wire {

class Wire {
 public:
  /// Bytes go to this connected socket, which is the caller's to close; -1: nowhere any more.
  void attach(int socket) { socket_ = socket; }

  void append(std::string_view plain) { plain_ += plain; }
  std::string &tail() { return plain_; }  ///< to append in place
  /// Where the next byte appended will stand in the plain stream.
  [[nodiscard]] std::uint64_t position() const { return plain_base_ + plain_.size(); }
  /// Every plain byte before this position may have reached the peer; none from it on has.
  [[nodiscard]] std::uint64_t at_risk() const { return at_risk_; }
  [[nodiscard]] std::size_t backlog() const { return plain_.size() + out_.size() - out_begin_; }

  enum class Flush : std::uint8_t { done, blocked, failed };
  /// Hands as much as possible to the kernel. Never blocks, never signals.
  Flush flush();

  void start_tls(std::shared_ptr<TlsContext> context, const TlsOptions &options) {
    tls_ = std::make_unique<TlsFilter>(std::move(context), options);
  }
  [[nodiscard]] bool is_encrypted() const { return tls_ != nullptr; }
  TlsFilter::State handshake() { return tls_->handshake(out_); }
  /// Bytes from the network to bytes of the dialogue.
  TlsFilter::State decode(std::string_view bytes, std::string &plain) {
    return tls_->read(bytes, plain, out_);
  }
  [[nodiscard]] const std::string &tls_fault() const { return tls_->fault(); }

 private:
  void encrypt();

  int socket_{-1};
  std::unique_ptr<TlsFilter> tls_;
  std::string plain_;            // appended, not yet encrypted or handed over
  std::uint64_t plain_base_{0};  // position of its first byte
  std::string out_;              // TLS records
  std::size_t out_begin_{0};
  std::uint64_t out_base_{0};  // position of out_[out_begin_] in the stream of records
  struct Sealed {
    std::uint64_t plain_end, out_begin;
  };
  std::deque<Sealed> sealed_;  // records not yet begun to be sent
  std::uint64_t at_risk_{0};
};

}  // namespace relance::wire
