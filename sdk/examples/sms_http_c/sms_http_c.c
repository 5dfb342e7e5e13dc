/* SMS over HTTP, as ../sms_http is in C++: POST /messages with a bearer token; signed webhooks say what became of each message.
 * In C99 on the C interface alone. Asynchronous throughout, as the interface is: submit() starts one HTTP call per message, and
 * replied() ends the message's token with what the answer means. The token of the call is the token of the message. */
#include "sms_json.h"
#include "sms_sha256.h"

#include <relance/http.h>
#include <relance/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIT(text) str(text, sizeof(text) - 1)
#define MAX_IN_FLIGHT 64 /* the host hands over no more at once */

struct relance_instance {
  const relance_host *host;
  const relance_http *http;
  relance_token open[MAX_IN_FLIGHT]; /* calls whose reply has not come: touched by [serial] functions alone */
  size_t open_count;
  char *url, *authorization, *secret; /* of the settings */
};

static relance_str str(const char *data, size_t len) {
  relance_str s;
  s.data = data;
  s.len = len;
  return s;
}
static relance_str text_of(const char *text) {
  return str(text, strlen(text));
}

/* Ends one message. `ref` may be empty. */
static void end(relance_instance *self, relance_token token, uint32_t outcome, uint32_t failure, const char *code,
                relance_str ref, int64_t retry_after_ms, int whole_instance) {
  relance_result result;
  const relance_result *pointer = &result;
  memset(&result, 0, sizeof result);
  result.size = sizeof result;
  result.outcome = outcome;
  result.token = token;
  result.failure = failure;
  result.flags = whole_instance ? RELANCE_RESULT_WHOLE_INSTANCE : 0;
  result.refs = &ref;
  result.ref_count = ref.len == 0 ? 0 : 1;
  result.code = text_of(code);
  result.retry_after_ms = retry_after_ms;
  self->host->complete(self->host, &pointer, 1);
}

static void destroy(relance_instance *self) {
  if (self == NULL) return;
  free(self->url);
  free(self->authorization);
  free(self->secret);
  free(self);
}

static char *joined(const char *front, const char *back) {
  const size_t size = strlen(front) + strlen(back) + 1;
  char *all = malloc(size);
  if (all != NULL) snprintf(all, size, "%s%s", front, back);
  return all;
}

static relance_status create(const relance_host *host, relance_str name, relance_str settings,
                             const relance_issue_sink *issues, relance_instance **out) {
  relance_instance *self = calloc(1, sizeof *self);
  char *url = sms_json_text(settings, "url");
  char *token = sms_json_text(settings, "token");
  (void)name;
  (void)issues;
  if (self != NULL && url != NULL && token != NULL) {
    self->host = host;
    self->url = joined(url, "/messages");
    self->authorization = joined("Bearer ", token);
    self->secret = sms_json_text(settings, "secret");
  }
  free(url);
  free(token);
  if (self == NULL || self->url == NULL || self->authorization == NULL || self->secret == NULL) {
    destroy(self);
    return RELANCE_E_INTERNAL; /* no memory: the schema sees to it that the settings are there */
  }
  if (out == NULL) destroy(self); /* a mere check */
  else *out = self;
  return RELANCE_OK;
}

static const relance_traits *traits(relance_instance *self) {
  static const relance_traits promised = {
      .size = sizeof promised, .capabilities = RELANCE_CAP_WEBHOOK, .max_in_flight = MAX_IN_FLIGHT};
  (void)self;
  return &promised;
}

static relance_status start(relance_instance *self) {
  self->http = self->host->extension(self->host, RELANCE_HTTP_ID);
  return self->http == NULL ? RELANCE_E_INTERNAL : RELANCE_OK;
}

