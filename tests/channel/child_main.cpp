// The channel child for these tests: what relanced does first thing in its main().
#include "host/channel/child_role.hpp"

int main(int argc, char **argv) {
  return relance::channel::run_if_channel_child(argc, argv).value_or(64);
}
