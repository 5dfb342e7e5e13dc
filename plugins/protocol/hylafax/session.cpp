#include "plugins/protocol/hylafax/session.hpp"

#include <algorithm>
#include <cstdio>
#include <thread>

namespace relance::hylafax {
namespace {

/// A line of a reply; the longest ones name files.
constexpr std::size_t kLineMax{8'192};
/// hfaxd 6.0.7 reads a longer command as two and answers both: every answer after that would be another's.
constexpr std::size_t kCommandMax{900};
/// All of a job's parameters are some sixty lines.
constexpr std::size_t kLinesMax{1'000};
/// A queue of some 50,000 jobs.
constexpr std::size_t kListMax{16u << 20};
/// hfaxd ends a session that is silent for longer, with its drafts; this is the most that it grants.
constexpr std::string_view kIdle{"IDLE 7200"};
/// Debian's hfaxd 6.0.7 closes its port for an instant now and then, when a session has just ended.
constexpr int kKnocks{4};
constexpr std::chrono::milliseconds kBetweenKnocks{250};

bool is_last(std::string_view line) {
  return line.size() >= 3 &&
         std::all_of(line.begin(), line.begin() + 3, [](char c) { return c >= '0' && c <= '9'; }) &&
         (line.size() == 3 || line[3] == ' ');
}

/// One line, for a log: a server's words may hold anything.
std::string printable(std::string_view words) {
  std::string clean;
  for (const char c : words.substr(0, 200)) clean += c >= 0x20 && c < 0x7F ? c : ' ';
  return clean;
}

/// What a command is called in a message: never what it carries, which may be a number or a name.
std::string_view named(std::string_view words) {
  const auto end = words.find(' ');
  return words.substr(0, words.starts_with("JPARM ") ? words.find(' ', end + 1) : end);
}

std::string_view word_after(std::string_view text, std::string_view name) {
  const auto at = text.find(name);
  if (at == text.npos) return {};
  text.remove_prefix(at + name.size());
  return text.substr(0, text.find_first_of(" ,)"));
}

}  // namespace

Refused::Refused(std::string_view word, Reply said)
    : std::runtime_error(std::string{word} + ": " + std::to_string(said.code) + " " + printable(said.text)),
      reply(std::move(said)) {}

void Session::connect() {
  for (int knock{1};; ++knock) try {
      control_ = Socket(server_.host, server_.port, server_.patience, is_stopping_);
      return;
    } catch (const PortClosed &) {
      if (knock == kKnocks || is_stopping_) throw;
      std::this_thread::sleep_for(kBetweenKnocks);
    }
}

void Session::open() {
  close();
  try {
    connect();
    if (reply().code != 220) throw Fault("no fax server answers there, or it takes no sessions now");
    auto said = command("USER " + server_.user);
    if (said.code == 331) said = command("PASS " + server_.password);
    if (said.code != 230) throw Refused("login", std::move(said));
    expect("TYPE I", 200);
    expect("TZONE GMT", 200);
    command(kIdle);
  } catch (...) {
    close();
    throw;
  }
}

void Session::close() {
  control_ = Socket();
  read_.clear();
  form_.clear();
  has_list_format_ = false;
}

Reply Session::command(std::string_view words) {
  if (words.size() > kCommandMax)
    throw Fault(std::string{named(words)} + " has more words than the fax server reads");
  control_.write(std::string{words} + "\r\n");
  return reply();
}

Reply Session::expect(std::string_view words, int code) {
  auto said = command(words);
  if (said.code != code) throw Refused(named(words), std::move(said));
  return said;
}

std::string Session::upload(std::string_view form, std::string_view bytes) {
  if (form_ != form) expect("FORM " + std::string{form}, 200);
  form_ = form;
  std::string name;
  {
    auto data = data_connection();
    const auto begun = expect("STOT", 150);
    name = word_after(begun.text, "FILE: ");
    if (name.empty() || name.find_first_of("\"\\") != name.npos)
      throw Fault("the fax server names no document");
    data.write(bytes);
  }  // its end is the document's
  if (auto said = reply(); said.code != 226) throw Refused("STOT", std::move(said));
  return name;
}

std::string Session::make_job() {
  const auto made = expect("JNEW", 200);
  const auto id = word_after(made.text, "jobid: ");
  if (!is_job_id(id)) throw Fault("the fax server names no job");
  return std::string{id};
}

std::optional<Job> Session::look(std::string_view id) {
  if (command("JOB " + std::string{id}).code != 200) return std::nullopt;
  const auto said = command("JPARM");
  if (said.code != 217) throw Refused("JPARM", said);
  auto job = read_job(said.lines);
  return job && job->id == id ? std::move(job) : std::nullopt;
}

std::vector<Job> Session::list(std::string_view queue) {
  if (!has_list_format_) expect("JOBFMT " + as_argument(kListFormat), 200);
  has_list_format_ = true;
  std::string all;
  {
    auto data = data_connection();
    expect("LIST " + std::string{queue}, 150);
    for (auto some = data.read(); !some.empty(); some = data.read()) {
      all += some;
      if (all.size() > kListMax) throw Fault("the fax server's list has no end");
    }
  }
  if (auto said = reply(); said.code != 226) throw Refused("LIST", std::move(said));
  std::vector<Job> jobs;
  for (std::string_view rest{all}; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    auto one = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (one.ends_with('\r')) one.remove_suffix(1);
    if (auto job = read_listed(one)) jobs.push_back(std::move(*job));
  }
  return jobs;
}

Socket Session::data_connection() {
  unsigned port{0};
  if (control_.is_ipv6()) {
    const auto said = expect("EPSV", 229);
    if (std::sscanf(said.text.substr(std::min(said.text.find("(|||"), said.text.size())).c_str(), "(|||%5u|)",
                    &port) != 1)
      throw Fault("the fax server names no port for its data");
  } else {
    const auto said = expect("PASV", 227);
    unsigned n[6]{};
    if (std::sscanf(said.text.substr(std::min(said.text.find('('), said.text.size())).c_str(),
                    "(%3u,%3u,%3u,%3u,%3u,%3u)", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]) != 6)
      throw Fault("the fax server names no port for its data");
    port = n[4] << 8 | n[5];
  }
  if (port == 0 || port > 0xFFFF) throw Fault("the fax server names no port for its data");
  // The same host, whatever address it names: a document goes to nobody else.
  return {control_.peer(), static_cast<std::uint16_t>(port), server_.patience, is_stopping_};
}

std::string Session::line() {
  for (;;) {
    if (const auto end = read_.find('\n'); end != std::string::npos) {
      auto found = read_.substr(0, end);
      read_.erase(0, end + 1);
      if (found.ends_with('\r')) found.pop_back();
      return found;
    }
    if (read_.size() > kLineMax) throw Fault("the fax server sends a line without end");
    const auto some = control_.read();
    if (some.empty()) throw Fault("the fax server closed the session");
    read_ += some;
  }
}

Reply Session::reply() {
  Reply found;
  for (;;) {
    auto said = line();
    if (is_last(said)) {
      found.code = (said[0] - '0') * 100 + (said[1] - '0') * 10 + (said[2] - '0');
      if (said.size() > 4) found.text = said.substr(4);
      return found;
    }
    found.lines.push_back(std::move(said));
    if (found.lines.size() > kLinesMax) throw Fault("the fax server sends a reply without end");
  }
}

std::string as_argument(std::string_view text) {
  std::string clean;
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F && c != '"' && c != '\\') clean += c;
  return "\"" + clean + "\"";
}

}  // namespace relance::hylafax
