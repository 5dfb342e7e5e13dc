/* relance/abi/inbound.h - what comes in: raw bytes first, their meaning later; polls. */
#ifndef RELANCE_ABI_INBOUND_H
#define RELANCE_ABI_INBOUND_H
#include <relance/abi/outcome.h>

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
  relance_str kind;  /* "webhook": METHOD SP URL CRLF, the header fields one a line, an empty line, the body; "poke": the
                      * same of a request that authenticate() called POKE: believe none of it, look at your source */
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
  uint32_t part_index, part_count; /* 0 of 1 where a message is one piece, or where `ref` is the reference of one part */
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
#define RELANCE_REPLY_PROMISE 3u       /* to pay `amount_minor` (0: all) by `date_days` */
#define RELANCE_REPLY_DISPUTE 4u       /* `text` has the reason */
#define RELANCE_REPLY_WRONG_ADDRESS 5u /* somebody else has this number or address */
#define RELANCE_REPLY_CALL_BACK 6u     /* on `date_days` */
typedef struct relance_reply { /* from the debtor, not from the provider */
  uint32_t size;
  uint32_t kind; /* RELANCE_REPLY_* */
  relance_str from, to, subject, text;
  relance_str ref, idempotency_key; /* of what it answers, where that could be found; may both be empty */
  int64_t amount_minor;             /* in minor units of the currency; 0: not said */
  relance_str currency;             /* ISO 4217 */
  int32_t date_days, zero;          /* civil date, days since 1970-01-01; 0: not said */
} relance_reply;

#define RELANCE_PARSED_OK 1u
#define RELANCE_PARSED_RETRY 2u      /* default: not now (network, memory); the host asks again */
#define RELANCE_PARSED_UNREADABLE 3u /* these bytes say nothing to this version; kept for a better one */
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
  int64_t accepted_at_ms; /* business time */
} relance_open_ref;
#define RELANCE_POLL_MORE 1u /* another page of open references follows in a poll of its own */
typedef struct relance_poll {
  uint32_t size;
  uint32_t flags; /* RELANCE_POLL_* */
  relance_token token;
  relance_str cursor; /* from the last polled(); empty at first */
  const relance_open_ref *const *open; /* with RELANCE_TRAIT_POLL_OPEN: a page, each attempt again and again until its last receipt */
  size_t open_count;
} relance_poll;
typedef struct relance_polled { /* ends one poll token; what was found went through inbound() before */
  uint32_t size, zero;
  relance_token token;
  relance_str cursor; /* stored in one transaction with the poll's raw bytes; ignored when error is set */
  relance_str error;
  int64_t next_poll_ms; /* from now; 0: the host's default */
} relance_polled;

#endif
