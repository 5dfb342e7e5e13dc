// How many decisions a second one core makes: cases of three items in every stage of the standard scenario. The yard-stick is
// the memory walk that any decision needs: copying the same facts.
#include "tests/domain/case_builder.hpp"

#include <chrono>
#include <cstdio>

using namespace relance;
using namespace relance::domain;

int main() {
  test::World world;
  const auto due = civil(2026, 3, 2);
  std::vector<CaseFacts> cases;
  for (int i{0}; i < 4096; ++i) {
    world.facts.items.clear();
    for (int k{0}; k < 3; ++k) {
      auto &item = world.item(due + Days{(i * 7 + k * 11) % 90}, 100'00 + i);
      const int step{(i + k) % 5 - 1};
      if (step >= 0) world.sent(item, step, item.due + Days{step * 8});
    }
    cases.push_back(world.facts);
  }
  const auto around = world.surroundings();
  const auto rate = [](auto work) {
    double best{0};
    for (int round{0}; round < 7; ++round) {
      const auto from = std::chrono::steady_clock::now();
      const auto count = work();
      const std::chrono::duration<double> took{std::chrono::steady_clock::now() - from};
      best = std::max(best, static_cast<double>(count) / took.count());
    }
    return best;
  };
  std::int64_t sink{0};
  int moment{0};
  const auto decided = rate([&] {
    const auto now = world.at(due + Days{20 + ++moment});
    std::int64_t count{0};
    for (int repeat{0}; repeat < 50; ++repeat)
      for (const auto &facts : cases) {
        sink += static_cast<std::int64_t>(decide(facts, around, now).kind);
        ++count;
      }
    return count;
  });
  const auto copied = rate([&] {
    std::int64_t count{0};
    for (int repeat{0}; repeat < 50; ++repeat)
      for (const auto &facts : cases) {
        const CaseFacts copy{facts};
        sink += copy.items.size();
        ++count;
      }
    return count;
  });
  std::printf("decide: %.2f million decisions/s; copying the facts: %.2f million/s; ratio %.2f (sink %lld)\n", decided / 1e6,
              copied / 1e6, decided / copied, static_cast<long long>(sink));
}
