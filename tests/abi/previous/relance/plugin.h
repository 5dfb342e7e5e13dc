/* relance/plugin.h - the binary interface between the Relance host and a channel plugin, version 1.0-rc.
 *
 * A plugin is a shared object that exports one function, relance_plugin_v1rc. Everything else is a table of functions
 * that one side hands to the other. Nothing waits for a reply, so the same file runs inside the daemon or in a child
 * process. Seven rules hold everywhere:
 *
 * R1 Layout.  A struct that starts with `size` may grow at its end in a minor release: its producer stores sizeof, its
 *             reader never reads past `size` and takes a missing field as zero. Such structs travel as pointers or as
 *             arrays of pointers, never by value, so growth moves nothing. Structs without `size` are frozen.
 *             Enumerations are fixed-width integers. LP64, little-endian. Fields named `zero` hold 0.
 * R2 Memory.  What is passed by pointer is borrowed and dies when the call returns; nobody frees what is not his.
 *             Longer lives: what came with a token (a message with its parts, a query, raw bytes to parse) lives until
 *             that token ends; the plugin's table and descriptor live for ever (no library is ever unloaded); traits
 *             live until destroy() returns; relance_host lives until destroy() returns.
 * R3 Threads. [serial]: calls on one instance never overlap, though the thread may change; return soon (50 ms) and never
 *             wait for the network. [any]: any thread, also concurrently. A host function is always [any]; it never
 *             blocks and never re-enters the plugin, so it may be called from inside any function of the plugin.
 * R4 Tokens.  A token is chosen by the host, is never 0, and is unique among the open operations that end in the same
 *             host function. Every token ends in exactly one such call, at the latest before stop()'s grace is over.
 *             A second end is dropped and counted as a fault; a missing one is made up as UNKNOWN.
 *             In doubt, say UNKNOWN: the host then asks or waits, it never sends again blindly.
 * R5 Faults.  No exception, longjmp, exit(), fork() or change of signal masks leaves the plugin.
 * R6 Secrets. No setting's value and no content of a message in a log line, an issue, a code or a text.
 * R7 Change.  Released names, fields, values and meanings never change; a new meaning gets a new name or an extension.
 *             Either side takes an unknown value from the other as that field's default, given beside it.
 *             (While the version is -rc, layouts may still change; the entry symbol then changes its name.)
 */
#ifndef RELANCE_PLUGIN_H
#define RELANCE_PLUGIN_H
#include <stddef.h>
#include <stdint.h>

