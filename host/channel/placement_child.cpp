#include "host/channel/placement_child.hpp"

#include "host/channel/child_provider.hpp"
#include "host/channel/library.hpp"

#include <poll.h>
#include <sys/socket.h>

namespace relance::channel {

Result<std::unique_ptr<Provider>> make_child_provider(ProviderSettings settings, ProviderEvents &events) {
  if (auto good = check_plugin_file(plugin_path(settings.plugin, settings.plugin_directory)); !good)
    return good.error();
  return std::unique_ptr<Provider>(std::make_unique<ChildProvider>(std::move(settings), events));
}

/// A child that loads the plugin, checks the settings, says so and ends.
Result<void> check_child_provider(const ProviderSettings &settings) {
  const auto path = plugin_path(settings.plugin, settings.plugin_directory);
  if (auto good = check_plugin_file(path); !good) return good;
  ChildProcess process;
  if (auto spawned = process.spawn(settings.program, settings.id, {}); !spawned) return spawned;
  OutBytes out;
  FrameWriter w(out);
  Hello hello;
  hello.id = settings.id;
  hello.plugin_path = path;
  hello.driver = settings.driver;
  hello.settings_json = settings.settings_json;
  hello.is_check = true;
  hello.log_lines_max = settings.limits.log_lines_max;
  hello.sandbox = settings.sandbox;
  encode(w, hello);
  // At most the socket's buffer, unless the settings are enormous; the child reads them at once.
  if (::send(process.socket(), out.data(), out.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(out.size()))
    return unavailable("provider '" + settings.id + "': its child takes no settings");
  FrameBuffer buffer;
  const auto give_up_at = std::chrono::steady_clock::now() + settings.limits.start_timeout;
  for (;;) {
    while (const auto frame = buffer.next()) {
      if (frame->type == FrameType::started) return {};
      if (frame->type != FrameType::refused) continue;  // log lines
      const auto error = decode_error(frame->payload);
      return error ? Result<void>(*error)
                   : internal("provider '" + settings.id + "': its child sent nonsense");
    }
    if (buffer.is_broken())
      return internal("provider '" + settings.id + "': its child sent a frame longer than any may be");
    const auto left = std::chrono::ceil<Milliseconds>(give_up_at - std::chrono::steady_clock::now());
    pollfd p{process.socket(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&p, 1, static_cast<int>(left.count())) == 0)
      return unavailable("provider '" + settings.id + "' did not check its settings within " +
                         std::to_string(settings.limits.start_timeout.count()) + " ms");
    std::size_t room{0};
    char *space{buffer.space(room)};
    const auto n = ::recv(process.socket(), space, room, 0);
    if (n <= 0)
      return unavailable("provider '" + settings.id + "': its child " + process.reap() +
                         " while it checked its settings");
    buffer.add(static_cast<std::size_t>(n));
  }
}

}  // namespace relance::channel
