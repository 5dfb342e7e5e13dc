#include "plugins/protocol/imap/mailbox.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

namespace relance::imap {
namespace {

// Two limits of libcurl, measured with Debian's 7.88. What a server says before a transfer is held against a
// limit made for HTTP headers, 300 KiB, and what waits in the read buffer is counted again with each line
// taken from it: n lines that came together count n²/2 times, so that a listing of 120 mails can be too much.
// And of a line of more than half that buffer, 8 KiB, the middle is dropped without a word. No command here
// is answered with more or longer lines than this:

/// Mails named in a command that is answered with a line for each: 64²/2 lines of 100 bytes are 200 KiB.
constexpr std::size_t kMailsPerCommand{64};
/// Mails that a search may find: they come in one line, of at most eleven bytes each.
constexpr std::uint32_t kMailsPerSearch{500};
/// Searches without a mail before a call returns; the next one goes on from there.
constexpr int kSearchesPerFetch{100};
constexpr std::size_t kLinesBytesMax{1U << 20};
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
  bool is_read_only{false};  ///< the connection's folder was opened by EXAMINE

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

  CURLcode perform() {
    const auto code = curl_easy_perform(curl.get());
    long connects{0};
    curl_easy_getinfo(curl.get(), CURLINFO_NUM_CONNECTS, &connects);
    if (connects > 0) is_read_only = false;
    return code;
  }

  /// libcurl opens a folder by SELECT and reads a mail by BODY[], which marks it as seen: somebody who looks
  /// for what is new would miss it. In a folder opened by EXAMINE nothing is marked, and nothing can be
  /// disposed of.
  Result<void> open_folder(std::uint32_t uid_validity, bool read_only) {
    if (is_read_only == read_only) return {};
    const auto lines = command(uid_validity, (read_only ? "EXAMINE \"" : "SELECT \"") + options.folder + '"');
    if (lines.has_error()) return lines.error();
    if (const auto now = read_number(*lines, "UIDVALIDITY"); now != 0 && now != uid_validity)
      return failure_of(CURLE_REMOTE_FILE_NOT_FOUND, {});
    is_read_only = read_only;
    return {};
  }

  /// One command in the folder, or outside of any when uid_validity is 0; its untagged lines. Every command
  /// here may be given twice.
  Result<std::string> command(std::uint32_t uid_validity, const std::string &text) {
    // A folder that a connection has selected is told as it was (Dovecot answers STATUS so): look with a new
    // one.
    bool is_fresh{uid_validity == 0};
    for (;;) {
      Buffer lines{{}, kLinesBytesMax};
      std::array<char, CURL_ERROR_SIZE> words{};
      common(uid_validity == 0 ? options.url + "/" : folder_url(uid_validity), lines, words);
      curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, text.c_str());
      curl_easy_setopt(curl.get(), CURLOPT_FRESH_CONNECT, is_fresh ? 1L : 0L);
      const auto code = perform();
      if (code == CURLE_OK) return std::move(lines.bytes);
      auto failure = failure_of(code, words);
      // An old connection may have more to tell than fits, of what others did in the folder meanwhile.
      if (std::exchange(is_fresh, true) || failure.code != "protocol") return failure;
    }
  }

  struct Standing {
    std::uint32_t uid_validity{0}, uid_next{0}, messages{0}, unseen{0};
  };
  Result<Standing> look() {
    const auto lines = command(0, "STATUS \"" + options.folder + "\" (UIDVALIDITY UIDNEXT MESSAGES UNSEEN)");
    if (lines.has_error()) return lines.error();
    const Standing standing{read_number(*lines, "UIDVALIDITY"), read_number(*lines, "UIDNEXT"),
                            read_number(*lines, "MESSAGES"), read_number(*lines, "UNSEEN")};
    if (standing.uid_validity == 0 || standing.uid_next == 0)
      return Failure{"folder", "the server does not tell UIDVALIDITY and UIDNEXT"};
    return standing;
  }

  /// The first mails from `from` on: `to` is moved to where the search ended. Where `found_max` are few
  /// enough it looks as far as `to`, however wide the gaps that removed mails left.
  Result<std::vector<std::uint32_t>> search(std::uint32_t uid_validity, std::uint32_t from, std::uint32_t &to,
                                            std::uint32_t found_max, const char *which) {
    if (found_max > kMailsPerSearch && to - from >= kMailsPerSearch) {
      if (from == 1) {  // of a folder in use for years the first mails are long gone
        const auto first = command(uid_validity, "UID SEARCH 1");
        if (first.has_error()) return first.error();
        for (const auto uid : read_search(*first)) from = std::max(from, std::min(uid, to));
      }
      if (to - from >= kMailsPerSearch) to = from + kMailsPerSearch - 1;
    }
    const auto lines =
        command(uid_validity, "UID SEARCH UID " + std::to_string(from) + ":" + std::to_string(to) + which);
    if (lines.has_error()) return lines.error();
    auto uids = read_search(*lines);
    std::erase_if(uids, [&](auto uid) { return uid < from || uid > to; });
    return uids;
  }

