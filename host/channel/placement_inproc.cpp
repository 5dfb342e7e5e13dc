#include "host/channel/placement_inproc.hpp"

#include "host/channel/inproc_instance.hpp"
#include "host/channel/library.hpp"

namespace relance::channel {
namespace {

class InprocProvider final : public Provider {
 public:
  explicit InprocProvider(std::shared_ptr<InprocInstance> instance) : instance_(std::move(instance)) {}
  ~InprocProvider() override { instance_->stop(Milliseconds{0}); }
  const std::string &id() const override { return instance_->id(); }
  const Traits &traits() const override { return instance_->traits(); }
  Result<void> start() override { return instance_->start(); }
  void submit(std::vector<Submission> batch) override { instance_->submit(std::move(batch)); }
  void commit(AttemptRef attempt, Instant not_after) override {
    instance_->commit(std::move(attempt), not_after);
  }
  void discard(AttemptRef attempt) override { instance_->discard(std::move(attempt)); }
  void recall(AttemptRef attempt) override { instance_->recall(std::move(attempt)); }
  void query(AttemptRef attempt) override { instance_->query(std::move(attempt)); }
  void stored(std::vector<Token> plugin_tokens) override { instance_->stored(std::move(plugin_tokens)); }
  void room() override { instance_->room(); }
  void parse(Token token, const std::string &kind, std::shared_ptr<const std::string> bytes,
             Instant received_at) override {
    instance_->parse(token, kind, std::move(bytes), received_at);
  }
  void poll(Token token, const std::string &cursor, OpenPage open) override {
    instance_->poll(token, cursor, std::move(open));
  }
  void fetch(EvidenceWish wish) override { instance_->fetch(std::move(wish)); }
  std::vector<std::optional<Quote>> quote(std::span<const Submission> batch, Milliseconds deadline) override {
    return instance_->quote(batch, deadline);
  }
  void authenticate(std::vector<WebhookCall> calls) override { instance_->authenticate(std::move(calls)); }
  void set_webhook_url(std::string url) override { instance_->set_webhook_url(std::move(url)); }
  void stop(Milliseconds grace) override { instance_->stop(grace); }

 private:
  std::shared_ptr<InprocInstance> instance_;
};

}  // namespace

Result<std::unique_ptr<Provider>> make_inproc_provider(ProviderSettings settings, ProviderEvents &events) {
  const auto driver = load_driver(plugin_path(settings.plugin, settings.plugin_directory), settings.driver);
  if (!driver) return driver.error();
  return std::unique_ptr<Provider>(std::make_unique<InprocProvider>(
      std::make_shared<InprocInstance>(std::move(settings), **driver, events)));
}

namespace {

/// Nobody listens to a mere check.
class Deaf final : public ProviderEvents {
  void outcomes(const std::string &, std::vector<Outcome>) override {}
  void recalls(const std::string &, std::vector<Recall>) override {}
  std::size_t inbound(const std::string &, std::vector<Inbound>) override { return 0; }
  void parsed(const std::string &, std::vector<Parsed>) override {}
  void polled(const std::string &, Polled) override {}
  void ready(const std::string &, std::uint32_t) override {}
  void health(const std::string &, Health) override {}
};

}  // namespace

Result<void> check_inproc_provider(const ProviderSettings &settings) {
  const auto driver = load_driver(plugin_path(settings.plugin, settings.plugin_directory), settings.driver);
  if (!driver) return driver.error();
  Deaf deaf;
  const auto instance = std::make_shared<InprocInstance>(settings, **driver, deaf);
  return instance->check();
}

}  // namespace relance::channel
