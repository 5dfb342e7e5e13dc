/* A plugin built from the header of the minor before this one (tests/abi/previous): every host must go on running it. It
 * accepts each message with its own key as the reference, and says by the outcome's text what it was told.
 */
#include <relance/plugin.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(RELANCE_ABI_MINOR == 0, "the previous header is that of minor 0");

struct relance_instance {
  const relance_host *host;
};

static relance_status create(const relance_host *host, relance_str name, relance_str settings,
                             const relance_issue_sink *issues, relance_instance **out) {
  (void)name, (void)settings, (void)issues;
  if (out == NULL) return RELANCE_OK;
  *out = malloc(sizeof **out);
  if (*out == NULL) return RELANCE_E_INTERNAL;
  (*out)->host = host;
  return RELANCE_OK;
}

static const relance_traits *traits(relance_instance *instance) {
  static const relance_traits all = {sizeof all, 0, 8, 0, 0, 0, NULL, 0};
  (void)instance;
  return &all;
}

static relance_status start(relance_instance *instance) {
  (void)instance;
  return RELANCE_OK;
}

static void submit(relance_instance *instance, const relance_message *const *messages, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const relance_result result = {sizeof result, RELANCE_OUT_ACCEPTED, messages[i]->token,    RELANCE_FAIL_NONE,
                                   0,             &messages[i]->idempotency_key, 1, RELANCE_LIT(""),
                                   messages[i]->addressee->address, 0, NULL};
    const relance_result *const results[] = {&result};
    instance->host->complete(instance->host, results, 1);
  }
}

static void stop(relance_instance *instance) { (void)instance; }
static void destroy(relance_instance *instance) { free(instance); }

const relance_plugin *relance_plugin_v1rc(uint32_t index) {
  static const relance_descriptor descriptor = {
      sizeof descriptor, RELANCE_ABI_MINOR, 0, 0, "org.relance.test.previous", "previous", "Previous header", "1.0", "Relance",
      "email", NULL};
  static const relance_plugin plugin = {.size = sizeof plugin,
                                        .descriptor = &descriptor,
                                        .create = create,
                                        .traits = traits,
                                        .start = start,
                                        .submit = submit,
                                        .stop = stop,
                                        .destroy = destroy};
  return index == 0 ? &plugin : NULL;
}
