/* A plugin of another minor of the interface: built once from the headers of the first release, once from those of a minor to
 * come (later_headers.py). Every host of this major runs both. It accepts each message with its own key as the reference, and
 * says by the outcome's text what it was told and which host it sees.
 */
#include <relance/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
  static const relance_traits all = {.size = sizeof all, .max_in_flight = 8};
  (void)instance;
  return &all;
}

static relance_status start(relance_instance *instance) {
  (void)instance;
  return RELANCE_OK;
}

static void submit(relance_instance *instance, const relance_message *const *messages, size_t count) {
  const relance_host *host = instance->host;
  for (size_t i = 0; i < count; ++i) {
    const relance_str to = messages[i]->addressee->address;
    const int host_has_all = host->size >= sizeof *host && messages[i]->size >= sizeof *messages[i];
    char text[200];
    const int length = snprintf(text, sizeof text, "%.*s of 1.%u on %s host", (int)to.len, to.data, (unsigned)RELANCE_ABI_MINOR,
                                host_has_all ? "a whole" : "an older");
    relance_result result;
    const relance_result *const results[] = {&result};
    memset(&result, 0xff, sizeof result); /* what the host does not know may hold anything */
    memset(&result, 0, offsetof(relance_result, zero) + sizeof result.zero);
    result.size = sizeof result;
    result.outcome = RELANCE_OUT_ACCEPTED;
    result.token = messages[i]->token;
    result.refs = &messages[i]->idempotency_key;
    result.ref_count = 1;
    result.text.data = text;
    result.text.len = (size_t)length;
    host->complete(host, results, 1);
  }
}

static void stop(relance_instance *instance, uint32_t grace_ms) { (void)instance, (void)grace_ms; }
static void destroy(relance_instance *instance) { free(instance); }

const relance_plugin *relance_plugin_v1(uint32_t index) {
  static const relance_descriptor descriptor = {.size = sizeof descriptor,
                                                .abi_minor = RELANCE_ABI_MINOR,
                                                .id = "org.relance.test.minor",
                                                .driver = "minor",
                                                .name = "Another minor",
                                                .version = "1.0",
                                                .vendor = "Relance",
                                                .channel = "email"};
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