  /// Reads these mails behind the ones already there. False: there was no room for all.
  Result<bool> read(const std::vector<std::uint32_t> &uids, std::size_t count, std::size_t &bytes,
                    Fetched &into) {
    for (std::size_t begin{0}; begin < uids.size(); begin += kMailsPerCommand) {
      const auto sizes =
          command(into.uid_validity, "UID FETCH " + part_of(uids, begin) + " (UID RFC822.SIZE INTERNALDATE)");
      if (sizes.has_error()) return sizes.error();
      for (const auto &listed : read_listing(*sizes)) {
        if (!std::binary_search(uids.begin(), uids.end(), listed.uid)) continue;
        if (into.mails.size() == count || bytes > kFetchBytesMax) return false;
        if (auto opened = open_folder(into.uid_validity, true); opened.has_error()) return opened.error();
        auto one = mail(into.uid_validity, listed);
        if (one.has_error()) return one.error();
        bytes += one->bytes.size();
        into.mails.push_back(std::move(*one));
      }
    }
    return true;
  }

  /// The command once for each few of these mails.
  Result<void> for_each_part(std::uint32_t uid_validity, const std::vector<std::uint32_t> &uids,
                             const std::string &verb, const std::string &words) {
    if (auto opened = open_folder(uid_validity, false); opened.has_error()) return opened;
    for (std::size_t begin{0}; begin < uids.size(); begin += kMailsPerCommand) {
      const auto done = command(uid_validity, verb + part_of(uids, begin) + words);
      if (done.has_error()) return done.error();
    }
    return {};
  }

  static std::string part_of(const std::vector<std::uint32_t> &uids, std::size_t begin) {
    const auto end = std::min(begin + kMailsPerCommand, uids.size());
    return uid_set(
        {uids.begin() + static_cast<std::ptrdiff_t>(begin), uids.begin() + static_cast<std::ptrdiff_t>(end)});
  }

  Result<Mail> mail(std::uint32_t uid_validity, const Listed &listed) {
    Mail read{listed.uid, {}, listed.size > options.mail_bytes_max, listed.arrived_ms};
    auto url = folder_url(uid_validity) + "/;UID=" + std::to_string(listed.uid);
    if (read.is_cut) url += "/;PARTIAL=0." + std::to_string(options.mail_bytes_max);
    Buffer bytes{{}, options.mail_bytes_max + (std::size_t{1} << 16)};
    std::array<char, CURL_ERROR_SIZE> words{};
    common(url, bytes, words);
    const auto code = perform();
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
  const auto standing = impl_->look();
  if (standing.has_error()) return standing.error();
  Fetched fetched;
  fetched.uid_validity = standing->uid_validity;
  fetched.seen_to = behind.uid_validity == fetched.uid_validity ? behind.last_uid : 0;
  const auto last = standing->uid_next - 1;
  std::size_t bytes{0};
  for (int round{0}; round < kSearchesPerFetch && fetched.mails.empty() && fetched.seen_to < last; ++round) {
    auto to = last;
    const auto uids = impl_->search(fetched.uid_validity, fetched.seen_to + 1, to, standing->messages, "");
    if (uids.has_error()) return uids.error();
    const auto all = impl_->read(*uids, count, bytes, fetched);
    if (all.has_error()) return all.error();
    fetched.seen_to = *all ? to : fetched.mails.back().uid;
  }
  fetched.has_more = fetched.seen_to < last;
  return fetched;
}

Result<Fetched> Mailbox::find(const std::string &field, const std::string &words, std::size_t count) {
  if (!is_plain_name(field) || !is_plain_name(words))
    return Failure{"protocol", "no words that may be searched for"};
  const auto standing = impl_->look();
  if (standing.has_error()) return standing.error();
  Fetched fetched;
  fetched.uid_validity = standing->uid_validity;
  const auto lines =
      impl_->command(fetched.uid_validity, "UID SEARCH HEADER " + field + " \"" + words + "\"");
  if (lines.has_error()) return lines.error();
  std::size_t bytes{0};
  const auto all = impl_->read(read_search(*lines), count, bytes, fetched);
  if (all.has_error()) return all.error();
  fetched.has_more = !*all;
  return fetched;
}

Result<void> Mailbox::dispose(std::uint32_t uid_validity, std::vector<std::uint32_t> uids, Disposal disposal,
                              const std::string &move_to) {
  if (disposal == Disposal::keep) return {};
  std::sort(uids.begin(), uids.end());
  if (disposal == Disposal::move)
    return impl_->for_each_part(uid_validity, uids, "UID MOVE ", " \"" + move_to + "\"");
  const std::string flag{disposal == Disposal::remove ? "(\\Deleted)" : "(\\Seen)"};
  auto marked = impl_->for_each_part(uid_validity, uids, "UID STORE ", " +FLAGS.SILENT " + flag);
  if (marked.has_error() || disposal == Disposal::seen) return marked;
  // UIDPLUS: only ours. A server without it keeps them marked, and never gives them to us again.
  return impl_->for_each_part(uid_validity, uids, "UID EXPUNGE ", "");
}

Result<void> Mailbox::dispose_up_to(const Cursor &cursor, Disposal disposal, const std::string &move_to) {
  if (disposal == Disposal::keep || cursor.last_uid == 0) return {};
  const auto standing = impl_->look();
  if (standing.has_error()) return standing.error();
  if (standing->uid_validity != cursor.uid_validity) return {};
  const bool only_unseen{disposal == Disposal::seen};
  const auto last = std::min(cursor.last_uid, standing->uid_next - 1);
  for (std::uint32_t seen_to{0}; seen_to < last;) {
    auto to = last;
    auto uids =
        impl_->search(cursor.uid_validity, seen_to + 1, to,
                      only_unseen ? standing->unseen : standing->messages, only_unseen ? " UNSEEN" : "");
    if (uids.has_error()) return uids.error();
    if (auto done = dispose(cursor.uid_validity, std::move(*uids), disposal, move_to); done.has_error())
      return done;
    seen_to = to;
  }
  return {};
}

}  // namespace relance::imap
