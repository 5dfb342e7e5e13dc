/* relance/http.h - relance.http/1: the host's asynchronous HTTP client, for plugins that need no connection of their own.
 *
 * Both sides have a table: the plugin asks host->extension(host, RELANCE_HTTP_ID) for a relance_http, and answers
 * plugin->extension(instance, RELANCE_HTTP_ID) with a relance_http_client, whose replied() hears what became of each call.
 * The host pools connections, uses the operator's proxy and certificates, verifies TLS, and obeys the provider's list of
 * allowed hosts. It never follows a redirect, and it never sends a request twice by itself: neither libcurl's nor any
 * other retry happens after a byte may have left, unless RELANCE_HTTP_IDEMPOTENT says that this does no harm.
 */
#ifndef RELANCE_HTTP_H
#define RELANCE_HTTP_H
#include <relance/abi/host.h>

RELANCE_C_BEGIN
#define RELANCE_HTTP_ID "relance.http/1"

#define RELANCE_HTTP_IDEMPOTENT 1u /* a second copy does no harm: the host may repeat it on a connection that died */
typedef struct relance_http_call {
  uint32_t size;
  uint32_t flags;            /* RELANCE_HTTP_* */
  relance_token token;       /* chosen by the plugin, unique among its open calls, never 0 */
  relance_str method;        /* "GET", "POST", ... */
  relance_str url;           /* http or https; user info in it is refused */
  const relance_kv *headers; /* no Host, Content-Length, Connection or Transfer-Encoding: those are the host's */
  size_t header_count;
  relance_str body;          /* bytes */
  int64_t not_after_ms;      /* wall time: no first byte later; 0: none */
  uint32_t connect_timeout_ms; /* until the connection stands, TLS included; 0: 10 s */
  uint32_t timeout_ms;         /* until the last byte of the reply; 0: 60 s; at most 600 s */
  uint64_t reply_max;          /* bytes of the reply's body; 0: 1 MiB; at most 32 MiB */
} relance_http_call;

#define RELANCE_HTTP_REPLIED 1u  /* a whole reply came; its status may be any */
#define RELANCE_HTTP_NOT_SENT 2u /* no byte of the request left the host */
#define RELANCE_HTTP_UNKNOWN 3u  /* the request, or a part of it, left; no whole reply came; the default */
typedef struct relance_http_reply {
  uint32_t size;
  uint32_t result;           /* RELANCE_HTTP_* */
  relance_token token;
  uint32_t status;           /* of HTTP; 0: none */
  uint32_t zero;
  const relance_kv *headers; /* of the final reply; names in lower case, order and repeats kept */
  size_t header_count;
  relance_str body;          /* bytes, decoded by content-encoding; cut where an UNKNOWN says "too large" */
  relance_str error;         /* for a log line: "could not connect: ...", never with a part of the request */
} relance_http_reply;

typedef struct relance_http { /* the host's */
  uint32_t size, zero;
  /* [any] Copies all that it needs. RELANCE_OK: exactly one replied() follows, unless destroy() comes first. Otherwise
   * nothing was taken: E_SETTINGS (a malformed call, or a host that the operator has not allowed), E_TOO_LARGE (the body is
   * above 32 MiB, or too many calls are open: 256). */
  relance_status (*send)(const relance_host *, const relance_http_call *);
  /* [any] Gives up; the reply still comes, as NOT_SENT or UNKNOWN. An unknown token is ignored. */
  void (*cancel)(const relance_host *, relance_token);
} relance_http;

typedef struct relance_http_client { /* the plugin's */
  uint32_t size, zero;
  void (*replied)(relance_instance *, const relance_http_reply *const *replies, size_t count); /* [serial] */
} relance_http_client;
RELANCE_C_END

#endif
