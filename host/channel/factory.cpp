#include "host/channel/factory.hpp"

#include "host/channel/placement_child.hpp"
#include "host/channel/placement_inproc.hpp"
#include "host/channel/task_channel.hpp"

namespace relance::channel {
namespace {

/// The id names files (its lock, its state) and a process: it may not lead out of their folder.
Result<void> check_id(const std::string &id) {
  constexpr std::string_view kAllowed{"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"};
  constexpr std::size_t kIdBytesMax{64};
  if (!id.empty() && id.size() <= kIdBytesMax && id.front() != '.' &&
      id.find_first_not_of(kAllowed) == id.npos)
    return {};
  return invalid("'" + id +
                 "' is no id of a provider; expected 1 to 64 of a-z A-Z 0-9 _ . - and no dot in front");
}

}  // namespace

Result<std::unique_ptr<Provider>> make_provider(ProviderSettings settings, ProviderEvents &events) {
  if (auto good = check_id(settings.id); !good) return good.error();
  if (settings.plugin == "task") return make_task_provider(settings.id, events);
  if (settings.placement == Placement::child) return make_child_provider(std::move(settings), events);
  return make_inproc_provider(std::move(settings), events);
}

Result<void> check_provider(const ProviderSettings &settings) {
  if (auto good = check_id(settings.id); !good) return good;
  if (settings.plugin == "task") return {};
  if (settings.placement == Placement::child) return check_child_provider(settings);
  return check_inproc_provider(settings);
}

}  // namespace relance::channel
