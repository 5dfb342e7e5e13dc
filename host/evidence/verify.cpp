// Each check stands on those before it: bytes, list, signature, time, signers, journal, documents.
#include "host/evidence/verify.hpp"

#include "host/evidence/container.hpp"
#include "host/evidence/entry_names.hpp"
#include "host/evidence/journal_check.hpp"
#include "host/evidence/manifest.hpp"
#include "host/evidence/time_stamp.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace relance::evidence {
namespace json = boost::json;
namespace {

std::string counted(std::size_t count, std::string_view of) {
  return std::to_string(count) + " " + std::string{of};
}

std::string text_in(const json::object &object, std::string_view name) {
  const auto *value = object.if_contains(name);
  return value != nullptr && value->is_string()
             ? std::string{value->get_string().data(), value->get_string().size()}
             : std::string{};
}

/// "files/<hash>.ending" → the hash.
std::optional<Sha256> hash_of_name(std::string_view name) {
  if (!name.starts_with(kFilesFolder)) return std::nullopt;
  name.remove_prefix(kFilesFolder.size());
  return sha256_from_hex(name.substr(0, name.find('.')));
}

class Verifier {
 public:
  Verifier(const Trust &trust, Instant now) : trust_{trust}, now_{now} {}

  void run(std::string_view file);
  Verification out;

 private:
  void say(std::string_view subject, Finding finding, std::string words) {
    out.checks.push_back({std::string{subject}, finding, std::move(words)});
  }
  bool refuse(std::string_view subject, std::string words) {
    say(subject, Finding::wrong, std::move(words));
    return false;
  }
  /// Null when there is no such entry.
  const std::string_view *entry(std::string_view name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : &found->second;
  }

  bool check_container(std::string_view file);
  bool check_manifest();
  bool read_about();
  void check_signature();
  void check_stamp(const SignedMessage &signature);
  void check_certificates(const SignedMessage &signature);
  void check_journal_entry();
  void check_seal(const JournalClaims &claims);
  void check_documents(const JournalClaims &claims);
  void check_attempt(const json::object &attempt, const JournalClaims &claims);
  static bool is_expired(const json::object &thing, const JournalClaims &claims);

