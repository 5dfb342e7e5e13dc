/* The whole interface as one library, for tools that compare binary interfaces: every struct is reached from here. Compiled
 * once with the present headers and once with those of the first release.
 */
#include <relance/evidence.h>
#include <relance/http.h>
#include <relance/plugin.h>

const relance_plugin *relance_plugin_v1(uint32_t index) {
  (void)index;
  return NULL;
}

RELANCE_EXPORT void relance_http_1(const relance_http *host, const relance_http_client *plugin) { (void)host, (void)plugin; }
RELANCE_EXPORT void relance_evidence_1(const relance_evidence_store *host, const relance_evidence_source *plugin) {
  (void)host, (void)plugin;
}
