/* A reader that walks one object and skips what it is not asked for. */
#include "sms_json.h"

#include <stdlib.h>
#include <string.h>

static void add_bytes(struct sms_json *json, const char *bytes, size_t count) {
  if (json->failed) return;
  if (json->len + count > json->cap) {
    const size_t cap = 2 * (json->len + count) + 64;
    char *grown = realloc(json->data, cap);
    if (grown == NULL) {
      json->failed = 1;
      return;
    }
    json->data = grown;
    json->cap = cap;
  }
  memcpy(json->data + json->len, bytes, count);
  json->len += count;
}

static void add_string(struct sms_json *json, relance_str value) {
  static const char hex[] = "0123456789abcdef";
  size_t i;
  add_bytes(json, "\"", 1);
  for (i = 0; i < value.len; ++i) {
    const unsigned char c = (unsigned char)value.data[i];
    char escaped[6] = {'\\', 'u', '0', '0', 0, 0};
    if (c < 0x20) {
      escaped[4] = hex[c >> 4];
      escaped[5] = hex[c & 15];
      add_bytes(json, escaped, 6);
    } else {
      if (c == '"' || c == '\\') add_bytes(json, "\\", 1);
      add_bytes(json, value.data + i, 1);
    }
  }
  add_bytes(json, "\"", 1);
}

void sms_json_add(struct sms_json *json, const char *name, relance_str value) {
  relance_str key;
  key.data = name;
  key.len = strlen(name);
  add_bytes(json, json->len == 0 ? "{" : ",", 1);
  add_string(json, key);
  add_bytes(json, ":", 1);
  add_string(json, value);
}
void sms_json_close(struct sms_json *json) {
  add_bytes(json, "}", 1);
}

struct cursor {
  const char *at, *end;
};

static void skip_space(struct cursor *c) {
  while (c->at < c->end && strchr(" \t\r\n", *c->at) != NULL && *c->at != 0) ++c->at;
}
static int take(struct cursor *c, char expected) {
  skip_space(c);
  if (c->at == c->end || *c->at != expected) return 0;
  ++c->at;
  return 1;
}

static int hex4(struct cursor *c, unsigned long *code) {
  int i;
  *code = 0;
  if (c->end - c->at < 4) return 0;
  for (i = 0; i < 4; ++i, ++c->at) {
    const char *digits = "0123456789abcdef";
    const char lower = *c->at >= 'A' && *c->at <= 'F' ? (char)(*c->at + 32) : *c->at;
    const char *found = lower == 0 ? NULL : strchr(digits, lower);
    if (found == NULL) return 0;
    *code = *code * 16 + (unsigned long)(found - digits);
  }
  return 1;
}
static char *put_utf8(char *out, unsigned long code) {
  if (code < 0x80) {
    *out++ = (char)code;
  } else if (code < 0x800) {
    *out++ = (char)(0xc0 | (code >> 6));
    *out++ = (char)(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    *out++ = (char)(0xe0 | (code >> 12));
    *out++ = (char)(0x80 | ((code >> 6) & 0x3f));
    *out++ = (char)(0x80 | (code & 0x3f));
  } else {
    *out++ = (char)(0xf0 | (code >> 18));
    *out++ = (char)(0x80 | ((code >> 12) & 0x3f));
    *out++ = (char)(0x80 | ((code >> 6) & 0x3f));
    *out++ = (char)(0x80 | (code & 0x3f));
  }
  return out;
}
static int escape(struct cursor *c, char **out) {
  static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
  const char *found;
  unsigned long code, low;
  if (c->at == c->end || *c->at == 0) return 0;
  found = strchr(names, *c->at);
  if (found != NULL) {
    *(*out)++ = meant[found - names];
    ++c->at;
    return 1;
  }
  if (*c->at++ != 'u' || !hex4(c, &code) || (code >= 0xdc00 && code < 0xe000)) return 0;
  if (code >= 0xd800 && code < 0xdc00) {
    if (c->end - c->at < 2 || c->at[0] != '\\' || c->at[1] != 'u') return 0;
    c->at += 2;
    if (!hex4(c, &low) || low < 0xdc00 || low >= 0xe000) return 0;
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  if (code == 0) return 0; /* what is read here ends at its NUL */
  *out = put_utf8(*out, code);
  return 1;
}

/* To be freed; no escape is longer than what it stands for. */
static char *read_string(struct cursor *c) {
  char *text, *out;
  if (!take(c, '"')) return NULL;
  out = text = malloc((size_t)(c->end - c->at) + 1);
  if (text == NULL) return NULL;
  while (c->at < c->end && *c->at != '"') {
    int is_right = (unsigned char)*c->at >= 0x20;
    if (*c->at == '\\') {
      ++c->at;
      is_right = escape(c, &out);
    } else {
      *out++ = *c->at++;
    }
    if (!is_right) {
      free(text);
      return NULL;
    }
  }
  *out = 0;
  if (take(c, '"')) return text;
  free(text);
  return NULL;
}

/* A number, a word, or anything nested, as it is written. To be freed. */
static char *read_other(struct cursor *c) {
  const char *from;
  char *text;
  size_t depth = 0;
  skip_space(c);
  from = c->at;
  while (c->at < c->end && (depth > 0 || strchr(",}]", *c->at) == NULL)) {
    if (*c->at == '"') {
      char *inner = read_string(c);
      if (inner == NULL) return NULL;
      free(inner);
      continue;
    }
    if (*c->at == '{' || *c->at == '[') ++depth;
    if (*c->at == '}' || *c->at == ']') --depth;
    ++c->at;
  }
  text = malloc((size_t)(c->at - from) + 1);
  if (text == NULL) return NULL;
  memcpy(text, from, (size_t)(c->at - from));
  text[c->at - from] = 0;
  return text;
}

char *sms_json_text(relance_str json, const char *name) {
  struct cursor c;
  c.at = json.data;
  c.end = json.data + json.len;
  if (!take(&c, '{')) return NULL;
  for (;;) {
    char *key = read_string(&c), *value = NULL;
    int is_wanted;
    if (key == NULL) return NULL;
    is_wanted = strcmp(key, name) == 0;
    free(key);
    if (!take(&c, ':')) return NULL;
    skip_space(&c);
    if (c.at < c.end) value = *c.at == '"' ? read_string(&c) : read_other(&c);
    if (is_wanted || value == NULL) return value;
    free(value);
    if (!take(&c, ',')) return NULL;
  }
}