  const Trust &trust_;
  const Instant now_;
  bool is_signed_{false}, says_stamped_{false};
  Instant signer_at_{};  ///< when the signer's certificate must have been valid
  std::map<std::string_view, std::string_view> entries_;
  std::set<Sha256> files_;
  std::size_t expired_{0};  ///< parts of messages that are past their retention
  json::object about_;
};

bool Verifier::check_container(std::string_view file) {
  const auto entries = read_container(file);
  if (!entries) return refuse("container", entries.error().message);
  is_signed_ = entries->front().name == "mimetype";
  for (const auto &one : *entries) entries_.emplace(one.name, one.bytes);
  if (is_signed_ && entries->front().bytes != kContainerType)
    return refuse("container", "its type is not " + std::string{kContainerType});
  say("container", Finding::right,
      counted(entries->size(), "entries, ") + counted(file.size(), "bytes, each as written"));
  return true;
}

bool Verifier::check_manifest() {
  const auto name = is_signed_ ? kManifestName : kUnsignedManifestName;
  const auto *text = entry(name);
  if (text == nullptr) return refuse("manifest", "there is no " + std::string{name});
  const auto objects = read_manifest(*text, is_signed_);
  if (!objects) return refuse("manifest", objects.error().message);
  std::set<std::string_view> listed{name};
  if (is_signed_) listed.insert({"mimetype", kSignatureName});
  for (const auto &object : *objects) {
    const auto *bytes = entry(object.name);
    if (bytes == nullptr) return refuse("manifest", object.name + " is listed and not there");
    if (!listed.insert(object.name).second) return refuse("manifest", object.name + " is listed twice");
    if (sha256(*bytes) != object.hash)
      return refuse("manifest", object.name + " was changed: its hash is another");
  }
  for (const auto &[here, bytes] : entries_)
    if (!listed.contains(here)) return refuse("manifest", std::string{here} + " is there and not listed");
  say("manifest", Finding::right, counted(objects->size(), "files, each with the hash that is listed"));
  return true;
}

bool Verifier::read_about() {
  const auto *text = entry(kAboutName);
  if (text == nullptr) return refuse("about", "there is no " + std::string{kAboutName});
  json::error_code failed;
  const auto value = json::parse(*text, failed);
  if (failed || !value.is_object()) return refuse("about", std::string{kAboutName} + " cannot be read");
  about_ = value.get_object();
  if (text_in(about_, "format") != kFormat)
    return refuse("about", "the container's format is '" + text_in(about_, "format") +
                               "', this program reads " + std::string{kFormat});
  out.creditor = text_in(about_, "creditor");
  out.invoice = text_in(about_, "invoice");
  out.made_at = text_in(about_, "made_at");
  const auto *stamped = about_.if_contains("time_stamped");
  says_stamped_ = stamped != nullptr && stamped->is_bool() && stamped->get_bool();
  return true;
}

void Verifier::check_signature() {
  if (!is_signed_) {
    say("signature", Finding::open, "nobody signed it: it is whole, and anybody can have made it");
    return;
  }
  const auto *der = entry(kSignatureName);
  if (der == nullptr) return say("signature", Finding::wrong, "there is no " + std::string{kSignatureName});
  if (!is_distinguished(*der))
    return say("signature", Finding::wrong, "it is not in the encoding that it was written in");
  const auto signature = SignedMessage::read(*der, *entry(kManifestName));
  if (!signature) return say("signature", Finding::wrong, signature.error().message);
  if (!signature->is_bare())
    return say("signature", Finding::wrong, "something was added to it that it does not cover");
  out.signed_by = signature->signer();
  say("signature", Finding::right, "by " + out.signed_by);
  check_certificates(*signature);
  signer_at_ = now_;
  check_stamp(*signature);
  if (auto trusted = signature->check_signer(SignerRole::creditor, trust_, signer_at_); !trusted)
    say("signer", trust_.certificates.empty() ? Finding::open : Finding::wrong, trusted.error().message);
  else
    say("signer", Finding::right, "a trusted certificate vouches for it, at " + format_instant(signer_at_));
}

/// The signature covers the manifest, not the certificates beside it: those are listed in what it covers.
void Verifier::check_certificates(const SignedMessage &signature) {
  std::set<std::string> listed, found;
  if (const auto *list = about_.if_contains("certificates"); list != nullptr && list->is_array())
    for (const auto &one : list->get_array())
      if (one.is_string()) listed.emplace(one.get_string().data(), one.get_string().size());
  for (const auto &hash : signature.certificates()) found.insert(to_hex(hash));
  if (listed != found)
    say("certificates", Finding::wrong, "those beside the signature are not those it was made with");
}

void Verifier::check_stamp(const SignedMessage &signature) {
  if (signature.token().empty()) {
    if (says_stamped_)
      return say("time-stamp", Finding::wrong, "it was time-stamped, and the time-stamp is gone");
    const auto why = text_in(about_, "why_not_time_stamped");
    return say("time-stamp", Finding::right, why.empty() ? "none was wanted" : "none: " + why);
  }
  if (!says_stamped_) return say("time-stamp", Finding::wrong, "it has one, and was made without");
  if (!is_distinguished(signature.token()))
    return say("time-stamp", Finding::wrong, "it is not in the encoding that it was written in");
  const auto stamp = read_token(signature.token(), sha256(signature.signature()));
  if (!stamp) return say("time-stamp", Finding::wrong, stamp.error().message);
  if (!stamp->message.is_bare())
    return say("time-stamp", Finding::wrong, "something was added to it that it does not cover");
  say("time-stamp", Finding::right, format_instant(stamp->at) + " by " + stamp->authority);
  if (auto trusted = stamp->message.check_signer(SignerRole::time_stamper, trust_, stamp->at); !trusted) {
    say("authority", trust_.certificates.empty() ? Finding::open : Finding::wrong, trusted.error().message);
  } else {
    say("authority", Finding::right, "a trusted certificate vouches for it");
    signer_at_ = stamp->at;
  }
}

void Verifier::check_journal_entry() {
  const auto *text = entry(kJournalName);
  if (text == nullptr) return say("journal", Finding::wrong, "there is no " + std::string{kJournalName});
  const auto claims = check_journal(*text);
  if (!claims) return say("journal", Finding::wrong, claims.error().message);
  say("journal", Finding::right,
      counted(claims->entries, "entries chain from the first one") +
          (claims->erased == 0 ? "" : "; " + counted(claims->erased, "were erased, their hashes stand")));
  check_seal(*claims);
  check_documents(*claims);
}

void Verifier::check_seal(const JournalClaims &claims) {
  const auto *token = entry(kSealTokenName);
  if (!claims.seal) {
    if (token != nullptr) say("sealed day", Finding::wrong, "there is a time-stamp of none");
    return;
  }
  std::string words{claims.seal->day + ": the journal leads to its root"};
  if (claims.seal->has_token != (token != nullptr))
    return say("sealed day", Finding::wrong, "its time-stamp is missing");
  if (token == nullptr) return say("sealed day", Finding::right, words + ", which nobody time-stamped");
  const auto stamp = read_token(*token, claims.seal->root);
  if (!stamp) return say("sealed day", Finding::wrong, stamp.error().message);
  words += ", time-stamped " + format_instant(stamp->at) + " by " + stamp->authority;
  if (auto trusted = stamp->message.check_signer(SignerRole::time_stamper, trust_, stamp->at); !trusted)
    return say("sealed day", trust_.certificates.empty() ? Finding::open : Finding::wrong,
               words + ": " + trusted.error().message);
  say("sealed day", Finding::right, words);
}

/// What the summary says of an attempt, beside what the journal says and the files that are here. Throws what
/// is missing.
void Verifier::check_attempt(const json::object &attempt, const JournalClaims &claims) {
  const auto fault = [](const std::string &words) { throw std::invalid_argument{words}; };
  const auto id = attempt.at("attempt").to_number<std::int64_t>();
  const auto label = "attempt " + std::to_string(id);
  std::vector<Sha256> parts;
  for (const auto &part : attempt.at("parts").as_array()) {
    parts.push_back(sha256_from_hex(text_in(part.as_object(), "sha256")).value_or(Sha256{}));
    if (files_.contains(parts.back())) continue;
    // Whoever takes a document out can say so, but not make the journal say it.
    if (!is_expired(part.as_object(), claims)) fault(label + ": a part of its message is missing");
    ++expired_;
  }
  if (const auto sent = claims.sent.find(id); sent != claims.sent.end() && sent->second != parts)
    fault(label + ": the journal says that other words went out");
  for (const auto &value : attempt.at("receipts").as_array()) {
    const auto raw = sha256_from_hex(text_in(value.as_object(), "raw"));
    const auto event = sha256_from_hex(text_in(value.as_object(), "event"));
    if (raw && !files_.contains(event.value_or(*raw))) fault(label + ": the bytes of a receipt are missing");
    if (!raw || claims.came.empty()) continue;
    const auto came = claims.came.find(*raw);
    if (came == claims.came.end()) fault(label + ": the journal knows nothing of these bytes of a receipt");
    if (event && !came->second.empty() && !came->second.contains(*event))
      fault(label + ": the journal says that something else was read from the bytes of a receipt");
  }
}

bool Verifier::is_expired(const json::object &thing, const JournalClaims &claims) {
  const auto *said = thing.if_contains("past_retention");
  return said != nullptr && said->is_bool() && said->get_bool() && claims.has_retention;
}

void Verifier::check_documents(const JournalClaims &claims) {
  for (const auto &[name, bytes] : entries_) {
    if (!name.starts_with(kFilesFolder)) continue;
    const auto hash = hash_of_name(name);
    if (!hash || sha256(bytes) != *hash)
      return say("documents", Finding::wrong, std::string{name} + " is not what its name says");
    files_.insert(*hash);
  }
  const auto *text = entry(kSummaryName);
  if (text == nullptr) return say("documents", Finding::wrong, "there is no " + std::string{kSummaryName});
  std::size_t attempts{0};
  try {
    const auto summary = json::parse(*text);
    if (text_in(summary.at("invoice").as_object(), "number") != out.invoice)
      return say("documents", Finding::wrong, "the summary is of another invoice");
    for (const auto &reminder : summary.at("reminders").as_array())
      for (const auto &attempt : reminder.at("attempts").as_array()) {
        check_attempt(attempt.as_object(), claims);
        ++attempts;
      }
  } catch (const std::exception &fault) {
    return say("documents", Finding::wrong, fault.what());
  }
  say("documents", Finding::right,
      counted(files_.size(), "files named by their hashes; ") +
          counted(attempts, "attempts, with the words and answers that the journal names") +
          (expired_ == 0 ? "" : "; " + counted(expired_, "parts are past their retention, their hashes stand")));
}

void Verifier::run(std::string_view file) {
  if (!check_container(file) || !check_manifest() || !read_about()) return;
  check_signature();
  check_journal_entry();
}

}  // namespace

std::string_view name_of(Finding finding) {
  return finding == Finding::right ? "right" : finding == Finding::open ? "open" : "wrong";
}

Finding Verification::finding() const {
  const auto worst = std::ranges::max_element(checks, {}, &Check::finding);
  return worst == checks.end() ? Finding::wrong : worst->finding;
}

Verification verify(std::string_view file, const Trust &trust, Instant now) {
  Verifier verifier{trust, now};
  try {
    verifier.run(file);
  } catch (const std::exception &fault) {
    verifier.out.checks.push_back(
        {"container", Finding::wrong, std::string{"it cannot be read: "} + fault.what()});
  }
  return std::move(verifier.out);
}

}  // namespace relance::evidence
