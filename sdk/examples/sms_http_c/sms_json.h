/* Just the JSON that this plugin meets: an object of strings to write, and one string member of an object to read. */
#ifndef SMS_JSON_H
#define SMS_JSON_H
#include <relance/abi/basics.h>

struct sms_json { /* an object being written */
  char *data;
  size_t len, cap;
  int failed; /* no memory */
};
void sms_json_add(struct sms_json *json, const char *name, relance_str value);
void sms_json_close(struct sms_json *json);

/* The member `name` of the outermost object: a string's characters, a number as written. To be freed; NULL: there is none,
 * the text is no JSON object, or no memory. */
char *sms_json_text(relance_str json, const char *name);

#endif
