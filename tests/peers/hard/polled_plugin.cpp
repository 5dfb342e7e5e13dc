// The driver `polled`: faxes through HylaFAX's own client protocol, which never calls back. Here for the
// sequence: a job is a draft until JSUBM, and dies with the session that made it; who submits twice is told;
// what became of it is asked job by job, again and again, as long as the host lists it as open.
#include "tests/peers/hard/fax_session.hpp"

#include <relance/channel.hpp>

#include <map>
#include <mutex>
#include <set>
#include <sstream>

namespace hard {
namespace {

namespace sdk = relance::sdk;

constexpr std::int64_t kPollEveryMs{500};
constexpr std::int64_t kDraftsMax{200};  // sessions hold their jobs in memory
constexpr std::size_t kToldMax{10'000};

constexpr const char *kSchema{
    R"({"type": "object", "additionalProperties": false, "required": ["host", "port", "user"],
  "properties": {"host": {"type": "string"}, "port": {"type": "integer", "minimum": 1, "maximum": 65535},
  "user": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$"},
  "max_dials": {"type": "integer", "minimum": 1, "maximum": 12}}})"};

/// Of a job's queue file; never what a setting or a document says.
struct Job {
  std::string id, state, code, status, pages, total;
};

class Polled {
 public:
  static constexpr sdk::Description kDescription{.id = "org.relance.test.polled",
                                                 .driver = "polled",
                                                 .name = "HylaFAX",
                                                 .version = "1.0",
                                                 .vendor = "Relance",
                                                 .channel = "fax",
                                                 .settings_schema = kSchema,
                                                 .min_host_minor = 0,
                                                 .query_by = RELANCE_CAP_QUERY_BY_REF};

  Polled(sdk::Host host, std::string_view, std::string_view settings_json, sdk::Issues &) : host_(host) {
    const auto settings = sdk::Json::parse(settings_json);
    server_ = settings["host"].text();
    port_ = static_cast<std::uint16_t>(settings["port"].integer());
    user_ = settings["user"].text();
    max_dials_ = settings["max_dials"].integer(3);
  }
  /// A job that is done leaves the server's list after a while: that it is not there is never certain.
  [[nodiscard]] static sdk::Traits traits() {
    return {.submit_never_releases = true, .polls_open = true, .workers = 1};
  }
  void stop() { session_.interrupt(); }

  sdk::Outcome send(const sdk::Message &message);
  sdk::Outcome commit(const sdk::Commit &commit);
  sdk::Discarded discard(const sdk::Discard &discard);
  sdk::Recalled recall(const sdk::Recall &recall);
  sdk::Outcome query(const sdk::Query &query);
  sdk::Polled poll(const sdk::Poll &poll);
  static sdk::Parsed parse(const sdk::Raw &raw);

 private:
  /// Runs `work` on the session, which is opened when there is none; it is closed by what goes wrong, with
  /// all its drafts.
  template <class Work>
  auto on_session(Work work) {
    const std::lock_guard lock(mutex_);
    try {
      if (!session_.is_open()) {
        session_.open(server_, port_, user_);
      }
      return work();
    } catch (...) {
      session_.close();
      drafts_.clear();
      throw;
    }
  }
  /// Its state now: "JOB id" each time, as a job that was set before answers stale. Nothing when there is no
  /// such job.
  std::optional<Job> look(const std::string &id) {
    if (session_.command("JOB " + id).code != 200) return std::nullopt;
    return Job{id,
               session_.parameter("STATE"),
               session_.parameter("STATUSCODE"),
               session_.parameter("STATUS"),
               session_.parameter("NPAGES"),
               session_.parameter("TOTPAGES")};
  }

