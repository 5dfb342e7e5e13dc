// channel_child on a kernel without one wall of the sandbox (RELANCE_WITHOUT_LANDLOCK or
// RELANCE_WITHOUT_SECCOMP): a filter around it, which it cannot see through, makes the calls that build this
// wall fail as they do there.
#include <cerrno>
#include <filesystem>
#include <seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int, char **argv) {
  auto *const filter = ::seccomp_init(SCMP_ACT_ALLOW);
#ifdef RELANCE_WITHOUT_LANDLOCK
  if (::seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0) != 0)
    return 70;
#endif
#ifdef RELANCE_WITHOUT_SECCOMP
  // The older of the two ways, which the library tries when there is no newer one.
  const scmp_arg_cmp sets_filter{0, SCMP_CMP_EQ, PR_SET_SECCOMP, 0};
  if (::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), SCMP_SYS(prctl), 1, sets_filter) != 0 ||
      ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(seccomp), 0) != 0)
    return 70;
#endif
  if (::seccomp_load(filter) != 0) return 71;
  const auto real = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "channel_child";
  ::execv(real.c_str(), argv);
  return 72;
}
