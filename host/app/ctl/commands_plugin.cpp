// For those who write channels: a new project. It needs no daemon.
#include "host/app/ctl/command.hpp"
#include "host/app/ctl/plugin_project.hpp"
#include "host/app/version.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace relance::ctl {
namespace {

namespace json = boost::json;

int failed(const Run &run, const Error &error) {
  if (run.is_json)
    fmt::print("{}\n", json::serialize(json::object{{"title", error.message}}));
  else
    fmt::print(stderr, "relancectl: {}\n", error.message);
  return kExitRefused;
}

int make_plugin(const Run &run) {
  const auto language = run.has("--language") ? run.text("--language") : "c++";
  if (language != "c++" && language != "c")
    return run.usage("--language is c++ or c, not '" + language + "'");
  const auto style = run.has("--style") ? run.text("--style") : language == "c" ? "asynchronous" : "blocking";
  if (style != "blocking" && style != "asynchronous")
    return run.usage("--style is blocking or asynchronous, not '" + style + "'");
  PluginWish wish{run.text("NAME"), run.text("--channel"), language == "c", style == "blocking", "."};
  if (run.has("--directory")) wish.directory = run.text("--directory");
  const auto values = template_values(wish, app::kVersion);
  if (!values) return run.usage(values.error().message);
  const auto from = find_template();
  if (!from) return failed(run, from.error());
  const auto written = write_project(wish, *from, *values);
  if (!written) return failed(run, written.error());
  const auto project = (wish.directory / wish.name).lexically_normal().string();
  if (run.is_json) {
    fmt::print("{}\n",
               json::serialize(json::object{{"project", project},
                                            {"target", values->at("target")},
                                            {"files", json::array(written->begin(), written->end())}}));
    return kExitOk;
  }
  fmt::print(
      "{}: {} files\n\n  cd {}\n  cmake -B build && cmake --build build\n  ctest --test-dir build\n\n"
      "README.md there says how it gets into the daemon.\n",
      project, written->size(), project);
  return kExitOk;
}

}  // namespace

std::vector<Command> plugin_commands() {
  return {
      group_of("plugin", "Channel plugins of your own", "relancectl plugin new acme-sms --channel sms"),
      {"plugin new",
       "Write the project of a new channel plugin: source, settings, tests, CI; needs no daemon",
       "relancectl plugin new acme-sms --channel sms --directory src",
       {{"NAME", "NAME", "its name and the folder's: lower-case letters, digits, '-'", true},
        {"--channel", "CHANNEL", "email, sms, fax, lre or postal", true},
        {"--language", "LANGUAGE", "c++ (else) or c"},
        {"--style", "STYLE", "blocking (else, in C++): send() may wait; or asynchronous (the only one in C)"},
        {"--directory", "DIRECTORY", "where the folder is made; else here"}},
       make_plugin},
  };
}

}  // namespace relance::ctl
