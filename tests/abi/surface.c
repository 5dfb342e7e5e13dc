/* The whole interface as one library, for tools that compare binary interfaces: every struct is reached from here. Compiled
 * once with the present header and once with the one of the minor before it.
 */
#include <relance/plugin.h>
#if RELANCE_ABI_MINOR >= 1
#include <relance/evidence.h>
#include <relance/http.h>
#endif

const relance_plugin *relance_plugin_v1rc(uint32_t index) {
  (void)index;
  return NULL;
}

#if RELANCE_ABI_MINOR >= 1
RELANCE_EXPORT void relance_http_1(const relance_http *host, const relance_http_client *plugin) { (void)host, (void)plugin; }
RELANCE_EXPORT void relance_evidence_1(const relance_evidence_store *host, const relance_evidence_source *plugin) {
  (void)host, (void)plugin;
}
#endif
