// A whole engine in a folder of its own: real configuration files, real store, a scripted plugin whose addresses say what
// becomes of a message ("accept@…", "reject@…", "forget@…"), a test clock.
#pragma once

#include "host/config/configuration.hpp"
#include "host/engine/engine.hpp"
#include "host/store/store.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace relance::engine::test {

/// Settings of a scripted provider that can do nothing about a message in doubt.
inline constexpr const char *kTellsNothing{"query = \"no\"\nidempotency_window = \"0\"\n"};

class EngineWorld {
 public:
  /// The clock stands at 2026-02-02T09:00+01:00, a Monday. `scenario`: TOML of the standard scenario, else a short default.
  /// `provider`: what the scripted one can do about a message in doubt; by default nothing.
  explicit EngineWorld(const std::string &scenario = {}, const std::string &limits = {},
                       const std::string &provider = kTellsNothing);
  ~EngineWorld();

  void open();
  void start();
  /// Ends the engine and opens it again on the same store, as a restarted daemon would.
  void restart(Milliseconds grace = Milliseconds{0});
  /// Ends this one and opens the files as they were before its end, `away` later: what kill -9 leaves.
  void crash(Milliseconds away = Milliseconds{0});
  void write_scenario(const std::string &toml);
  /// The words of every message; not checked, so that they may fail when they are rendered.
  void write_template(const std::string &text);
  /// A provider of the scripted plugin with these settings (TOML lines); "scripted" is the region's own.
  void write_provider(const std::string &id, const std::string &settings = kTellsNothing);
  void remove_provider(const std::string &id);
  /// One with a log of its own (received_by) and these lines before its [settings].
  void write_limited_provider(const std::string &id, const std::string &lines, const std::string &settings);
  /// "texts", of the region's channel sms: the scripted plugin, which accepts everything; with a log of its own.
  void write_sms_provider();
  /// The region's e-mail providers, as TOML: "[\"one\", \"two\"]".
  void write_region(const std::string &email_providers);
  Result<void> reload();

  void debtor(const std::string &code, const std::string &email, const std::string &phone = {});
  void invoice(const std::string &debtor, const std::string &number, CivilDate due, std::int64_t amount_minor = 100'00);
  void pay(const std::string &invoice, std::int64_t amount_minor, const std::string &id = {});
  void onboard();
  /// Debtor D1 at this address owes invoice F1, due on kMonday; onboarded and started.
  void one_due(const std::string &email);
  /// A final receipt of the scripted provider about the message with this key.
  void receipt(const std::string &key, domain::ReceiptKind kind);

  void advance_to(CivilDate date, int hour = 12);
  /// Waits for what providers still say, without moving the clock.
  void settle() { advance_to_instant(engine->business_now()); }

  /// Idempotency keys that the scripted peer received, in order.
  [[nodiscard]] std::vector<std::string> received() const { return received_by({}); }
  /// Of a limited provider.
  [[nodiscard]] std::vector<std::string> received_by(const std::string &id) const;
  ProviderReport report_of(const std::string &id);
  /// Waits until it is so (looking again and again): for what real time brings. Fails the test after 30 s.
  void await(const char *what, const std::function<bool()> &is_so);
  /// Whether it comes true within this real time: to show that something does not happen while it could.
  static bool within(Milliseconds time, const std::function<bool()> &is_so);
  store::Counters counters();
  std::vector<store::ReminderRow> reminders(const std::string &debtor);
  std::vector<store::TaskRow> tasks();
  /// Runs on the engine's thread.
  template <class Work>
  void with_store(Work work) {
    engine->with_store([&](store::Store &store, Instant now) { work(store, now); });
  }

  store::CreditorId creditor{0};
  std::unique_ptr<Engine> engine;
  std::filesystem::path folder;

 private:
  void write(const std::string &name, const std::string &text);
  std::shared_ptr<const config::Configuration> load();
  void advance_to_instant(Instant target);
  int payments_{0};
  bool checks_templates_{true};
};

inline const CivilDate kMonday{civil(2026, 2, 2)};

}  // namespace relance::engine::test
