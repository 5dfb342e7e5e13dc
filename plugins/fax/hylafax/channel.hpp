// Driver "hylafax": faxes through a fax server of one's own. A job is a draft until JSUBM and dies with the
// session that made it, so drafts are made and released on one session, and everything is asked on another.
// What became of a fax is asked job by job for as long as the host lists it as open.
#pragma once

#include "plugins/fax/hylafax/settings.hpp"
#include "plugins/fax/hylafax/verdicts.hpp"

#include <relance/driver.hpp>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace relance::fax {
struct Document;
}

namespace relance::fax::hylafax {

class HylafaxChannel {
 public:
  static const sdk::Description kDescription;

  HylafaxChannel(sdk::Host host, std::string_view instance, std::string_view settings_json,
                 sdk::Issues &issues);

  [[nodiscard]] sdk::Traits traits() const;
  void stop() { is_stopping_ = true; }

  [[nodiscard]] sdk::Quote quote(const sdk::Message &message) const;
  [[nodiscard]] sdk::Outcome send(const sdk::Message &message);
  [[nodiscard]] sdk::Outcome commit(const sdk::Commit &commit);
  [[nodiscard]] sdk::Discarded discard(const sdk::Discard &discard);
  [[nodiscard]] sdk::Recalled recall(const sdk::Recall &recall);
  [[nodiscard]] sdk::Outcome query(const sdk::Query &query);
  [[nodiscard]] sdk::Polled poll(const sdk::Poll &poll);
  [[nodiscard]] static sdk::Parsed parse(const sdk::Raw &raw);

 private:
  using Session = relance::hylafax::Session;
  using Job = relance::hylafax::Job;

  /// Runs `work` on the session, which is opened first when it has ended. What breaks it closes it.
  template <class Work>
  auto on_drafting(Work work);
  template <class Work>
  auto on_asking(Work work);

  sdk::Outcome draft(const sdk::Message &message, const Document &document, const std::string &dialled);
  void describe_job(const sdk::Message &message, const std::string &dialled, const std::string &document);
  sdk::Outcome release(const Reference &reference);
  /// Of a job whose release was refused and that is a draft still.
  sdk::Outcome take_back(const Reference &reference, const relance::hylafax::Reply &said);
  /// Of a job that bears the reference's key; nothing when it is not there, or is another's by now.
  static std::optional<Job> look(Session &session, const Reference &reference);
  std::optional<Job> look_anew(const Reference &reference);
  [[nodiscard]] std::optional<Job> find_by_key(std::string_view key);
  void tell(const Job &job, std::vector<sdk::Inbound> &found) const;
  void note_told(const std::vector<sdk::Inbound> &found);
  void catch_up(std::string_view cursor, std::vector<sdk::Inbound> &found);
  [[nodiscard]] std::int64_t last_call_ms(const sdk::Message &message) const;

  const sdk::Host host_;
  const Settings settings_;
  std::atomic<bool> is_stopping_{false};

  std::mutex drafting_mutex_;
  Session drafting_;
  std::set<std::string, std::less<>> drafts_;  ///< numbers of this session's jobs that are not released

  std::mutex asking_mutex_;
  Session asking_;
  bool is_caught_up_{false};
  std::map<std::string, std::string, std::less<>> told_;  ///< by reference: what was told last
};

}  // namespace relance::fax::hylafax
