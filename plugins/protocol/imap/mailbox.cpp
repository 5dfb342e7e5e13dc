#include "plugins/protocol/imap/mailbox.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <mutex>

namespace relance::imap {
namespace {

/// UIDs asked for at once: bounds the listing of a mailbox nobody emptied for years.
constexpr std::uint32_t kUidsPerListing{2'000};
/// Listings without a mail before a call returns; the next one goes on from there.
constexpr int kListingsPerFetch{50};
constexpr std::size_t kListingBytesMax{1U << 20};
/// Mails read in one call together; what is left comes with the next.
constexpr std::size_t kFetchBytesMax{64U << 20};

struct Buffer {
  std::string bytes;
  std::size_t limit;
};

std::size_t write_to(char *data, std::size_t size, std::size_t count, void *into) {
  auto &buffer = *static_cast<Buffer *>(into);
  const auto length = size * count;
  if (buffer.bytes.size() + length > buffer.limit) return 0;  // ends the transfer
  buffer.bytes.append(data, length);
  return length;
}

int stop_when(void *flag, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool> *>(flag)->load() ? 1 : 0;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char character) {
    return character >= 32 && character < 127 &&
           std::string_view{"\"\\*%{"}.find(character) == std::string_view::npos;
  });
}

Failure failure_of(CURLcode code, const std::array<char, CURL_ERROR_SIZE> &words) {
  const std::string text{words[0] != '\0' ? words.data() : curl_easy_strerror(code)};
  switch (code) {
    case CURLE_LOGIN_DENIED:
      return {"login", "the server refuses user or secret"};
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return {"tls", text};
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return {"connect", text};
    case CURLE_OPERATION_TIMEDOUT:
      return {"timeout", text};
    case CURLE_ABORTED_BY_CALLBACK:
      return {"stopped", "stopping"};
    case CURLE_REMOTE_FILE_NOT_FOUND:
      return {"folder", "the folder was made anew (UIDVALIDITY) or is gone"};
    case CURLE_QUOTE_ERROR:
      return {"folder", "the server refuses a command: " + text};
    default:
      return {"protocol", text};
  }
}

}  // namespace

std::string options_fault(const Options &options) {
  if (!options.url.starts_with("imap://") && !options.url.starts_with("imaps://"))
    return "the URL is neither imap:// nor imaps://";
  const auto host = options.url.substr(options.url.find("//") + 2);
  if (host.empty() || host.find_first_of("/@?#; \r\n") != std::string::npos)
    return "the URL holds more than a host and a port";
  if (!is_plain_name(options.folder)) return "the folder's name is not printable ASCII without \"\\*%{";
  return {};
}

struct Mailbox::Impl {
  Options options;
  const std::atomic<bool> &is_stopping;
  std::unique_ptr<CURL, void (*)(CURL *)> curl{nullptr, curl_easy_cleanup};

  Impl(Options given, const std::atomic<bool> &stopping) : options{std::move(given)}, is_stopping{stopping} {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    curl.reset(curl_easy_init());
  }

  void common(const std::string &url, Buffer &into, std::array<char, CURL_ERROR_SIZE> &words) {
    auto *handle = curl.get();
    curl_easy_reset(handle);  // keeps the connection
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "imap,imaps");
    curl_easy_setopt(handle, CURLOPT_USERNAME, options.user.c_str());
    curl_easy_setopt(handle, CURLOPT_PASSWORD, options.secret.c_str());
    curl_easy_setopt(handle, CURLOPT_USE_SSL,
                     static_cast<long>(options.require_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, options.verify_certificate ? 1L : 0L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, options.verify_certificate ? 2L : 0L);
    if (!options.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, options.ca_file.c_str());
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(options.command_timeout.count()));
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_MAXCONNECTS, 1L);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, stop_when);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, const_cast<std::atomic<bool> *>(&is_stopping));
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, write_to);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &into);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, words.data());
  }

  /// One command in the folder, or outside of any when uid_validity is 0; its untagged lines.
  Result<std::string> command(std::uint32_t uid_validity, const std::string &text) {
    Buffer lines{{}, kListingBytesMax};
    std::array<char, CURL_ERROR_SIZE> words{};
    common(uid_validity == 0 ? options.url + "/" : folder_url(uid_validity), lines, words);
    curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, text.c_str());
    // A folder that a connection has selected is told as it was (Dovecot answers STATUS so): look with a new
    // one.
    if (uid_validity == 0) curl_easy_setopt(curl.get(), CURLOPT_FRESH_CONNECT, 1L);
    const auto code = curl_easy_perform(curl.get());
    if (code != CURLE_OK) return failure_of(code, words);
    return std::move(lines.bytes);
  }

  Result<Mail> mail(std::uint32_t uid_validity, const Listed &listed) {
    Mail read{listed.uid, {}, listed.size > options.mail_bytes_max};
    auto url = folder_url(uid_validity) + "/;UID=" + std::to_string(listed.uid);
    if (read.is_cut) url += "/;PARTIAL=0." + std::to_string(options.mail_bytes_max);
    Buffer bytes{{}, options.mail_bytes_max + (std::size_t{1} << 16)};
    std::array<char, CURL_ERROR_SIZE> words{};
    common(url, bytes, words);
    const auto code = curl_easy_perform(curl.get());
    if (code != CURLE_OK) return failure_of(code, words);
    read.bytes = std::move(bytes.bytes);
    return read;
  }

  std::string folder_url(std::uint32_t uid_validity) {
    const std::unique_ptr<char, void (*)(void *)> escaped{
        curl_easy_escape(curl.get(), options.folder.c_str(), static_cast<int>(options.folder.size())),
        curl_free};
    return options.url + "/" + escaped.get() + ";UIDVALIDITY=" + std::to_string(uid_validity);
  }
};

