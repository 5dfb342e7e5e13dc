// Plugins that the host must refuse before an instance exists. One source, one macro a fault (see
// CMakeLists.txt).
#include <relance/plugin.h>

#include <stdexcept>

#ifdef MISFIT_NO_ENTRY
extern "C" RELANCE_EXPORT int relance_helper() {
  return 1;
}
#elif defined(MISFIT_OTHER_VERSION)
extern "C" RELANCE_EXPORT const void *relance_plugin_v2(uint32_t) {
  return nullptr;
}
#elif defined(MISFIT_BEFORE_VERSION_1)
extern "C" RELANCE_EXPORT const void *relance_plugin_v1rc(uint32_t) {
  return nullptr;
}
#else

namespace {

relance_status create(const relance_host *, relance_str, relance_str, const relance_issue_sink *,
                      relance_instance **) {
  return RELANCE_E_INTERNAL;
}
const relance_traits *traits(relance_instance *) {
  return nullptr;
}
relance_status start(relance_instance *) {
  return RELANCE_OK;
}
void submit(relance_instance *, const relance_message *const *, size_t) {}
void stop(relance_instance *, uint32_t) {}
void destroy(relance_instance *) {}

relance_descriptor good_descriptor(const char *driver) {
  return {sizeof(relance_descriptor),
          RELANCE_ABI_MINOR,
          0,
          0,
          "org.relance.test.misfit",
          driver,
          "Misfit",
          "1.0",
          "Relance",
          "email",
          nullptr};
}
relance_plugin good_table(const relance_descriptor *descriptor) {
  relance_plugin p{};
  p.size = sizeof p;
  p.descriptor = descriptor;
  p.create = create;
  p.traits = traits;
  p.start = start;
  p.submit = submit;
  p.stop = stop;
  p.destroy = destroy;
  return p;
}

}  // namespace

RELANCE_EXPORT const relance_plugin *relance_plugin_v1(uint32_t index) {
#ifdef MISFIT_ENTRY_THROWS
  throw std::runtime_error("thrown by the entry function");
#endif
#ifdef MISFIT_NO_DRIVER
  return nullptr;
#endif
  static relance_descriptor first{good_descriptor("first")}, second{good_descriptor("second")};
  static relance_plugin table{good_table(&first)}, other{good_table(&second)};
#ifdef MISFIT_NEWER_HOST
  first.min_host_minor = 7;
#endif
#ifdef MISFIT_NO_DESCRIPTOR
  table.descriptor = nullptr;
#endif
#ifdef MISFIT_SHORT_DESCRIPTOR
  first.size = 24;
#endif
#ifdef MISFIT_NO_ID
  first.id = "";
#endif
#ifdef MISFIT_NO_SUBMIT
  table.submit = nullptr;
#endif
#ifdef MISFIT_EMPTY_CAPABILITY
  first.capabilities = RELANCE_CAP_RECALL;
#endif
#ifdef MISFIT_DUPLICATE_DRIVER
  second.driver = "first";
#endif
#ifdef MISFIT_TWO_IDS
  second.id = "org.relance.test.other";
#endif
#ifdef MISFIT_ENDLESS
  return &table;
#endif
  return index == 0 ? &table : index == 1 ? &other : nullptr;
}
#endif