#define RELANCE_ABI_MINOR 0
#define RELANCE_ENTRY_SYMBOL "relance_plugin_v1rc"
#define RELANCE_EXPORT __attribute__((visibility("default")))

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "relance/plugin.h: the interface is defined for little-endian machines only"
#endif
#ifdef __cplusplus
extern "C" {
static_assert(sizeof(void *) == 8 && sizeof(long) == 8 && sizeof(size_t) == 8, "relance/plugin.h needs LP64");
#else
typedef char relance_needs_lp64[sizeof(void *) == 8 && sizeof(long) == 8 && sizeof(size_t) == 8 ? 1 : -1];
#endif

/* Did the producer of *p know this member? (R1) */
#define RELANCE_HAS(p, member) ((size_t)((const char *)(&(p)->member + 1) - (const char *)(p)) <= (p)->size)
/* Initializer of a relance_str from a string literal. */
#define RELANCE_LIT(literal) {(literal), sizeof(literal) - 1}

/* ---- Basic types (frozen) ---------------------------------------------------------------------------------------- */

typedef struct relance_str { /* UTF-8 unless it says bytes; not terminated; data may be NULL when len is 0 */
  const char *data;
  size_t len;
} relance_str;
typedef struct relance_kv {
  relance_str key, value;
} relance_kv;
typedef struct relance_price {
  int64_t micro_units;  /* 1,000,000 = one unit of the currency */
  relance_str currency; /* ISO 4217 */
} relance_price;
typedef uint64_t relance_token;
typedef int32_t relance_status;                   /* 0, or a negative RELANCE_E_*; default E_INTERNAL */
typedef struct relance_instance relance_instance; /* the plugin's own type: one configured provider */
typedef struct relance_host relance_host;

#define RELANCE_OK 0
#define RELANCE_E_SETTINGS (-1) /* refused; at least one fatal issue was reported */
#define RELANCE_E_INTERNAL (-2)
#define RELANCE_E_TOO_LARGE (-3)

/* ---- What a driver is -------------------------------------------------------------------------------------------- */

/* Each needs the functions named beside it. Unknown bits are ignored. */
#define RELANCE_CAP_QUERY_BY_REF (1u << 0) /* query */
#define RELANCE_CAP_QUERY_BY_KEY (1u << 1) /* query */
#define RELANCE_CAP_RECALL (1u << 2)       /* recall */
#define RELANCE_CAP_TWO_PHASE (1u << 3)    /* commit, discard */
#define RELANCE_CAP_RECEIVE (1u << 4)      /* stored, room, parse: it calls host->inbound */
#define RELANCE_CAP_WEBHOOK (1u << 5)      /* authenticate, parse */
#define RELANCE_CAP_POLL (1u << 6)         /* poll, stored, room, parse */
#define RELANCE_CAP_QUOTE (1u << 7)        /* quote */

typedef struct relance_descriptor { /* strings end in NUL */
  uint32_t size;
  uint32_t abi_minor;          /* RELANCE_ABI_MINOR at compile time */
  uint32_t min_host_minor;     /* oldest host minor that can run this driver */
  uint32_t capabilities;       /* all that an instance of this driver may have */
  const char *id;              /* of the plugin, "com.example.sms"; never changes */
  const char *driver;          /* of this table within it, "smpp"; unique in the plugin, never changes */
  const char *name, *version, *vendor;
  const char *channel;         /* "email", "sms", "fax", "lre", "postal" */
  const char *settings_schema; /* JSON Schema (draft 7) of the settings, or NULL */
} relance_descriptor;

typedef struct relance_expected_receipt { /* frozen */
  uint32_t kind /* RELANCE_RCPT_* */, zero;
  int64_t within_ms; /* after acceptance */
} relance_expected_receipt;

typedef struct relance_traits { /* of one instance; fixed from create() on */
  uint32_t size;
  uint32_t capabilities;               /* a part of the descriptor's */
  uint32_t max_in_flight;              /* open submit and commit tokens at most; 0: the host's default */
  uint32_t zero;
  int64_t idempotency_window_ms;       /* the provider drops repeats of a key for so long; 0: it does not */
  int64_t not_found_certain_after_ms;  /* after not_after, query's NOT_FOUND is certain; 0: never */
  const relance_expected_receipt *expected_receipts;
  size_t expected_receipt_count;
} relance_traits;

typedef struct relance_issue { /* one fault in settings or in a message */
  uint32_t size;
  uint32_t fatal;      /* 0: a warning */
  relance_str path;    /* JSON Pointer into the settings, or of a message: "/addressee/postal_lines/2" */
  relance_str message;
} relance_issue;
typedef struct relance_issue_sink { /* frozen */
  void *ctx;
  void (*report)(void *ctx, const relance_issue *issue);
} relance_issue_sink;

/* ---- A message and what became of it ----------------------------------------------------------------------------- */

typedef struct relance_part {
  uint32_t size, zero;
  relance_str role;       /* "text", "html", "letter", "attachment" */
  relance_str media_type; /* "text/plain; charset=utf-8" */
  relance_str file_name;  /* empty for bodies */
  relance_str bytes;
  const uint8_t *sha256;  /* 32 bytes */
} relance_part;

#define RELANCE_ADDR_CONSENT 1u /* the addressee consented to this channel (needed for LRE) */
typedef struct relance_addressee {
  uint32_t size;
  uint32_t flags;               /* RELANCE_ADDR_* */
  relance_str channel;
  relance_str address;          /* addr-spec, E.164, ...; empty for postal */
  relance_str name;
  const relance_str *postal_lines;
  size_t postal_line_count;
  relance_str country;          /* ISO 3166-1 alpha-2 */
  relance_str language;         /* BCP 47 */
} relance_addressee;

typedef struct relance_sender {
  uint32_t size, zero;
  relance_str name, address, reply_to;
} relance_sender;

/* One message for one addressee. An attempt always has the same bytes: build Message-ID, Date and boundaries from what
 * is in here, never from a clock or from chance. */
typedef struct relance_message {
  uint32_t size, zero;
  relance_token token;
  relance_str idempotency_key;  /* 26-36 of [0-9A-Za-z-]; put it where the provider returns it; receipts may name it */
  const relance_addressee *addressee;
  const relance_sender *sender;
  relance_str service;          /* "plain", "tracked", "registered", "registered_ar", "lre" */
  relance_str subject;
  const relance_part *const *parts;
  size_t part_count;
  const relance_kv *references; /* of the debt: invoice numbers, case, creditor; for the provider's own records */
  size_t reference_count;
  uint32_t attempt_number, zero2; /* 1, 2, ... */
  int64_t dated_ms;             /* the message's own date (business time) */
  int64_t not_after_ms;         /* wall time: no first byte later; then end as NOT_SENT */
  int64_t valid_until_ms;       /* wall time: hand it to the provider where it takes one; 0: none */
} relance_message;

#define RELANCE_OUT_ACCEPTED 1u  /* the provider has it; receipts may follow */
#define RELANCE_OUT_DELIVERED 2u /* final */
#define RELANCE_OUT_REJECTED 3u  /* final: it cannot go to this address or by this provider */
#define RELANCE_OUT_NOT_SENT 4u  /* certainly not sent: the host may try again */
#define RELANCE_OUT_PREPARED 5u  /* submit only: `refs` names what commit() will release */
#define RELANCE_OUT_NOT_FOUND 6u /* query only: the provider is certain that it never had it */
#define RELANCE_OUT_UNKNOWN 7u   /* may have been sent; the default */

#define RELANCE_FAIL_NONE 0u /* default */
#define RELANCE_FAIL_ADDRESS_DEAD 1u
#define RELANCE_FAIL_TEMPORARY 2u
#define RELANCE_FAIL_POLICY 3u
#define RELANCE_FAIL_CONFIGURATION 4u

#define RELANCE_RESULT_WHOLE_INSTANCE 1u /* the pause of retry_after_ms holds for every message of this instance */
typedef struct relance_result { /* ends one submit, commit or query token */
  uint32_t size;
  uint32_t outcome;      /* RELANCE_OUT_* */
  relance_token token;
  uint32_t failure;      /* RELANCE_FAIL_* */
  uint32_t flags;        /* RELANCE_RESULT_* */
  const relance_str *refs; /* opaque bytes, unique per instance; may be none (SMTP) or many (SMS parts) */
  size_t ref_count;
  relance_str code;      /* as the provider said it: "550 5.1.1" */
  relance_str text;
  int64_t retry_after_ms; /* 0: not said */
  const relance_price *price; /* or NULL */
} relance_result;

typedef struct relance_commit { /* second phase of what ended PREPARED; repeating it does no harm */
  uint32_t size, zero;
  relance_token token;
  relance_str idempotency_key; /* may be empty */
  const relance_str *refs;
  size_t ref_count;
  int64_t not_after_ms;        /* as in the message; 0: none */
} relance_commit;

typedef struct relance_query { /* what became of a send left in doubt? */
  uint32_t size, zero;
  relance_token token;
  relance_str idempotency_key;
  const relance_str *refs; /* none when the provider's answer never came */
  size_t ref_count;
} relance_query;

typedef struct relance_recall { /* call it back, as nothing is owed any more */
  uint32_t size, zero;
  relance_token token;
  relance_str idempotency_key; /* may be empty */
  const relance_str *refs;
  size_t ref_count;
} relance_recall;
#define RELANCE_RECALL_CANCELLED 1u
#define RELANCE_RECALL_TOO_LATE 2u
#define RELANCE_RECALL_UNKNOWN 3u /* default */
typedef struct relance_recalled { /* ends one recall token */
  uint32_t size;
  uint32_t kind; /* RELANCE_RECALL_* */
  relance_token token;
  relance_str text;
} relance_recalled;

typedef struct relance_quote { /* what the message would be and cost; computed, never asked over the network */
  uint32_t size;
  uint32_t segments, pages; /* 0: does not apply */
  uint32_t zero;
  const relance_price *price; /* or NULL */
  const relance_issue *const *issues; /* a fatal one: it does not fit this provider */
  size_t issue_count;
} relance_quote;
typedef struct relance_quote_sink { /* frozen */
  void *ctx;
  void (*report)(void *ctx, const relance_quote *quote); /* exactly once, before quote() returns */
} relance_quote_sink;

/* ---- What comes in: raw bytes first, their meaning later --------------------------------------------------------- */

typedef struct relance_inbound { /* raw bytes from the provider, before anyone understands them */
  uint32_t size, zero;
  relance_token token;  /* chosen by the plugin; comes back in stored() */
  relance_token cause;  /* the poll's token, or 0 */
  relance_str kind;     /* "mail", "webhook", "poll", "link" */
  relance_str name;     /* the provider's own name of it, so that a repeat can be seen; may be empty */
  relance_str bytes;
  int64_t received_at_ms; /* wall time */
} relance_inbound;

typedef struct relance_raw { /* the same bytes, stored; also those of webhooks, and old ones for a better parser */
  uint32_t size, zero;
  relance_token token;
  relance_str kind;  /* "webhook": METHOD SP URL CRLF, the header fields one a line, an empty line, the body */
  relance_str bytes;
  int64_t received_at_ms; /* wall time; 0: not known any more */
} relance_raw;

#define RELANCE_RCPT_INTERIM 0u /* default: an unknown kind is never final */
#define RELANCE_RCPT_ACCEPTED 1u
#define RELANCE_RCPT_RELAYED 2u    /* to a system that tells no more */
#define RELANCE_RCPT_DISPATCHED 3u
#define RELANCE_RCPT_AVAILABLE 4u  /* waits for the addressee (LRE notified, parcel shop) */
#define RELANCE_RCPT_DELIVERED 5u
#define RELANCE_RCPT_FAILED 6u
#define RELANCE_RCPT_EXPIRED 7u
#define RELANCE_RCPT_CANCELLED 8u
#define RELANCE_RCPT_RETURNED 9u   /* physical mail only */
#define RELANCE_RCPT_UNCLAIMED 10u
#define RELANCE_RCPT_REFUSED 11u   /* by the addressee */
#define RELANCE_RCPT_ACCEPTED_BY_ADDRESSEE 12u
#define RELANCE_RCPT_READ 13u
#define RELANCE_RCPT_COMPLAINT 14u

typedef struct relance_evidence {
  uint32_t size, zero;
  relance_str media_type, file_name;
  relance_str bytes;     /* the document, or */
  relance_str reference; /* what to fetch it by later */
} relance_evidence;

#define RELANCE_RECEIPT_FINAL 1u
typedef struct relance_receipt {
  uint32_t size;
  uint32_t kind;               /* RELANCE_RCPT_* */
  relance_str ref;             /* at least one of ref */
  relance_str idempotency_key; /* and key */
  uint32_t part_index, part_count; /* 0 of 1 where a message is one piece */
  uint32_t flags;              /* RELANCE_RECEIPT_* */
  uint32_t failure;            /* RELANCE_FAIL_* */
  relance_str code, text;      /* as the provider said them */
  int64_t provider_time_ms;    /* as stated; 0: not stated */
  const relance_price *price;  /* or NULL; the last one wins */
  const relance_evidence *const *evidence;
  size_t evidence_count;
} relance_receipt;

#define RELANCE_REPLY_HUMAN 0u /* default: pauses the case, a person reads it */
#define RELANCE_REPLY_STOP 1u  /* suppresses the address */
#define RELANCE_REPLY_AUTOMATIC 2u
typedef struct relance_reply { /* from the debtor, not from the provider */
  uint32_t size;
  uint32_t kind; /* RELANCE_REPLY_* */
  relance_str from, to, subject, text;
  relance_str ref, idempotency_key; /* of what it answers, where that could be found; may both be empty */
} relance_reply;

#define RELANCE_PARSED_OK 0u
#define RELANCE_PARSED_RETRY 1u      /* default: not now (network, memory); the host asks again */
#define RELANCE_PARSED_UNREADABLE 2u /* these bytes say nothing to this version; kept for a better one */
typedef struct relance_parsed { /* ends one parse token; with RETRY or UNREADABLE only `error` counts */
  uint32_t size;
  uint32_t status; /* RELANCE_PARSED_* */
  relance_token token;
  const relance_receipt *const *receipts;
  size_t receipt_count;
  const relance_reply *const *replies;
  size_t reply_count;
  relance_str error;
} relance_parsed;

typedef struct relance_open_ref { /* an attempt whose last receipt has not come */
  uint32_t size, zero;
  relance_str idempotency_key;
  const relance_str *refs;
  size_t ref_count;
  int64_t accepted_at_ms;
} relance_open_ref;
#define RELANCE_POLL_MORE 1u /* another page of open references follows in a poll of its own */
typedef struct relance_poll {
  uint32_t size;
  uint32_t flags; /* RELANCE_POLL_* */
  relance_token token;
  relance_str cursor; /* from the last polled(); empty at first */
  const relance_open_ref *const *open;
  size_t open_count;
} relance_poll;
typedef struct relance_polled { /* ends one poll token; what was found went through inbound() before */
  uint32_t size, zero;
  relance_token token;
  relance_str cursor; /* stored in one transaction with the poll's raw bytes; ignored when error is set */
  relance_str error;
  int64_t next_poll_ms; /* from now; 0: the host's default */
} relance_polled;

typedef struct relance_http_request {
  uint32_t size, zero;
  relance_str method;
  relance_str url;          /* public, as the provider called (and signed) it */
  relance_str remote_address;
  const relance_kv *headers; /* names in lower case, order and repeats kept */
  size_t header_count;
  relance_str body;         /* bytes, as received */
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

/* ---- What the host offers ---------------------------------------------------------------------------------------- */

#define RELANCE_LOG_TRACE 0
#define RELANCE_LOG_DEBUG 1
#define RELANCE_LOG_INFO 2
#define RELANCE_LOG_WARNING 3
#define RELANCE_LOG_ERROR 4

#define RELANCE_METRIC_ADD 0u     /* a counter goes up */
#define RELANCE_METRIC_SET 1u     /* a gauge */
#define RELANCE_METRIC_OBSERVE 2u /* a value of a distribution */

#define RELANCE_HEALTH_UP 0u
#define RELANCE_HEALTH_DEGRADED 1u /* default */
#define RELANCE_HEALTH_DOWN 2u
typedef struct relance_health {
  uint32_t size;
  uint32_t level; /* RELANCE_HEALTH_* */
  relance_str code, text;
  int64_t retry_at_ms; /* wall time; 0: not known */
} relance_health;

struct relance_host { /* one per instance; every function [any] */
  uint32_t size;
  uint32_t abi_minor;
  /* End tokens: of submit, commit and query; of recall; of parse; of poll. */
  void (*complete)(const relance_host *, const relance_result *const *results, size_t count);
  void (*recalled)(const relance_host *, const relance_recalled *const *results, size_t count);
  void (*parsed)(const relance_host *, const relance_parsed *const *results, size_t count);
  void (*polled)(const relance_host *, const relance_polled *result);
  /* Takes raw bytes, from the front; returns how many it took. The plugin keeps the rest until room(), and acknowledges
   * nothing at the provider before stored(). */
  size_t (*inbound)(const relance_host *, const relance_inbound *const *batch, size_t count);
  /* So many more messages may be handed over: absolute, not a difference; 0 pauses. Until the first call the host
   * hands over max_in_flight. */
  void (*ready)(const relance_host *, uint32_t credit);
  void (*health)(const relance_host *, const relance_health *health);
  /* Asks for one wake() after that delay; a later request replaces an earlier one. */
  void (*wake)(const relance_host *, uint32_t after_ms);
  void (*log)(const relance_host *, int32_t level, relance_str text, const relance_kv *fields, size_t field_count);
  void (*metric)(const relance_host *, uint32_t kind, relance_str name, double value, const relance_kv *labels,
                 size_t label_count);
  /* Small state, at most 64 KiB an instance with its keys, that survives restarts; read from memory, written in the
   * background in the order of the calls. state_get returns the value's length even when that is above cap (then
   * nothing was copied), or -1 when there is none. An empty value removes the key. */
  int64_t (*state_get)(const relance_host *, relance_str key, void *buffer, size_t cap);
  relance_status (*state_put)(const relance_host *, relance_str key, relance_str value);
  int64_t (*business_ms)(const relance_host *); /* Unix time, virtual under test: dates that people read */
  int64_t (*wall_ms)(const relance_host *);     /* Unix time, always real: time-outs, signatures, not_after */
  /* A table that lives as long as the host, e.g. "relance.http/1"; NULL if absent. */
  const void *(*extension)(const relance_host *, const char *id);
};

/* ---- What the plugin offers -------------------------------------------------------------------------------------- */

typedef struct relance_plugin { /* a function may be NULL when no capability of the descriptor needs it */
  uint32_t size, zero;
  const relance_descriptor *descriptor;
  /* [any] Checks the settings (already held to the schema) and builds; opens and starts nothing. With `out` NULL it
   * only checks. Issues may be reported with or without success. */
  relance_status (*create)(const relance_host *, relance_str instance_name, relance_str settings_json,
                           const relance_issue_sink *issues, relance_instance **out);
  const relance_traits *(*traits)(relance_instance *); /* [any] */
  relance_status (*start)(relance_instance *);         /* [serial] may start threads and open connections */
  /* [serial] Takes the whole batch: what cannot go now ends as NOT_SENT. */
  void (*submit)(relance_instance *, const relance_message *const *messages, size_t count);
  void (*stop)(relance_instance *);    /* [serial] nothing new; end every open token soon; may return before they end */
  void (*destroy)(relance_instance *); /* [serial] joins its threads; no host call afterwards; also after a bare create */
  /* From here on optional. */
  void (*commit)(relance_instance *, const relance_commit *const *commits, size_t count);   /* [serial] */
  void (*discard)(relance_instance *, const relance_str *refs, size_t count);               /* [serial] a wish */
  void (*recall)(relance_instance *, const relance_recall *const *recalls, size_t count);   /* [serial] */
  void (*query)(relance_instance *, const relance_query *const *queries, size_t count);     /* [serial] */
  void (*stored)(relance_instance *, const relance_token *tokens, size_t count); /* [serial] on disk: acknowledge them */
  void (*room)(relance_instance *);                                              /* [serial] inbound() takes again */
  void (*parse)(relance_instance *, const relance_raw *const *raws, size_t count); /* [serial] may use the network */
  void (*poll)(relance_instance *, const relance_poll *);                        /* [serial] */
  void (*wake)(relance_instance *);                                              /* [serial] */
  /* [any] Pure, at most 5 ms, no network. Returns RELANCE_AUTH_*; may report the response that the provider wants. */
  uint32_t (*authenticate)(relance_instance *, const relance_http_request *, const relance_http_sink *);
  relance_status (*quote)(relance_instance *, const relance_message *, const relance_quote_sink *); /* [any] pure */
  const void *(*extension)(relance_instance *, const char *id); /* [any] as in relance_host */
} relance_plugin;

/* The one exported symbol: the drivers 0, 1, ... until NULL. [any] Does no work, returns the same table each time. */
RELANCE_EXPORT const relance_plugin *relance_plugin_v1rc(uint32_t index);

#ifdef __cplusplus
}
#endif
#endif
