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

#define RELANCE_HTTP_CALLS_MAX 256u
#define RELANCE_HTTP_BODY_MAX (32u << 20)        /* bytes of one body, and of those of all open calls */
#define RELANCE_HTTP_REPLY_MAX (32u << 20)       /* the greatest reply_max */
#define RELANCE_HTTP_REPLIES_MAX (256u << 20)    /* of all open calls together */
#define RELANCE_HTTP_URL_BYTES_MAX 8192u
#define RELANCE_HTTP_HEADERS_MAX 100u
#define RELANCE_HTTP_HEADER_BYTES_MAX 65536u
#define RELANCE_HTTP_TIMEOUT_MAX_MS 600000u

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
  uint32_t timeout_ms;         /* until the last byte of the reply; 0: 60 s; at most RELANCE_HTTP_TIMEOUT_MAX_MS */
  uint64_t reply_max;          /* bytes of the reply's body; 0: 1 MiB; at most RELANCE_HTTP_REPLY_MAX */
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
   * nothing was taken and no replied() follows:
   *   E_BUSY       there is no room now, try again after the next replied(): RELANCE_HTTP_CALLS_MAX calls are open, or with
   *                this one the bodies of all open calls are above RELANCE_HTTP_BODY_MAX, or their reply_max above
   *                RELANCE_HTTP_REPLIES_MAX.
   *   E_TOO_LARGE  the body alone is above RELANCE_HTTP_BODY_MAX.
   *   E_REFUSED    it would never go: the token is 0 or open; the method is no token, is longer than 32 bytes, or is
   *                CONNECT or TRACE; a HEAD has a body; the URL is neither http nor https, has user information, a space, a
   *                control character or a letter outside of ASCII, or more than RELANCE_HTTP_URL_BYTES_MAX bytes; there are
   *                more than RELANCE_HTTP_HEADERS_MAX headers, or more than RELANCE_HTTP_HEADER_BYTES_MAX bytes of them; a
   *                header's name is no token or is the host's own (host, content-length, connection, transfer-encoding,
   *                expect, upgrade, te, trailer, keep-alive, proxy-authorization, proxy-connection, http2-settings); its
   *                value has a control character; the operator has not allowed this host and port; or the plugin gives no
   *                relance_http_client. The log says which.
   *   E_INTERNAL   the instance is being destroyed.
   * Time-outs and reply_max above their greatest value are taken as that. */
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
