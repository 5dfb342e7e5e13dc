/* relance/plugin.h - the binary interface between the Relance host and a channel plugin, version 1.0.
 *
 * A plugin is a shared object that exports one function, relance_plugin_v1. Everything else is a table of functions
 * that one side hands to the other. Nothing waits for a reply, so the same file runs inside the daemon or in a child
 * process. Seven rules hold everywhere:
 *
 * R1 Layout.  A struct that starts with `size` may grow at its end in a minor release: its producer stores sizeof, its
 *             reader never reads past `size` and takes a missing field as zero. Such structs travel as pointers or as
 *             arrays of pointers, never by value, so growth moves nothing. Structs without `size` are frozen.
 *             Set such a struct to zero and then its fields by name: a list of initializers breaks with the next field.
 *             Enumerations are fixed-width integers; 0 never says more than the default does. LP64, little-endian.
 *             Fields named `zero` hold 0: a minor release may give one a name, and 0 then means what it meant before.
 *             A pointer to an array may be NULL when its count is 0.
 * R2 Memory.  What is passed by pointer is borrowed and dies when the call returns; nobody frees what is not his.
 *             Longer lives: what came with a token (a message with its parts, a query, raw bytes to parse) lives until
 *             that token ends; the plugin's table and descriptor live for ever (no library is ever unloaded); traits
 *             live until destroy() returns; relance_host lives until destroy() returns.
 * R3 Threads. [serial]: calls on one instance never overlap, though the thread may change; return soon (50 ms) and never
 *             wait for the network. [any]: any thread, also concurrently. A host function is always [any]; it never
 *             blocks and never re-enters the plugin, so it may be called from inside any function of the plugin.
 *             authenticate() and quote() may run beside each other, beside the serial calls and beside stop(), but not
 *             beside create() and destroy().
 * R4 Tokens.  A token is chosen by the host, is never 0, and is unique among the open operations that end in the same
 *             host function. Every token ends in exactly one such call, at the latest before stop()'s grace is over.
 *             A second end is dropped and counted as a fault; a missing one is made up as UNKNOWN. (A submit that the host
 *             has made up and that ends as PREPARED after all names a draft: the host has it discarded, unless a query found it before.)
 *             In doubt, say UNKNOWN: the host then asks or waits, it never sends again blindly.
 * R5 Faults.  No exception and no longjmp leaves the plugin; a thread of its own that ends by one takes the process along.
 *             It does not touch what belongs to the process: no exit(), fork(), signal handler or mask of a thread of the
 *             host, no setlocale(), setenv(), chdir() or umask(), no atexit(); nothing on standard output.
 * R6 Secrets. No setting's value and no content of a message in a log line, an issue, a code or a text.
 * R7 Change.  Released names, fields, values and meanings never change; a new meaning gets a new name or an extension.
 *             Either side takes an unknown value from the other as that field's default, given beside it, and ignores an
 *             unknown flag. Of the names that are strings: a message of an unknown `service` ends REJECTED with
 *             RELANCE_FAIL_POLICY, a part of an unknown `role` is an attachment, or left out where the channel has
 *             none, raw bytes of an unknown `kind` are UNREADABLE, an unknown key of `references` says nothing.
 *
 * Each concern has a page: abi/basics.h, driver.h, message.h, outcome.h, inbound.h, webhook.h, host.h; the plugin's own table
 * is here. Extensions, asked for by id: http.h, evidence.h.
 */
#ifndef RELANCE_PLUGIN_H
#define RELANCE_PLUGIN_H
#include <relance/abi/host.h>
#include <relance/abi/webhook.h>

RELANCE_C_BEGIN
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
  /* [serial] Nothing new; every open token ends within `grace_ms`, the sooner the better; may return before. Shortly
   * before the grace is over the host gives up the open calls of relance.http/1, so that their replies come within it. */
  void (*stop)(relance_instance *, uint32_t grace_ms);
  void (*destroy)(relance_instance *); /* [serial] joins its threads; no host call afterwards; also after a bare create */
  /* From here on optional. */
  void (*commit)(relance_instance *, const relance_commit *const *commits, size_t count);   /* [serial] */
  void (*discard)(relance_instance *, const relance_discard *const *discards, size_t count); /* [serial] */
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
RELANCE_EXPORT const relance_plugin *relance_plugin_v1(uint32_t index);

RELANCE_C_END
#endif
