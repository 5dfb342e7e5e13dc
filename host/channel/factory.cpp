#include "host/channel/factory.hpp"

#include "host/channel/placement_inproc.hpp"
#include "host/channel/task_channel.hpp"

namespace relance::channel {

Result<std::unique_ptr<Provider>> make_provider(ProviderSettings settings, ProviderEvents &events) {
  if (settings.plugin == "task") return make_task_provider(settings.id, events);
  return make_inproc_provider(std::move(settings), events);
}

Result<void> check_provider(const ProviderSettings &settings) {
  if (settings.plugin == "task") return {};
  return check_inproc_provider(settings);
}

}  // namespace relance::channel
