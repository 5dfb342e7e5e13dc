// The whole configuration of a daemon as typed, immutable values. It exists only when everything in it was
// checked: a reload makes another one and swaps the pointer, or keeps the old one and says why.
//
// Every default of the daemon's own settings is the initialiser here; those of scenarios stand in
// host/domain/scenario.hpp.
#pragma once

#include "host/base/http_host.hpp"
#include "host/base/time.hpp"
#include "host/config/issue.hpp"
#include "host/config/letter_settings.hpp"
#include "host/config/secret.hpp"
#include "host/config/send_limits.hpp"
#include "host/domain/retention.hpp"
#include "host/domain/calendar.hpp"
#include "host/domain/contact_window.hpp"
#include "host/domain/money.hpp"
#include "host/domain/scenario.hpp"
#include "host/domain/zone.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relance::config {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogTarget : std::uint8_t {
  automatic,
  standard_error,
  journald
};  ///< automatic: journald when started by systemd

struct Log {
  LogLevel level{LogLevel::info};
  LogTarget target{LogTarget::automatic};
};

/// How much may be under way, and what makes the daemon stop and ask.
struct Limits {
  std::uint32_t claim_batch{500};     ///< debtors leased and decided in one transaction
  std::uint32_t submit_batch{100};    ///< messages handed to a provider at once
  std::uint32_t in_flight_max{2000};  ///< messages handed over and not answered, over all providers
  std::uint32_t in_doubt_max{64};     ///< a provider with more unknown outcomes gets nothing new
  std::uint32_t inbound_batch{200};   ///< raw receipts stored in one transaction
  std::uint32_t volume_guard{5};      ///< times the usual daily volume that hold the run and ask; 0: never
  std::uint32_t volume_guard_least{200};               ///< days with fewer messages are never held
  std::optional<Milliseconds> payment_data_age_max{};  ///< older payment data holds the run; none: never
  Milliseconds hand_over_within{
      120'000};  ///< a message claimed but not at its provider by then is not sent (not_after)
  Milliseconds stop_grace{10'000};  ///< for what is in flight when the daemon is told to stop
  Milliseconds poll_every{60'000};  ///< asking providers that cannot call us
};

/// The HTTP client that plugins call through. The environment of the daemon has no say in it.
struct Http {
  std::string proxy;              ///< "http://proxy.example.com:3128"; empty: none
  std::string no_proxy;           ///< names of hosts that are called without it, with commas between them
  std::filesystem::path ca_file;  ///< certificates trusted beside the system's; empty: only those
  bool operator==(const Http &) const = default;
};

/// Who signs exported evidence, and whose clock is believed. Nothing set: it is exported unsigned or not at all.
struct Evidence {
  std::filesystem::path certificate;  ///< PEM, before those that vouch for it
  Secret key;                         ///< PEM
  std::filesystem::path pkcs12;       ///< or both of them in one file
  Secret password;
  std::string tsa;                         ///< URL of a time-stamping authority (RFC 3161); empty: none
  std::filesystem::path tsa_ca, tsa_crl;   ///< PEM: in whose name it is believed; who is not any more
  Milliseconds tsa_timeout{10'000};
  bool goes_on_without_tsa{false};         ///< when it does not answer; said in the container
};

/// The webhook listener: where providers reach us, and how much of anybody it bears. Off without `listen`.
struct Hooks {
  struct Address {
    std::string host;
    std::uint16_t port{0};
    bool operator==(const Address &) const = default;
  };
  std::vector<Address> listen;
  std::string public_url;  ///< "https://hooks.example.com", without a slash at its end
  std::filesystem::path certificate, key;  ///< PEM; both or neither
  std::vector<std::string> trusted_proxies;  ///< addresses or networks whose X-Forwarded-For is believed
  std::uint32_t body_bytes_max{1024 * 1024};   ///< the largest callbacks known are batches of some 100 KB
  std::uint32_t header_bytes_max{16 * 1024};   ///< request line and header; signatures and traces need a few KB
  std::uint32_t headers_max{64};
  std::uint32_t connections_max{512};
  std::uint32_t connections_of_address_max{64};  ///< a provider's pool; a proxy that is trusted may have all
  std::uint32_t rate_max{1000};  ///< requests a second of one address to one provider; 0: any number
  Milliseconds header_timeout{10'000};   ///< from the first wait for a request to the end of its header
  Milliseconds request_timeout{30'000};  ///< to the end of its body
};

struct SenderIdentity {
  std::string channel, name, address, reply_to;
};

struct BankAccount {
  domain::Currency currency{};
  std::string iban, bic, name;
};

struct Creditor {
  std::string code, name;
  std::vector<std::string> address_lines;
  std::string country;  ///< ISO 3166-1 alpha-2
  std::string region;   ///< of its dates and business days
  std::string
      language;  ///< what debtors without a language, or with one that has no template, are written in
  std::vector<SenderIdentity> senders;  ///< at most one a channel
  std::vector<BankAccount> accounts;    ///< at most one a currency
  Letterhead letterhead;

  [[nodiscard]] const SenderIdentity *sender(std::string_view channel) const;
  [[nodiscard]] const BankAccount *account(domain::Currency currency) const;
};

/// One provider in a region's list of a channel.
struct RegionProvider {
  std::string id;
  std::uint32_t rank{0};    ///< its place in the list; those of an inner list have one rank and share the messages
  std::uint32_t weight{1};  ///< its share among those
  std::vector<std::string> prefixes;  ///< "+33": only numbers that begin so; none: every number
  std::vector<std::string> domains;   ///< "example.fr", "*.example.fr": only these recipients; none: every one
};

struct Region {
  std::string id, name, country, language;
  domain::Calendar calendar;
  domain::Zone zone;
  domain::ContactWindow
      window;  ///< in `zone`, with the holidays of `calendar`; in_zone() for a recipient elsewhere
  std::vector<std::pair<std::string, std::vector<RegionProvider>>> providers;  ///< channel → in order

  /// Empty when the region has no provider of the channel.
  [[nodiscard]] const std::vector<RegionProvider> &providers_of(std::string_view channel) const;
};

enum class Placement : std::uint8_t { child, inproc };

/// What a provider's process may reach and use; the reasons stand in docs/for-operators/sandbox.md.
struct Sandbox {
  bool is_enabled{true};
  bool has_network{true};
  std::vector<std::uint16_t> connect_ports;                          ///< empty: all
  std::vector<std::pair<std::filesystem::path, bool>> data_folders;  ///< the second: may be written
  std::vector<std::filesystem::path> files;  ///< that the plugin's settings name: may be read
  std::uint32_t memory_mib{1024}, descriptors{256}, file_mib{64};
};

struct ProviderSettings {
  std::string id, channel, plugin, driver;
  std::filesystem::path plugin_file;  ///< the plugin's file: as written, or found in the plugin folder
  Placement placement{Placement::child};
  Sandbox sandbox;
  std::uint32_t quarantine_after{5};       ///< ends of its child within ten minutes
  Milliseconds restart_delay_max{30'000};  ///< between two children; doubles up to it
  std::vector<HttpHost> http_hosts;        ///< that the plugin may call through the daemon; none: nowhere
  std::uint32_t credit_max{64};            ///< messages handed over and not answered
  SendLimits send_limits;
  LetterSettings letter;                   ///< of the channels whose messages are pages
  Secret settings_json;                    ///< the [settings] table as one JSON object, secrets filled in
  std::vector<Secret> secrets;             ///< those of them that are long enough to be told from other words
  std::string shown_json;                  ///< the same with secrets hidden, for people
  Position at;                             ///< of the file's [settings], or of the file
  Position plugin_at;                      ///< where the plugin is named
  std::vector<std::pair<std::string, Position>>
      positions;        ///< JSON pointer → place, for the plugin's complaints
  std::string version;  ///< SHA-256 of the file

  /// The place of the longest part of this JSON pointer that the file has.
  [[nodiscard]] const Position &position_of(std::string_view json_pointer) const;
};

/// One message in one language. Bodies are mustache; host/render checks and fills them.
struct Template {
  std::string id, language;
  std::string version;                    ///< SHA-256 of the file
  std::string subject, text, html;        ///< of a mail; html may be empty
  std::string sms;                        ///< the whole of a short message; empty: it is never sent as one
  std::string call;                       ///< what a person says on the telephone or at the door; empty: the text
  Position subject_at, text_at, html_at, sms_at, call_at;  ///< of the first character of each
  std::optional<LetterWords> letter{};    ///< none: a letter says what the text says
};

/// Where the other files lie; each may be shared or somewhere else.
struct Folders {
  std::filesystem::path regions, providers, templates, scenarios;
};

struct Configuration {
  std::filesystem::path file;
  Folders folders;
  std::filesystem::path state_folder, store_file, control_socket, plugin_folder;
  Log log;
  Limits limits;
  Http http;
  Evidence evidence;
  domain::RetentionPeriods retention;
  Hooks hooks;
  bool allows_literal_secrets{false};
  bool requires_sandbox{true};  ///< where the kernel cannot confine a plugin it does not start
  std::vector<Creditor> creditors;
  std::vector<Region> regions;
  std::vector<ProviderSettings> providers;
  std::vector<domain::Scenario> scenarios;
  std::vector<Template> templates;
  std::string version;  ///< SHA-256 over all files in their order

  [[nodiscard]] const Creditor *creditor(std::string_view code) const;
  [[nodiscard]] const Region *region(std::string_view id) const;
  [[nodiscard]] const ProviderSettings *provider(std::string_view id) const;
  [[nodiscard]] const domain::Scenario *scenario(std::string_view id) const;
  /// The scenario that replaces this former one; null when none says so.
  [[nodiscard]] const domain::Scenario *successor_of(std::string_view former) const;

  /// The scenario for debtors of this segment in this region: one that names both, else the segment, else the
  /// region, else everyone. The check has made sure that there is never a choice; nullptr when none applies.
  [[nodiscard]] const domain::Scenario *scenario_for(std::string_view segment, std::string_view region) const;

  /// In "de-AT", else "de", else `fallback` the same way; nullptr when there is none.
  [[nodiscard]] const Template *find_template(std::string_view id, std::string_view language,
                                              std::string_view fallback) const;

  /// What an approval of a step is bound to: its scenario's version and its template's in every language.
  [[nodiscard]] std::uint64_t content_id(const domain::Scenario &scenario, std::int32_t step) const;
};

struct LoadOptions {
  bool reads_secrets{true};  ///< false: a check by someone who may not read them
  /// Says what is wrong inside a template (host/render's check; this floor does not know it).
  std::function<void(const Template &, Issues &)> check_template{};
  /// Why no letter can be printed below this letterhead: its font or its logo (host/render's check). Asked only
  /// where something is sent as pages.
  std::function<Result<void>(const Letterhead &)> check_letterhead{};
  /// Only a check by hand: what systemd alone can give (a credential) is a warning, and "***" stands for it.
  bool is_by_hand{false};
  std::filesystem::path plugin_folder{"/usr/lib/relance/plugins"};  ///< where none is named
};

struct Loaded {
  std::shared_ptr<const Configuration> configuration;  ///< null when there is an error
  std::vector<Issue> issues;                           ///< all of them, warnings too, by file and line
};

/// Reads the daemon's file and every folder that it names, checks all of it as a whole. Never throws.
Loaded load(const std::filesystem::path &file, const LoadOptions &options = {});

}  // namespace relance::config
