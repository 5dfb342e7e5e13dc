/* relance/abi/message.h - one message for one addressee, as the host hands it to submit() and quote(). */
#ifndef RELANCE_ABI_MESSAGE_H
#define RELANCE_ABI_MESSAGE_H
#include <relance/abi/basics.h>

typedef struct relance_part {
  uint32_t size, zero;
  relance_str role;       /* "text", "html", "letter", "attachment" */
  relance_str media_type; /* "text/plain; charset=utf-8" */
  relance_str file_name;  /* empty for bodies */
  relance_str bytes;
  const uint8_t *sha256;  /* 32 bytes */
} relance_part;

#define RELANCE_ADDR_CONSENT 1u  /* the addressee consented to this channel (needed for LRE) */
#define RELANCE_ADDR_CONSUMER 2u /* a private person, not a business */
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
  relance_str organisation;     /* these three where `name` is known by its parts; each may be empty */
  relance_str given_name;
  relance_str family_name;
} relance_addressee;

typedef struct relance_sender {
  uint32_t size, zero;
  relance_str name, address, reply_to;
  const relance_str *postal_lines; /* for letters and what comes back of them */
  size_t postal_line_count;
  relance_str country;             /* ISO 3166-1 alpha-2 */
} relance_sender;

#define RELANCE_MSG_READ_RECEIPT 1u /* ask the reader's program for a read receipt, where the channel has one */
/* One message for one addressee. An attempt always has the same bytes: build Message-ID, Date and boundaries from what
 * is in here, never from a clock or from chance. */
typedef struct relance_message {
  uint32_t size;
  uint32_t flags;               /* RELANCE_MSG_* */
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
  uint32_t attempt_number, zero; /* 1, 2, ... */
  int64_t dated_ms;             /* the message's own date (business time) */
  int64_t not_after_ms;         /* wall time: no first byte later; then end as NOT_SENT */
  int64_t valid_until_ms;       /* wall time: hand it to the provider where it takes one; 0: none */
} relance_message;

#endif
