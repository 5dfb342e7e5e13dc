/* relance/abi/outcome.h - how a message, a commit, a query, a recall or a discard ends; what a message would cost. */
#ifndef RELANCE_ABI_OUTCOME_H
#define RELANCE_ABI_OUTCOME_H
#include <relance/abi/driver.h>
#include <relance/abi/message.h>

RELANCE_C_BEGIN
#define RELANCE_OUT_ACCEPTED 1u  /* the provider has it; receipts may follow */
#define RELANCE_OUT_DELIVERED 2u /* final */
#define RELANCE_OUT_REJECTED 3u  /* final: it cannot go to this address or by this provider */
#define RELANCE_OUT_NOT_SENT 4u  /* certainly not sent: the host may try again */
#define RELANCE_OUT_PREPARED 5u  /* submit and query: `refs` names the draft that commit() would release */
#define RELANCE_OUT_NOT_FOUND 6u /* query only: the provider is certain that it never had it */
#define RELANCE_OUT_UNKNOWN 7u   /* may have been sent; the default */

#define RELANCE_FAIL_NONE 0u /* default */
#define RELANCE_FAIL_ADDRESS_DEAD 1u
#define RELANCE_FAIL_TEMPORARY 2u
#define RELANCE_FAIL_POLICY 3u
#define RELANCE_FAIL_CONFIGURATION 4u

/* References that the host keeps of one message. One that is empty or longer is dropped, and so are those beyond. */
#define RELANCE_REFS_MAX 256u
#define RELANCE_REF_BYTES_MAX 1024u

#define RELANCE_RESULT_WHOLE_INSTANCE 1u /* the pause of retry_after_ms holds for every message of this instance */
typedef struct relance_result { /* ends one submit, commit or query token */
  uint32_t size;
  uint32_t outcome;      /* RELANCE_OUT_* */
  relance_token token;
  uint32_t failure;      /* RELANCE_FAIL_* */
  uint32_t flags;        /* RELANCE_RESULT_* */
  const relance_str *refs; /* opaque bytes, unique per instance; may be none (SMTP), or one for each part (SMS) */
  size_t ref_count;
  relance_str code;      /* as the provider said it: "550 5.1.1" */
  relance_str text;
  int64_t retry_after_ms; /* 0: not said */
  const relance_price *price; /* or NULL */
  uint32_t part_count;   /* of how many pieces the message consists, each with a reference and receipts of its own;
                          * 0: not said, each reference counts as one. With fewer references than pieces it has not arrived
                          * before more is heard */
  uint32_t zero;
} relance_result;

typedef struct relance_commit { /* second phase of what ended PREPARED; repeating it does no harm */
  uint32_t size, zero;
  relance_token token;
  relance_str idempotency_key;
  const relance_str *refs;
  size_t ref_count;
  int64_t not_after_ms;        /* as in the message; 0: none */
  const relance_sender *sender; /* as in the message, by the configuration of now; NULL: it has none any more */
} relance_commit;

typedef struct relance_discard { /* drop the draft, as nobody will release it; repeating it does no harm */
  uint32_t size, zero;
  relance_token token;
  relance_str idempotency_key; /* may be empty */
  const relance_str *refs;
  size_t ref_count;
  const relance_sender *sender; /* as in relance_commit */
} relance_discard;
#define RELANCE_DISCARD_GONE 1u     /* there is no such draft: now, or there never was */
#define RELANCE_DISCARD_RELEASED 2u /* it is a draft no more: it goes, or has gone; nothing was done */
#define RELANCE_DISCARD_UNKNOWN 3u  /* it may lie there still, unreleased; the default */
typedef struct relance_discarded { /* ends one discard token */
  uint32_t size;
  uint32_t kind; /* RELANCE_DISCARD_* */
  relance_token token;
  relance_str text;
} relance_discarded;

typedef struct relance_query { /* what became of a send left in doubt? */
  uint32_t size, zero;
  relance_token token;
  relance_str idempotency_key;
  const relance_str *refs; /* none when the provider's answer never came */
  size_t ref_count;
  const relance_sender *sender; /* as in relance_commit */
} relance_query;

typedef struct relance_recall { /* call it back, as nothing is owed any more */
  uint32_t size, zero;
  relance_token token;
  relance_str idempotency_key;
  const relance_str *refs;
  size_t ref_count;
  const relance_sender *sender; /* as in relance_commit */
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
RELANCE_C_END

#endif
