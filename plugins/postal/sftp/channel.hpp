// Driver "sftp": letters as files in the drop folder of a print service, in two phases; what became of them
// read back from files of the service's. For operators: docs/for-operators/postal.md.
#pragma once

#include "plugins/postal/letter.hpp"
#include "plugins/postal/orphans.hpp"
#include "plugins/postal/sftp/job.hpp"
#include "plugins/postal/sftp/reading.hpp"

#include <relance/driver.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace relance::postal::sftp {

class SftpChannel {
 public:
  static const sdk::Description kDescription;

  SftpChannel(sdk::Host host, std::string_view instance, std::string_view settings_json, sdk::Issues &issues);

  [[nodiscard]] sdk::Traits traits() const;
  void stop() { is_stopping_ = true; }
  [[nodiscard]] sdk::Quote quote(const sdk::Message &message) const;
  sdk::Outcome send(const sdk::Message &message);
  sdk::Outcome commit(const sdk::Commit &commit);
  sdk::Discarded discard(const sdk::Discard &discard);
  sdk::Outcome query(const sdk::Query &query);
  sdk::Polled poll(const sdk::Poll &poll);
  [[nodiscard]] sdk::Parsed parse(const sdk::Raw &raw) const;

 private:
  [[nodiscard]] Letter read(const sdk::Message &message) const;
  /// Runs `work` on a session that is kept for the next one, or a fresh one; once more on a fresh one when
  /// the kept one had died, unless `is_done_once` became true.
  Failed with_session(const std::function<Failed(Session &)> &work, const bool &is_done_once = kRepeatable);
  std::unique_ptr<Session> idle_session();
  Failed upload(Session &session, const sdk::Message &message, const Letter &letter);
  /// `is_asked`: the one request that releases it was sent.
  Failed release(Session &session, const JobFiles &files, bool &is_asked, sdk::Outcome &outcome);
  Failed find(Session &session, const JobFiles &files, const std::string &key, sdk::Outcome &outcome);
  void remove_orphans(Session &session);
  Failed remove_job(Session &session, std::string_view key, sdk::Discarded &said);
  void sweep(Session &session);
  Failed take_acknowledgements(Session &session, const Reading &before, Reading &after,
                               std::vector<sdk::Inbound> &found);
  void put_away(Session &session, const Entry &file);
  [[nodiscard]] std::string acknowledgement_path(std::string_view name) const;

  static constexpr bool kRepeatable{false};

  sdk::Host host_;
  Settings settings_;
  std::atomic<bool> is_stopping_{false};
  Orphans orphans_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Session>> idle_;  ///< the latest used at the back
  std::int64_t last_use_ms_{0};
};

}  // namespace relance::postal::sftp