static void submit(relance_instance *self, const relance_message *const *messages, size_t count) {
  size_t i, k;
  for (i = 0; i < count; ++i) {
    const relance_message *m = messages[i];
    relance_kv headers[2];
    relance_http_call call;
    relance_str text = LIT("");
    struct sms_json body = {NULL, 0, 0, 0};
    for (k = m->part_count; k-- > 0;)
      if (m->parts[k]->role.len == 4 && memcmp(m->parts[k]->role.data, "text", 4) == 0) text = m->parts[k]->bytes;
    sms_json_add(&body, "to", m->addressee->address);
    sms_json_add(&body, "text", text);
    sms_json_add(&body, "client_ref", m->idempotency_key);
    sms_json_close(&body);
    headers[0].key = LIT("authorization");
    headers[0].value = text_of(self->authorization);
    headers[1].key = LIT("content-type");
    headers[1].value = LIT("application/json");
    memset(&call, 0, sizeof call);
    call.size = sizeof call;
    call.token = m->token;
    call.method = LIT("POST");
    call.url = text_of(self->url);
    call.headers = headers;
    call.header_count = 2;
    call.body = str(body.data, body.len);
    call.not_after_ms = m->not_after_ms; /* the host looks at it right before the first byte */
    if (body.failed || self->open_count == MAX_IN_FLIGHT || self->http->send(self->host, &call) != RELANCE_OK)
      end(self, m->token, RELANCE_OUT_NOT_SENT, RELANCE_FAIL_TEMPORARY, "http", LIT(""), 0, 0);
    else
      self->open[self->open_count++] = m->token;
    free(body.data); /* send() copied it */
  }
}

/* Seconds only, and no more than a day of them: a date is taken as "not said". */
static int64_t retry_after_ms(const relance_http_reply *reply) {
  size_t i, k;
  for (i = 0; i < reply->header_count; ++i) {
    const relance_str name = reply->headers[i].key, value = reply->headers[i].value;
    int64_t seconds = 0;
    if (name.len != 11 || memcmp(name.data, "retry-after", 11) != 0) continue;
    for (k = 0; k < value.len && value.data[k] >= '0' && value.data[k] <= '9' && seconds < 86400; ++k)
      seconds = seconds * 10 + (value.data[k] - '0');
    return k == value.len && k != 0 ? seconds * 1000 : 0;
  }
  return 0;
}

static void take_reply(relance_instance *self, const relance_http_reply *reply) {
  const uint32_t status = reply->status;
  char code[16];
  size_t i;
  for (i = 0; i < self->open_count; ++i)
    if (self->open[i] == reply->token) self->open[i--] = self->open[--self->open_count];
  snprintf(code, sizeof code, "http %u", (unsigned)(status % 1000));
  if (reply->result == RELANCE_HTTP_NOT_SENT) {
    end(self, reply->token, RELANCE_OUT_NOT_SENT, RELANCE_FAIL_TEMPORARY, "http", LIT(""), 0, 0);
  } else if (reply->result != RELANCE_HTTP_REPLIED) {
    end(self, reply->token, RELANCE_OUT_UNKNOWN, RELANCE_FAIL_NONE, "http", LIT(""), 0, 0);
  } else if (status >= 200 && status < 300) {
    char *id = sms_json_text(reply->body, "id");
    end(self, reply->token, RELANCE_OUT_ACCEPTED, RELANCE_FAIL_NONE, "", text_of(id == NULL ? "" : id), 0, 0);
    free(id);
  } else if ((status >= 401 && status <= 405) || status == 407) { /* not about this message: the settings are wrong */
    end(self, reply->token, RELANCE_OUT_NOT_SENT, RELANCE_FAIL_CONFIGURATION, code, LIT(""), retry_after_ms(reply), 1);
  } else if (status == 429 || status == 503) { /* this provider says that it took nothing then */
    end(self, reply->token, RELANCE_OUT_NOT_SENT, RELANCE_FAIL_TEMPORARY, code, LIT(""), retry_after_ms(reply), 1);
  } else if (status >= 400 && status < 500 && status != 408 && status != 409) {
    end(self, reply->token, RELANCE_OUT_REJECTED, RELANCE_FAIL_POLICY, code, LIT(""), 0, 0);
  } else {
    end(self, reply->token, RELANCE_OUT_UNKNOWN, RELANCE_FAIL_NONE, code, LIT(""), 0, 0);
  }
}
static void replied(relance_instance *self, const relance_http_reply *const *replies, size_t count) {
  size_t i;
  for (i = 0; i < count; ++i) take_reply(self, replies[i]);
}

/* Gives up what is open: each call still gets its reply, NOT_SENT or UNKNOWN, and each reply ends its message. */
static void stop(relance_instance *self, uint32_t grace_ms) {
  size_t i;
  (void)grace_ms; /* at once: it needs none of it */
  for (i = 0; i < self->open_count; ++i) self->http->cancel(self->host, self->open[i]);
}

