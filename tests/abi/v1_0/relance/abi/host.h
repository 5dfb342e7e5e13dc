/* relance/abi/host.h - what the host offers an instance. */
#ifndef RELANCE_ABI_HOST_H
#define RELANCE_ABI_HOST_H
#include <relance/abi/inbound.h>

RELANCE_C_BEGIN
#define RELANCE_LOG_TRACE 0
#define RELANCE_LOG_DEBUG 1
#define RELANCE_LOG_INFO 2
#define RELANCE_LOG_WARNING 3
#define RELANCE_LOG_ERROR 4

#define RELANCE_METRIC_ADD 0u     /* a counter goes up */
#define RELANCE_METRIC_SET 1u     /* a gauge */
#define RELANCE_METRIC_OBSERVE 2u /* a value of a distribution */

#define RELANCE_HEALTH_UP 1u
#define RELANCE_HEALTH_DEGRADED 2u /* default */
#define RELANCE_HEALTH_DOWN 3u
#define RELANCE_CREDIT_ALL UINT32_MAX     /* ready(): as many as max_in_flight allows */
#define RELANCE_STATE_BYTES_MAX 65536u    /* of all keys and values of an instance */

typedef struct relance_health {
  uint32_t size;
  uint32_t level; /* RELANCE_HEALTH_* */
  relance_str code, text;
  int64_t retry_at_ms; /* wall time; 0: not known */
} relance_health;

struct relance_host { /* one per instance; every function [any], each tagged where it stands */
  uint32_t size;
  uint32_t abi_minor;
  /* [any] End tokens: of submit, commit and query; of recall; of discard; of parse; of poll. */
  void (*complete)(const relance_host *, const relance_result *const *results, size_t count); /* [any] */
  void (*recalled)(const relance_host *, const relance_recalled *const *results, size_t count); /* [any] */
  void (*discarded)(const relance_host *, const relance_discarded *const *results, size_t count); /* [any] */
  void (*parsed)(const relance_host *, const relance_parsed *const *results, size_t count);   /* [any] */
  void (*polled)(const relance_host *, const relance_polled *result);                         /* [any] */
  /* [any] Takes raw bytes, from the front; returns how many it took. The plugin keeps the rest until room(), and
   * acknowledges nothing at the provider before stored(). */
  size_t (*inbound)(const relance_host *, const relance_inbound *const *batch, size_t count);
  /* [any] So many more messages may be handed over: absolute, not a difference; 0 pauses. Until the first call it is
   * RELANCE_CREDIT_ALL. */
  void (*ready)(const relance_host *, uint32_t credit);
  void (*health)(const relance_host *, const relance_health *health); /* [any] */
  /* [any] Asks for one wake() after that delay; a later request replaces an earlier one. */
  void (*wake)(const relance_host *, uint32_t after_ms);
  /* [any] */
  void (*log)(const relance_host *, int32_t level, relance_str text, const relance_kv *fields, size_t field_count);
  /* [any] */
  void (*metric)(const relance_host *, uint32_t kind, relance_str name, double value, const relance_kv *labels,
                 size_t label_count);
  /* [any] Small state, at most RELANCE_STATE_BYTES_MAX, that survives restarts; read from memory, written in the
   * background in the order of the calls. state_get returns the value's length even when that is above cap (then
   * nothing was copied), or -1 when there is none. An empty value removes the key. */
  int64_t (*state_get)(const relance_host *, relance_str key, void *buffer, size_t cap);  /* [any] */
  relance_status (*state_put)(const relance_host *, relance_str key, relance_str value); /* [any] */
  int64_t (*business_ms)(const relance_host *); /* [any] Unix time, virtual under test: dates that people read */
  int64_t (*wall_ms)(const relance_host *);     /* [any] Unix time, always real: time-outs, signatures, not_after */
  /* [any] A table that lives as long as the host, e.g. "relance.http/1"; NULL if absent. */
  const void *(*extension)(const relance_host *, const char *id);
  /* [any] The public URL under which the provider reaches this instance's authenticate(), with an unguessable
   * path; to be given to the provider with a message or a subscription. Copied as by state_get; 0 when the operator has
   * set up no webhook listener. */
  int64_t (*webhook_url)(const relance_host *, void *buffer, size_t cap);
};
RELANCE_C_END

#endif
