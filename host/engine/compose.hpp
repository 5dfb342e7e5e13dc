// From a decision and a route to the exact bytes that go out: rendered parts, subject, sender, key, dates and
// their hash. The same NewAttempt gives the same Submission at any time, also after a restart: nothing is
// drawn from a clock later.
#pragma once

#include "host/channel/provider.hpp"
#include "host/channel/routing.hpp"
#include "host/engine/case_setting.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace relance::render {
struct MessageModel;
}

namespace relance::engine {

/// Whether a channel's messages are pages: a letter as PDF, or as fax pages, goes beside the text.
bool is_paper(std::string_view channel);

/// A message's words, before any channel has them.
struct Composed {
  std::string subject, text, html;
};

class Composer {
 public:
  explicit Composer(std::shared_ptr<const config::Configuration> configuration);
  ~Composer();

  /// The words alone: for previews. `contact` may be null.
  Result<Composed> render(const store::Claim &claim, const store::CaseView &view, const CaseSetting &setting,
                          const domain::Decision &decision, const store::Contact *contact, Instant now,
                          bool is_for_a_person = false);
  /// Renders the decided message for this route. An error names the template and what is wrong with it; a
  /// `conflict` is none of the template but says why a letter does not fit this provider: another one may
  /// take it. `unavailable` is the letterhead's: no letter of this creditor can be printed.
  Result<store::NewAttempt> compose(const store::Claim &claim, const store::CaseView &view,
                                    const CaseSetting &setting, const domain::Decision &decision,
                                    const channel::Route &route, Instant now, Instant wall);

  /// The pages alone, as compose() has them, for this provider's window and limits; for previews. `as_fax`:
  /// as a TIFF.
  Result<std::string> letter(const store::Claim &claim, const store::CaseView &view,
                             const CaseSetting &setting, const domain::Decision &decision,
                             const channel::Route &route, Instant now, bool as_fax);
  /// The pages of a test message, which has no debtor: `attempt` names provider, channel, address and
  /// subject.
  Result<store::Content> test_letter(const store::NewAttempt &attempt, const config::Creditor &creditor,
                                     const std::string &text, Instant now);

  /// Pages laid out so far, whether they fitted or not; those of a long table by its rows. What it costs.
  [[nodiscard]] std::uint64_t drawn() const { return drawn_; }

 private:
  struct Templates;
  Result<std::string> print(const store::Claim &claim, const CaseSetting &setting,
                            const render::MessageModel &model, const config::Template &made,
                            const channel::Route &route, bool as_fax, std::uint32_t *pages);
  Result<const config::Template *> template_of(const CaseSetting &setting, const domain::Decision &decision,
                                               const std::string &language) const;
  std::unique_ptr<Templates> templates_;
  std::uint64_t drawn_{0};
  std::shared_ptr<const config::Configuration> configuration_;
};

/// One hash over all that makes the wire form, under the creditor's identity of this configuration: two
/// attempts with equal hashes are the same message.
Sha256 content_hash(const store::NewAttempt &attempt, const CaseSetting &setting);

/// What the provider is handed. `step`: whose message it is; null: of no step, as thanks are.
channel::Submission submission_of(const store::NewAttempt &attempt, store::AttemptId id,
                                  std::uint32_t attempt_number, const store::Claim &claim,
                                  const CaseSetting &setting, const domain::Step *step);

}  // namespace relance::engine
