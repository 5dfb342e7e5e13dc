/* relance/abi/driver.h - what a driver is and what an instance of it can do; what is wrong with its settings. */
#ifndef RELANCE_ABI_DRIVER_H
#define RELANCE_ABI_DRIVER_H
#include <relance/abi/basics.h>

RELANCE_C_BEGIN
/* Each needs the functions named beside it. Unknown bits are ignored. */
#define RELANCE_CAP_QUERY_BY_REF (1u << 0) /* query */
#define RELANCE_CAP_QUERY_BY_KEY (1u << 1) /* query */
#define RELANCE_CAP_RECALL (1u << 2)       /* recall */
#define RELANCE_CAP_TWO_PHASE (1u << 3)    /* commit, discard */
#define RELANCE_CAP_RECEIVE (1u << 4)      /* stored, room, parse: it calls host->inbound */
#define RELANCE_CAP_WEBHOOK (1u << 5)      /* authenticate, parse */
#define RELANCE_CAP_POLL (1u << 6)         /* poll, stored, room, parse */
#define RELANCE_CAP_QUOTE (1u << 7)        /* quote */
#define RELANCE_CAP_EVIDENCE (1u << 8)     /* extension("relance.evidence/1"), see relance/evidence.h */

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

/* Two phases only: submit() never releases anything, whatever becomes of its answer. Its UNKNOWN then means "perhaps a draft":
 * the host hands the message over again, and a draft that nobody knows of stays unreleased for ever. */
#define RELANCE_TRAIT_SUBMIT_NEVER_RELEASES 1u
/* poll() is told which attempts are open; without this flag it is told of none. */
#define RELANCE_TRAIT_POLL_OPEN 2u

#define RELANCE_NOT_FOUND_CERTAIN_MAX_MS INT64_C(2592000000) /* 30 days: by then a person has decided */

typedef struct relance_traits { /* of one instance; fixed from create() on */
  uint32_t size;
  uint32_t capabilities;               /* a part of the descriptor's */
  uint32_t max_in_flight;              /* open submit and commit tokens at most; 0: the host's default */
  uint32_t flags;                      /* RELANCE_TRAIT_* */
  int64_t idempotency_window_ms;       /* the provider drops repeats of a key for so long; 0: it does not */
  int64_t not_found_certain_after_ms;  /* after not_after, query's NOT_FOUND is certain; 0: never. Above
                                        * RELANCE_NOT_FOUND_CERTAIN_MAX_MS it is taken as never */
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
RELANCE_C_END

#endif