Mailbox::Mailbox(Options options, const std::atomic<bool> &is_stopping)
    : impl_{std::make_unique<Impl>(std::move(options), is_stopping)} {}
Mailbox::~Mailbox() = default;

Result<Fetched> Mailbox::fetch(const Cursor &behind, std::size_t count) {
  const auto status = impl_->command(0, "STATUS \"" + impl_->options.folder + "\" (UIDVALIDITY UIDNEXT)");
  if (status.has_error()) return status.error();
  Fetched fetched;
  fetched.uid_validity = read_number(*status, "UIDVALIDITY");
  const auto next = read_number(*status, "UIDNEXT");
  if (fetched.uid_validity == 0 || next == 0)
    return Failure{"folder", "the server does not tell UIDVALIDITY and UIDNEXT"};
  fetched.seen_to = behind.uid_validity == fetched.uid_validity ? behind.last_uid : 0;
  std::size_t bytes{0};
  for (int round{0}; round < kListingsPerFetch && fetched.mails.empty() && fetched.seen_to + 1 < next;
       ++round) {
    const auto from = fetched.seen_to + 1;
    const auto to = std::min(next - 1, from + kUidsPerListing - 1);
    const auto lines = impl_->command(fetched.uid_validity, "UID FETCH " + std::to_string(from) + ":" +
                                                                std::to_string(to) + " (UID RFC822.SIZE)");
    if (lines.has_error()) return lines.error();
    fetched.seen_to = to;
    for (const auto &listed : read_listing(*lines)) {
      if (listed.uid < from || listed.uid > to) continue;
      if (fetched.mails.size() == count || bytes > kFetchBytesMax) {
        fetched.seen_to = fetched.mails.back().uid;
        break;
      }
      auto mail = impl_->mail(fetched.uid_validity, listed);
      if (mail.has_error()) return mail.error();
      bytes += mail->bytes.size();
      fetched.mails.push_back(std::move(*mail));
    }
  }
  fetched.has_more = fetched.seen_to + 1 < next;
  return fetched;
}

Result<void> Mailbox::dispose(std::uint32_t uid_validity, const std::string &uids, Disposal disposal,
                              const std::string &move_to) {
  if (disposal == Disposal::keep || uids.empty()) return {};
  if (disposal == Disposal::move) {
    const auto moved = impl_->command(uid_validity, "UID MOVE " + uids + " \"" + move_to + "\"");
    if (moved.has_error()) return moved.error();
    return {};
  }
  const std::string flag{disposal == Disposal::remove ? "(\\Deleted)" : "(\\Seen)"};
  const auto marked = impl_->command(uid_validity, "UID STORE " + uids + " +FLAGS.SILENT " + flag);
  if (marked.has_error()) return marked.error();
  if (disposal == Disposal::seen) return {};
  // UIDPLUS: only ours. A server without it keeps them marked, and never gives them to us again.
  const auto expunged = impl_->command(uid_validity, "UID EXPUNGE " + uids);
  if (expunged.has_error()) return expunged.error();
  return {};
}

}  // namespace relance::imap