static uint32_t authenticate(relance_instance *self, const relance_http_request *request, const relance_http_sink *sink) {
  char expected[65];
  size_t i, k;
  (void)sink;
  sms_hmac_sha256_hex(self->secret, strlen(self->secret), request->body.data, request->body.len, expected);
  for (i = 0; i < request->header_count; ++i) {
    const relance_kv *field = &request->headers[i];
    unsigned difference = 0;
    if (field->key.len != 11 || memcmp(field->key.data, "x-signature", 11) != 0) continue;
    if (field->value.len != 64) return RELANCE_AUTH_FORGED;
    for (k = 0; k < 64; ++k) difference |= (unsigned)(field->value.data[k] ^ expected[k]); /* as long for any signature */
    return difference == 0 ? RELANCE_AUTH_GENUINE : RELANCE_AUTH_FORGED;
  }
  return RELANCE_AUTH_FORGED;
}

/* Of a webhook's raw bytes: what follows the first empty line. */
static relance_str body_of(relance_str raw) {
  size_t i;
  for (i = 0; i + 4 <= raw.len; ++i)
    if (memcmp(raw.data + i, "\r\n\r\n", 4) == 0) return str(raw.data + i + 4, raw.len - i - 4);
  return LIT("");
}

static void parse(relance_instance *self, const relance_raw *const *raws, size_t count) {
  size_t i;
  for (i = 0; i < count; ++i) {
    const relance_str body = body_of(raws[i]->bytes);
    char *id = sms_json_text(body, "id"), *status = sms_json_text(body, "status");
    relance_receipt receipt;
    const relance_receipt *receipts = &receipt;
    relance_parsed result;
    const relance_parsed *results = &result;
    memset(&receipt, 0, sizeof receipt);
    receipt.size = sizeof receipt;
    receipt.part_count = 1;
    if (id != NULL) receipt.ref = text_of(id);
    if (status != NULL && strcmp(status, "delivered") == 0) receipt.kind = RELANCE_RCPT_DELIVERED;
    if (status != NULL && strcmp(status, "failed") == 0) receipt.kind = RELANCE_RCPT_FAILED;
    receipt.flags = receipt.kind == RELANCE_RCPT_INTERIM ? 0 : RELANCE_RECEIPT_FINAL;
    memset(&result, 0, sizeof result);
    result.size = sizeof result;
    result.token = raws[i]->token;
    result.status = receipt.ref.len == 0 ? RELANCE_PARSED_UNREADABLE : RELANCE_PARSED_OK;
    if (receipt.ref.len == 0) result.error = LIT("no message is named");
    result.receipts = &receipts;
    result.receipt_count = receipt.ref.len == 0 ? 0 : 1;
    self->host->parsed(self->host, &results, 1);
    free(id);
    free(status);
  }
}

static const void *extension(relance_instance *self, const char *id) {
  static const relance_http_client client = {sizeof client, 0, replied};
  (void)self;
  return strcmp(id, RELANCE_HTTP_ID) == 0 ? &client : NULL;
}

static const relance_descriptor descriptor = {
    .size = sizeof descriptor,
    .abi_minor = RELANCE_ABI_MINOR,
    .capabilities = RELANCE_CAP_WEBHOOK,
    .id = "com.example.sms-http-c",
    .driver = "http",
    .name = "SMS over HTTP, in C",
    .version = "1.0",
    .vendor = "Example",
    .channel = "sms",
    .settings_schema =
        "{\"type\": \"object\", \"required\": [\"url\", \"token\", \"secret\"], \"additionalProperties\": false,"
        " \"properties\": {\"url\": {\"type\": \"string\", \"pattern\": \"^https?://\"},"
        " \"token\": {\"type\": \"string\"}, \"secret\": {\"type\": \"string\"}}}"};

static const relance_plugin plugin = {
    .size = sizeof plugin,
    .descriptor = &descriptor,
    .create = create,
    .traits = traits,
    .start = start,
    .submit = submit,
    .stop = stop,
    .destroy = destroy,
    .parse = parse,
    .authenticate = authenticate,
    .extension = extension};

RELANCE_EXPORT const relance_plugin *relance_plugin_v1(uint32_t index) {
  return index == 0 ? &plugin : NULL;
}