  const sdk::Host host_;
  std::string server_, user_;
  std::uint16_t port_{0};
  std::int64_t max_dials_{3};
  std::mutex mutex_;  // the session's: guards the rest
  FaxSession session_;
  std::set<std::string> drafts_;  // made by this session, not submitted
  std::map<std::string, std::string>
      told_;  // job → state last told; lost with the process, as a repeat changes nothing
};

/// In a JPARM: no quote, no line end gets through.
std::string argument(std::string_view text) {
  std::string clean;
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') clean += c;
  return "\"" + clean + "\"";
}

/// The text as a PostScript page; a fax page that the host has made goes as it is.
std::string page_of(const sdk::Message &message) {
  if (const auto *page = message.find_part("letter")) return std::string(page->bytes);
  std::string page{"%!PS-Adobe-3.0\n/Helvetica findfont 11 scalefont setfont\n"};
  int y{780};
  std::istringstream lines{std::string(message.text())};
  for (std::string line; std::getline(lines, line) && y > 40; y -= 14) {
    std::string escaped;
    for (const char c : line) {
      if (c == '(' || c == ')' || c == '\\') escaped += '\\';
      if (static_cast<unsigned char>(c) >= 0x20) escaped += c;
    }
    page += "60 " + std::to_string(y) + " moveto (" + escaped + ") show\n";
  }
  return page + "showpage\n";
}

sdk::Outcome Polled::send(const sdk::Message &message) {
  try {
    return on_session([&] {
      if (drafts_.size() >= kDraftsMax)
        return sdk::Outcome::not_sent("drafts", "too many drafts in one session", 1000);
      const auto document = session_.upload(page_of(message));
      const auto made = session_.expect("JNEW", 200);
      const auto at = made.find("jobid: ");
      const auto id = made.substr(at + 7, made.find(' ', at + 7) - at - 7);
      if (at == std::string::npos || id.find_first_not_of("0123456789") != std::string::npos)
        throw std::runtime_error("the server names no job");
      const auto key = argument(message.idempotency_key);
      for (const auto &parameter :
           {"FROMUSER " + argument(message.sender.name), std::string("LASTTIME 000259"),
            "MAXDIALS " + std::to_string(max_dials_), "MAXTRIES " + std::to_string(max_dials_),
            std::string("SCHEDPRI 127"), "DIALSTRING " + argument(message.addressee.address),
            std::string("NOTIFYADDR \"nobody@localhost\""), std::string("NOTIFY \"none\""),
            std::string("VRES 98"), std::string("PAGEWIDTH 210"), std::string("PAGELENGTH 297"),
            "JOBINFO " + key})
        session_.expect("JPARM " + parameter, 213);
      session_.expect("JPARM DOCUMENT " + document, 200);
      drafts_.insert(id);
      return sdk::Outcome::prepared({id});
    });
  } catch (const std::runtime_error &fault) {
    return sdk::Outcome::not_sent("session",
                                  fault.what());  // its job, if there was one, died with the session
  }
}

sdk::Outcome Polled::commit(const sdk::Commit &commit) {
  const std::string id(commit.refs.at(0));
  bool is_ours{false}, is_asked{false};
  try {
    {
      const std::lock_guard lock(mutex_);
      is_ours = drafts_.contains(id);  // nobody else can have submitted it
    }
    return on_session([&] {
      if (host_.wall_ms() >= commit.not_after_ms && commit.not_after_ms != 0)
        return sdk::Outcome::not_sent("not_after", "its time to leave has passed");
      is_asked = true;
      const auto said = session_.command("JSUBM " + id);
      drafts_.erase(id);
      if (said.code == 200) return sdk::Outcome::accepted({id});
      const auto job = look(id);
      if (!job) return sdk::Outcome::not_sent("no_job", "the draft died with the session that made it");
      if (said.code == 460 || job->status.starts_with("REJECT"))
        return sdk::Outcome::rejected(sdk::FailureClass::policy, job->code,
                                      "refused by the fax server's scheduler");
      return sdk::Outcome::accepted({id});  // "use JSUSP first", "already done": it was released before
    });
  } catch (const std::runtime_error &fault) {
    if (is_ours && !is_asked) return sdk::Outcome::not_sent("session", fault.what());
    return sdk::Outcome::unknown("session", fault.what());
  }
}

sdk::Discarded Polled::discard(const sdk::Discard &discard) {
  const std::string id{discard.refs.at(0)};
  return on_session([&] {
    if (drafts_.erase(id) > 0) session_.command("JDELE " + id);  // another's is dead already, or out
    return sdk::Discarded::gone();
  });
}

sdk::Recalled Polled::recall(const sdk::Recall &recall) {
  const std::string id(recall.refs.at(0));
  try {
    return on_session([&] {
      const auto said = session_.command("JKILL " + id);
      const auto job = look(id);
      const bool is_aborted{job && job->state == "FAILED" && job->code == "345"};
      if (is_aborted) return sdk::Recalled{sdk::RecallKind::cancelled, job->status};
      if (job && (job->state == "DONE" || job->state == "FAILED"))
        return sdk::Recalled{sdk::RecallKind::too_late, job->state};
      return sdk::Recalled{sdk::RecallKind::unknown, said.text};
    });
  } catch (const std::runtime_error &fault) {
    return {sdk::RecallKind::unknown, fault.what()};
  }
}

sdk::Outcome Polled::query(const sdk::Query &query) {
  if (query.refs.empty()) return sdk::Outcome::unknown("no_reference", "a fax is found by its job only");
  try {
    return on_session([&] {
      const auto job = look(std::string(query.refs[0]));
      if (!job) return sdk::Outcome::not_found();
      if (job->state == "SUSPENDED" || job->state == "UNDEFINED")
        return sdk::Outcome::unknown(job->state, "a job that is neither draft nor queued");
      return sdk::Outcome::accepted({job->id});
    });
  } catch (const std::runtime_error &fault) {
    return sdk::Outcome::unknown("session", fault.what());
  }
}

sdk::Polled Polled::poll(const sdk::Poll &poll) {
  try {
    return on_session([&] {
      sdk::Polled polled{.next_poll_ms = kPollEveryMs};
      for (const auto &open : poll.open)
        for (const auto ref : open.refs) {
          const auto job = look(std::string(ref));
          if (!job) continue;                          // done so long ago that the server has forgotten it
          if (told_.size() > kToldMax) told_.clear();  // a repeat changes nothing
          if (std::exchange(told_[job->id], job->state) == job->state) continue;
          polled.found.push_back({.kind = "poll",
                                  .name = job->id + ":" + job->state,
                                  .bytes = sdk::json_object({{"job", job->id},
                                                             {"state", job->state},
                                                             {"code", job->code},
                                                             {"status", job->status},
                                                             {"pages", job->pages},
                                                             {"total", job->total}})});
        }
      return polled;
    });
  } catch (const std::runtime_error &fault) {
    return sdk::Polled::failed(fault.what(), kPollEveryMs);
  }
}

sdk::Parsed Polled::parse(const sdk::Raw &raw) {
  const auto job = sdk::Json::parse(raw.bytes);
  const auto state = job["state"].text(), code = job["code"].text();
  if (job["job"].text().empty() || state.empty()) return sdk::Parsed::unreadable("no job and state");
  sdk::Receipt receipt{.ref = job["job"].text(), .code = "E" + code, .text = job["status"].text()};
  if (state == "DONE") {
    receipt.kind = sdk::ReceiptKind::delivered;
    receipt.is_final = true;
  } else if (state == "FAILED") {
    receipt.kind = code == "345" ? sdk::ReceiptKind::cancelled : sdk::ReceiptKind::failed;
    receipt.is_final = true;
    receipt.text += " (" + job["pages"].text("0") + " of " + job["total"].text("0") + " pages)";
  } else if (state == "ACTIVE") {
    receipt.kind = sdk::ReceiptKind::dispatched;
  }
  return sdk::Parsed::receipt(std::move(receipt));
}

}  // namespace
}  // namespace hard

RELANCE_EXPORT_DRIVERS(hard::Polled)
