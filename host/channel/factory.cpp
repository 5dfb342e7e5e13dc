#include "host/channel/factory.hpp"

#include "host/channel/placement_child.hpp"
#include "host/channel/placement_inproc.hpp"
#include "host/channel/task_channel.hpp"

namespace relance::channel {

Result<std::unique_ptr<Provider>> make_provider(ProviderSettings settings, ProviderEvents &events) {
  if (settings.plugin == "task") return make_task_provider(settings.id, events);
  if (settings.placement == Placement::child) return make_child_provider(std::move(settings), events);
  return make_inproc_provider(std::move(settings), events);
}

Result<void> check_provider(const ProviderSettings &settings) {
  if (settings.plugin == "task") return {};
  if (settings.placement == Placement::child) return check_child_provider(settings);
  return check_inproc_provider(settings);
}

}  // namespace relance::channel
