// The smallest honest host: loads a channel plugin, hands it messages, stores what it offers, remembers what
// it says.
#pragma once

#include <relance/plugin.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace relance::test {

struct Told {
  std::uint32_t outcome{0};
  std::uint32_t failure{0};
  std::string code, text;
  std::int64_t retry_after_ms{0};
  bool whole_instance{false};
};
struct ToldReceipt {
  std::string key;
  std::uint32_t kind{0};
  std::uint32_t failure{0};
  bool is_final{false};
  std::string code, text;
};
struct ToldReply {
  std::uint32_t kind{0};
  std::string from, subject, text, key;
};

struct Mail {
  std::string key;
  std::string to{"to@debtor.example"};
  std::string to_name{"Élodie Durand"};
  std::string from{"billing@creditor.example"};
  std::string from_name{"Créancier SA"};
  std::string subject{"Facture 2026-0042 échue"};
  std::string text{"Bonjour,\n.votre facture reste impayée.\n"};
  std::string html{};
  std::string attachment{};  ///< a PDF's bytes
  std::int64_t not_after_in_ms{600'000};
  bool wants_read_receipt{false};
};

class PluginHost {
 public:
  /// Throws std::runtime_error with the issues when the plugin refuses its settings.
  explicit PluginHost(const std::string &settings_json);
  ~PluginHost();
  PluginHost(const PluginHost &) = delete;
  PluginHost &operator=(const PluginHost &) = delete;

  void submit(const std::vector<Mail> &mails);
  /// By key; waits for so many ends in all.
  std::map<std::string, Told> await_ends(std::size_t count);
  /// One poll of the mailbox: stores what comes (at most `room` mails), says so, and parses it. Returns the
  /// error, if any.
  std::string poll(std::size_t room = SIZE_MAX);
  /// What one raw mail says.
  void parse(const std::string &bytes);
  void stop();

  std::string cursor{};
  std::vector<ToldReceipt> receipts();
  std::vector<ToldReply> replies();
  std::vector<std::string> unreadable();
  std::vector<std::string> raw_names();  ///< of all mails stored, in order
  std::vector<std::string> health();     ///< "up", "down auth", …
  std::vector<std::string> log_lines();  ///< with their fields: for secrets that must not be there
  std::uint32_t max_in_flight{0};
  std::uint32_t capabilities{0};
  std::vector<std::string> issues;

 private:
  struct Held;
  struct Raw {
    std::string name, bytes;
    relance_token token;
  };
  static PluginHost &of(const relance_host *host);
  void fill_table();
  void take_ends(const relance_result *const *results, std::size_t count);
  void take_parsed(const relance_parsed *const *results, std::size_t count);
  template <class F>
  void await(std::unique_lock<std::mutex> &lock, F &&is_there);

  const relance_plugin *plugin_{nullptr};
  relance_instance *instance_{nullptr};
  struct Table;
  std::unique_ptr<Table> table_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Held> held_;  // stays where it is: messages are borrowed until their token ends
  relance_token next_token_{1};
  std::map<relance_token, std::string> keys_;
  std::map<std::string, Told> ends_;
  std::size_t end_count_{0};
  std::vector<Raw> offered_;
  std::size_t room_{SIZE_MAX};
  bool is_polled_{true};
  std::string poll_error_;
  std::size_t parsed_{0};
  std::vector<ToldReceipt> receipts_;
  std::vector<ToldReply> replies_;
  std::vector<std::string> unreadable_, raw_names_, health_, log_;
  std::vector<std::string> faults_;  ///< of the plugin against its contract
};

/// 26 characters, as the host makes them.
std::string key_of(int number);

}  // namespace relance::test
