// Driver "ipp": letters on a printer of one's own. Create-Job is the draft, Send-Document the release; where
// the printer does not have them, Print-Job is both. Printed is not posted: the last a printer can say is
// "dispatched". For operators: docs/for-operators/postal.md.
#pragma once

#include "plugins/postal/ipp/printer.hpp"
#include "plugins/postal/letter.hpp"
#include "plugins/postal/news.hpp"
#include "plugins/postal/orphans.hpp"

#include <relance/driver.hpp>
#include <relance/http.hpp>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace relance::postal::ipp {

class IppChannel {
 public:
  static const sdk::Description kDescription;

  IppChannel(sdk::Host host, std::string_view instance, std::string_view settings_json, sdk::Issues &issues);

  [[nodiscard]] sdk::Traits traits() const;
  [[nodiscard]] sdk::Quote quote(const sdk::Message &message) const;
  sdk::Outcome send(const sdk::Message &message);
  sdk::Outcome commit(const sdk::Commit &commit);
  sdk::Discarded discard(const sdk::Discard &discard);
  sdk::Outcome query(const sdk::Query &query);
  sdk::Recalled recall(const sdk::Recall &recall);
  sdk::Polled poll(const sdk::Poll &poll);
  [[nodiscard]] sdk::Parsed parse(const sdk::Raw &raw) const;

 private:
  [[nodiscard]] Letter read(const sdk::Message &message) const;
  Answer ask(const proto::Message &message, std::int64_t not_after_ms, bool is_idempotent);
  sdk::Outcome print(const sdk::Message &message, const Letter &letter);
  sdk::Outcome create(const sdk::Message &message, const Letter &letter);
  /// A job of ours that still has our name; else what became of asking.
  std::optional<Job> look_up(const JobRef &ref, Answer &answer);
  sdk::Outcome release(const JobRef &ref, std::int64_t not_after_ms);
  [[nodiscard]] sdk::Outcome standing(const JobRef &ref, const Job &job) const;
  std::optional<JobRef> empty_job_of(std::string_view key);
  void sweep();
  void cancel_orphans();
  /// Nothing: the printer is off.
  std::optional<sdk::Discarded> cancel_empty(const JobRef &ref);

  /// The letters of drafts, until they are released: the printer gets a letter only when it may print it.
  bool has_room_for(std::size_t bytes);
  void keep(const std::string &ref, std::string_view document);
  std::optional<std::string> kept(const std::string &ref);
  void forget(const std::string &ref);

  sdk::Host host_;
  sdk::Http http_;
  Settings settings_;
  Orphans orphans_;
  News news_;
  std::atomic<bool> is_swept_{false};
  std::mutex mutex_;
  std::map<std::string, std::string> kept_;
  std::size_t kept_bytes_{0};
};

}  // namespace relance::postal::ipp
