// Messages rendered a second on one core: the shipped first reminder with five invoices (subject, text,
// HTML), amounts that never repeat. Yard-sticks of the same run: the bare library filling the same template
// with values formatted beforehand, and nothing but joining strings. Rounds are interleaved, so that a busy
// machine is busy for all of them.
#include "host/render/renderer.hpp"
#include "tests/render/sample_message.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <kainjow/mustache.hpp>
#include <string>
#include <vector>

namespace relance {
namespace {

namespace m = kainjow::mustache;

constexpr int kRounds{9};
constexpr int kMessages{2000};  // a round

volatile std::size_t sink{0};

/// Of this thread: a core's worth, whatever else the machine does.
double cpu_seconds() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

template <class Work>
double per_second(Work work) {
  const auto begin = cpu_seconds();
  std::size_t bytes{0};
  for (int i{0}; i < kMessages; ++i) bytes += work(i);
  sink = sink + bytes;
  return kMessages / (cpu_seconds() - begin);
}

double median(std::vector<double> rounds) {
  std::ranges::sort(rounds);
  return rounds[rounds.size() / 2];
}

/// The same values as texts, for the bare library.
m::data formatted_data() {
  m::data items{m::data::type::list};
  for (int i{1}; i <= 3; ++i) {
    m::data item;
    item.set("number", "F-2026-00" + std::to_string(i));
    for (const char *name : {"issued", "due"}) item.set(name, std::string{"12 nov. 2026"});
    item.set("balance", std::string{"1 000,00 €"});
    item.set("overdue", std::string{"11 jours"});
    item.set("is_overdue", m::data{true});
    items << item;
  }
  m::data upcoming{m::data::type::list};
  m::data bank;
  for (const char *name : {"name", "iban", "bic"})
    bank.set(name, std::string{"FR14 2004 1010 0505 0001 3M02 606"});
  m::data root;
  for (int i{4}; i <= 5; ++i) upcoming << items.list_value()[0];
  root.set("overdue_items", items);
  root.set("upcoming_items", upcoming);
  root.set("has_upcoming", m::data{true});
  root.set("single_overdue", m::data{false});
  root.set("bank", bank);
  m::data creditor;
  creditor.set("name", std::string{"Exemple Distribution SAS"});
  root.set("creditor", creditor);
  for (const char *name : {"contact_name", "overdue_total", "reference"})
    root.set(name, std::string{"Mme Durand"});
  return root;
}

/// Joins the same amount of text from ready pieces, value by value.
std::size_t concatenate(const std::string &source) {
  std::string out;
  std::size_t begin{0};
  while (true) {
    const auto open = source.find("{{", begin);
    if (open == std::string::npos) break;
    out.append(source, begin, open - begin);
    out += "1 000,00 €";
    begin = source.find("}}", open) + 2;
  }
  out.append(source, begin);
  return out.size();
}

int run(const char *config_file) {
  const auto loaded = config::load(config_file, {.reads_secrets = false, .check_template = {}});
  if (!loaded.configuration) {
    for (const auto &issue : loaded.issues) std::fprintf(stderr, "%s\n", issue.text().c_str());
    return 1;
  }
  const auto &made = *loaded.configuration->find_template("reminder-1", "fr", {});
  auto model = test::sample_message();
  render::Renderer renderer;
  m::mustache subject{made.subject}, text{made.text}, html{made.html};
  std::vector<double> ours, bare, joined;
  for (int round{0}; round < kRounds; ++round) {
    ours.push_back(per_second([&](int i) {
      for (auto &item : model.items) item.balance.minor = 10'000 + i * 7 + round;
      const auto message = renderer.render(made, model).value();
      return message.subject.size() + message.text.size() + message.html.size();
    }));
    bare.push_back(per_second([&](int) {
      const auto data = formatted_data();
      return subject.render(data).size() + text.render(data).size() + html.render(data).size();
    }));
    joined.push_back(per_second(
        [&](int) { return concatenate(made.subject) + concatenate(made.text) + concatenate(made.html); }));
  }
  std::printf("%-52s %10.0f messages/s\n", "renderer (formats, strict names, subject+text+html)",
              median(ours));
  std::printf("%-52s %10.0f messages/s   ratio %.2f\n", "bare library, values formatted beforehand",
              median(bare), median(ours) / median(bare));
  std::printf("%-52s %10.0f messages/s   ratio %.3f\n", "joining strings", median(joined),
              median(ours) / median(joined));
  return 0;
}

}  // namespace
}  // namespace relance

int main(int argc, char **argv) {
  return relance::run(argc > 1 ? argv[1] : "config/relanced.toml");
}
