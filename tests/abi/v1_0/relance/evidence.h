/* relance/evidence.h - relance.evidence/1: proofs that a receipt only names are fetched later, in the host's time.
 *
 * A receipt may carry an evidence with a `reference` instead of bytes. A driver with RELANCE_CAP_EVIDENCE answers
 * plugin->extension(instance, RELANCE_EVIDENCE_ID) with a relance_evidence_source; the host asks it for each such document,
 * again and again until it has it or it is gone, and the plugin ends each token through the host's relance_evidence_store.
 */
#ifndef RELANCE_EVIDENCE_H
#define RELANCE_EVIDENCE_H
#include <relance/abi/host.h>

RELANCE_C_BEGIN
#define RELANCE_EVIDENCE_ID "relance.evidence/1"

typedef struct relance_evidence_fetch { /* lives until its token ends */
  uint32_t size, zero;
  relance_token token;
  relance_str reference;       /* as the receipt gave it */
  relance_str media_type, file_name; /* as the receipt gave them */
  relance_str ref, idempotency_key;  /* of the message; may be empty */
} relance_evidence_fetch;

#define RELANCE_FETCHED_OK 1u
#define RELANCE_FETCHED_RETRY 2u /* default: not now; the host asks again later */
#define RELANCE_FETCHED_GONE 3u  /* the provider has it no more, or never had: a person is told */
typedef struct relance_evidence_fetched {
  uint32_t size;
  uint32_t status;         /* RELANCE_FETCHED_* */
  relance_token token;
  const relance_evidence *document; /* OK only: with bytes; an empty media type or name stays as the receipt gave it */
  relance_str error;
  int64_t retry_after_ms;  /* 0: the host's default */
} relance_evidence_fetched;

typedef struct relance_evidence_store { /* the host's */
  uint32_t size, zero;
  void (*fetched)(const relance_host *, const relance_evidence_fetched *const *results, size_t count); /* [any] ends tokens */
} relance_evidence_store;

typedef struct relance_evidence_source { /* the plugin's */
  uint32_t size, zero;
  void (*fetch)(relance_instance *, const relance_evidence_fetch *const *fetches, size_t count); /* [serial] may use the network */
} relance_evidence_source;
RELANCE_C_END

#endif
