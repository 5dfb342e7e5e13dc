/* relance/abi/webhook.h - a request that the provider makes to us, before anybody believes it. */
#ifndef RELANCE_ABI_WEBHOOK_H
#define RELANCE_ABI_WEBHOOK_H
#include <relance/abi/basics.h>

RELANCE_C_BEGIN
typedef struct relance_http_request {
  uint32_t size, zero;
  relance_str method;
  relance_str url;          /* public, as the provider called (and signed) it */
  relance_str remote_address;
  const relance_kv *headers; /* names in lower case, order and repeats kept */
  size_t header_count;
  relance_str body;         /* bytes, as received */
  int64_t received_at_ms;   /* wall time of its arrival: judge a signature's time stamp by this, not by the clock */
} relance_http_request;
typedef struct relance_http_response {
  uint32_t size;
  uint32_t status;
  const relance_kv *headers;
  size_t header_count;
  relance_str body;
} relance_http_response;
typedef struct relance_http_sink { /* frozen */
  void *ctx;
  void (*report)(void *ctx, const relance_http_response *response);
} relance_http_sink;
#define RELANCE_AUTH_FORGED 0u    /* default: 401 */
#define RELANCE_AUTH_GENUINE 1u   /* stored, then answered, then parsed */
#define RELANCE_AUTH_POKE 2u      /* unsigned: no content is believed, but the plugin may look at its source */
#define RELANCE_AUTH_CHALLENGE 3u /* answered with the reported response; nothing is stored */
RELANCE_C_END

#endif
