#include "tests/smtp/plugin_host.hpp"

#include "tests/test_folders.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <dlfcn.h>
#include <stdexcept>

namespace relance::test {
namespace {

std::string name_of_level(std::uint32_t level) {
  return level == RELANCE_HEALTH_UP         ? "up"
         : level == RELANCE_HEALTH_DEGRADED ? "degraded"
         : level == RELANCE_HEALTH_DOWN     ? "down"
                                            : "?";
}
std::string text(relance_str str) {
  return str.len == 0 ? std::string{} : std::string{str.data, str.len};
}
relance_str str(const std::string &from) {
  return {from.data(), from.size()};
}
std::int64_t wall_ms(const relance_host *) {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

struct PluginHost::Table {
  relance_host host{};
  PluginHost *self{nullptr};
};

struct PluginHost::Held {
  Mail mail;
  std::string text_role{"text"}, html_role{"html"}, file_role{"attachment"};
  std::string text_type{"text/plain; charset=utf-8"}, html_type{"text/html; charset=utf-8"},
      pdf_type{"application/pdf"};
  std::string file_name{"facture n° 42.pdf"}, channel{"email"}, service{"plain"};
  std::array<relance_part, 3> parts{};
  std::vector<const relance_part *> pointers;
  relance_addressee addressee{};
  relance_sender sender{};
  relance_message message{};
};

PluginHost &PluginHost::of(const relance_host *host) {
  return *reinterpret_cast<const Table *>(host)->self;
}

void PluginHost::take_ends(const relance_result *const *results, std::size_t count) {
  const std::lock_guard lock{mutex_};
  for (size_t index{0}; index < count; ++index) {
    const auto &result = *results[index];
    // Not BOOST_TEST: this is the plugin's thread.
    if (keys_.count(result.token) != 1u || ends_.count(keys_[result.token]) != 0u)
      faults_.push_back("token " + std::to_string(result.token) + " is not open");
    ends_[keys_[result.token]] = {result.outcome,        result.failure,
                                  text(result.code),     text(result.text),
                                  result.retry_after_ms, (result.flags & RELANCE_RESULT_WHOLE_INSTANCE) != 0};
    ++end_count_;
  }
  changed_.notify_all();
}

void PluginHost::take_parsed(const relance_parsed *const *results, std::size_t count) {
  const std::lock_guard lock{mutex_};
  for (size_t index{0}; index < count; ++index) {
    const auto &parsed = *results[index];
    ++parsed_;
    if (parsed.status != RELANCE_PARSED_OK) {
      unreadable_.push_back(text(parsed.error));
      continue;
    }
    for (size_t at{0}; at < parsed.receipt_count; ++at) {
      const auto &receipt = *parsed.receipts[at];
      receipts_.push_back({text(receipt.idempotency_key), receipt.kind, receipt.failure,
                           (receipt.flags & RELANCE_RECEIPT_FINAL) != 0, text(receipt.code),
                           text(receipt.text)});
    }
    for (size_t at{0}; at < parsed.reply_count; ++at) {
      const auto &reply = *parsed.replies[at];
      replies_.push_back(
          {reply.kind, text(reply.from), text(reply.subject), text(reply.text), text(reply.idempotency_key)});
    }
  }
  changed_.notify_all();
}

void PluginHost::fill_table() {
  table_ = std::make_unique<Table>();
  table_->self = this;
  auto &host = table_->host;
  host.size = sizeof host;
  host.complete = [](const relance_host *h, const relance_result *const *results, size_t count) {
    of(h).take_ends(results, count);
  };
  host.parsed = [](const relance_host *h, const relance_parsed *const *results, size_t count) {
    of(h).take_parsed(results, count);
  };
  host.polled = [](const relance_host *h, const relance_polled *polled) {
    auto &self = of(h);
    const std::lock_guard lock{self.mutex_};
    self.poll_error_ = text(polled->error);
    if (self.poll_error_.empty()) self.cursor = text(polled->cursor);
    self.is_polled_ = true;
    self.changed_.notify_all();
  };
  host.inbound = [](const relance_host *h, const relance_inbound *const *batch, size_t count) {
    auto &self = of(h);
    const std::lock_guard lock{self.mutex_};
    const auto taken = std::min(count, self.room_);
    self.room_ -= taken;
    for (size_t index{0}; index < taken; ++index) {
      self.offered_.push_back({text(batch[index]->name), text(batch[index]->bytes), batch[index]->token});
    }
    return taken;
  };
  host.ready = [](const relance_host *, uint32_t) {};
  host.health = [](const relance_host *h, const relance_health *health) {
    auto &self = of(h);
    const std::lock_guard lock{self.mutex_};
    self.health_.push_back(name_of_level(health->level) + (health->code.len > 0 ? " " : "") +
                           text(health->code));
    self.log_.push_back(text(health->text));
    self.changed_.notify_all();
  };
  host.wake = [](const relance_host *, uint32_t) {};
  host.log = [](const relance_host *h, int32_t, relance_str line, const relance_kv *fields, size_t count) {
    auto &self = of(h);
    const std::lock_guard lock{self.mutex_};
    auto whole = text(line);
    for (size_t index{0}; index < count; ++index) whole += " " + text(fields[index].value);
    self.log_.push_back(whole);
  };
  host.metric = [](const relance_host *, uint32_t, relance_str, double, const relance_kv *, size_t) {};
  host.state_get = [](const relance_host *, relance_str, void *, size_t) -> int64_t { return -1; };
  host.state_put = [](const relance_host *, relance_str, relance_str) -> relance_status {
    return RELANCE_OK;
  };
  host.business_ms = wall_ms;
  host.wall_ms = wall_ms;
  host.extension = [](const relance_host *, const char *) -> const void * { return nullptr; };
}

PluginHost::PluginHost(const std::string &settings_json) {
  fill_table();
  const auto file = build_dir() / "plugins/relance_smtp.so";
  auto *library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error{::dlerror()};
  const auto entry =
      reinterpret_cast<const relance_plugin *(*)(uint32_t)>(::dlsym(library, RELANCE_ENTRY_SYMBOL));
  plugin_ = entry(0);
  const relance_issue_sink sink{
      this, [](void *ctx, const relance_issue *issue) {
        static_cast<PluginHost *>(ctx)->issues.push_back(text(issue->path) + ": " + text(issue->message));
      }};
  const auto status =
      plugin_->create(&table_->host, RELANCE_LIT("test"), str(settings_json), &sink, &instance_);
  if (status != RELANCE_OK) throw std::runtime_error{issues.empty() ? "create failed" : issues.front()};
  const auto *traits = plugin_->traits(instance_);
  max_in_flight = traits->max_in_flight;
  capabilities = traits->capabilities;
  if (plugin_->start(instance_) != RELANCE_OK) {
    plugin_->destroy(instance_);
    throw std::runtime_error{"start failed"};
  }
}

PluginHost::~PluginHost() {
  plugin_->stop(instance_, 10'000);
  plugin_->destroy(instance_);
}

void PluginHost::stop() {
  plugin_->stop(instance_, 10'000);
}

void PluginHost::submit(const std::vector<Mail> &mails) {
  std::vector<const relance_message *> batch;
  {
    const std::lock_guard lock{mutex_};
    for (const auto &mail : mails) {
      auto &held = held_.emplace_back();
      held.mail = mail;
      const auto &own = held.mail;
      const auto part = [](const std::string &role, const std::string &type, relance_str name,
                           const std::string &bytes) {
        return relance_part{sizeof(relance_part), 0, str(role), str(type), name, str(bytes), nullptr};
      };
      held.parts = {part(held.text_role, held.text_type, {}, own.text),
                    part(held.html_role, held.html_type, {}, own.html),
                    part(held.file_role, held.pdf_type, str(held.file_name), own.attachment)};
      held.pointers.push_back(&held.parts[0]);
      if (!own.html.empty()) held.pointers.push_back(&held.parts[1]);
      if (!own.attachment.empty()) held.pointers.push_back(&held.parts[2]);
      held.message.flags = own.wants_read_receipt ? RELANCE_MSG_READ_RECEIPT : 0u;
      held.addressee.size = sizeof held.addressee;
      held.addressee.channel = str(held.channel);
      held.addressee.address = str(own.to);
      held.addressee.name = str(own.to_name);
      held.sender.size = sizeof held.sender;
      held.sender.name = str(own.from_name);
      held.sender.address = str(own.from);
      auto &message = held.message;
      message.size = sizeof message;
      message.token = next_token_++;
      message.idempotency_key = str(own.key);
      message.addressee = &held.addressee;
      message.sender = &held.sender;
      message.service = str(held.service);
      message.subject = str(own.subject);
      message.parts = held.pointers.data();
      message.part_count = held.pointers.size();
      message.attempt_number = 1;
      message.dated_ms = 1'767'225'600'000;
      message.not_after_ms = wall_ms(nullptr) + own.not_after_in_ms;
      keys_[message.token] = own.key;
      batch.push_back(&message);
    }
  }
  plugin_->submit(instance_, batch.data(), batch.size());
}

template <class F>
void PluginHost::await(std::unique_lock<std::mutex> &lock, F &&is_there) {
  BOOST_REQUIRE(changed_.wait_for(lock, std::chrono::seconds{60}, is_there));
  for (const auto &fault : std::exchange(faults_, {})) BOOST_ERROR(fault);
}

std::map<std::string, Told> PluginHost::await_ends(std::size_t count) {
  std::unique_lock lock{mutex_};
  await(lock, [&] { return end_count_ >= count; });
  return ends_;
}

std::string PluginHost::poll(std::size_t room) {
  relance_poll poll{};
  const auto behind = cursor;
  std::vector<Raw> offered;
  {
    std::unique_lock lock{mutex_};
    poll.size = sizeof poll;
    poll.token = next_token_++;
    poll.cursor = str(behind);
    is_polled_ = false;
    room_ = room;
  }
  plugin_->poll(instance_, &poll);
  {
    std::unique_lock lock{mutex_};
    await(lock, [&] { return is_polled_; });
    if (!poll_error_.empty()) return poll_error_;
    offered.swap(offered_);
    for (const auto &raw : offered) raw_names_.push_back(raw.name);
  }
  std::vector<relance_token> tokens;
  for (const auto &raw : offered) tokens.push_back(raw.token);
  if (!tokens.empty()) plugin_->stored(instance_, tokens.data(), tokens.size());
  for (const auto &raw : offered) parse(raw.bytes);
  return {};
}

void PluginHost::parse(const std::string &bytes) {
  relance_raw raw{};
  const std::string kind{"mail"};
  std::size_t before{0};
  {
    const std::lock_guard lock{mutex_};
    raw.size = sizeof raw;
    raw.token = next_token_++;
    raw.kind = str(kind);
    raw.bytes = str(bytes);
    before = parsed_;
  }
  const relance_raw *pointer{&raw};
  plugin_->parse(instance_, &pointer, 1);
  std::unique_lock lock{mutex_};
  await(lock, [&] { return parsed_ > before; });
}

std::vector<ToldReceipt> PluginHost::receipts() {
  const std::lock_guard lock{mutex_};
  return receipts_;
}
std::vector<ToldReply> PluginHost::replies() {
  const std::lock_guard lock{mutex_};
  return replies_;
}
std::vector<std::string> PluginHost::unreadable() {
  const std::lock_guard lock{mutex_};
  return unreadable_;
}
std::vector<std::string> PluginHost::raw_names() {
  const std::lock_guard lock{mutex_};
  return raw_names_;
}
std::vector<std::string> PluginHost::health() {
  const std::lock_guard lock{mutex_};
  return health_;
}
std::vector<std::string> PluginHost::log_lines() {
  const std::lock_guard lock{mutex_};
  return log_;
}

std::string key_of(int number) {
  auto digits = std::to_string(number);
  return "01KAMRZXEY" + std::string(16 - digits.size(), '0') + digits;
}

}  // namespace relance::test
