/* relance/abi/basics.h - what every page of the interface is made of. Read the seven rules in relance/plugin.h first. */
#ifndef RELANCE_ABI_BASICS_H
#define RELANCE_ABI_BASICS_H
#include <stddef.h>
#include <stdint.h>

#define RELANCE_ABI_MAJOR 1 /* stands in the name of the entry */
#define RELANCE_ABI_MINOR 0
#define RELANCE_ENTRY_SYMBOL "relance_plugin_v1"
#define RELANCE_EXPORT __attribute__((visibility("default")))

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "relance/plugin.h: the interface is defined for little-endian machines only"
#endif
#ifdef __cplusplus
#define RELANCE_C_BEGIN extern "C" {
#define RELANCE_C_END }
static_assert(sizeof(void *) == 8 && sizeof(long) == 8 && sizeof(size_t) == 8, "relance/plugin.h needs LP64");
#else
#define RELANCE_C_BEGIN
#define RELANCE_C_END
typedef char relance_needs_lp64[sizeof(void *) == 8 && sizeof(long) == 8 && sizeof(size_t) == 8 ? 1 : -1];
#endif

/* Did the producer of *p know this member? (R1) */
#define RELANCE_HAS(p, member) ((size_t)((const char *)(&(p)->member + 1) - (const char *)(p)) <= (p)->size)
/* Initializer of a relance_str from a string literal. */
#define RELANCE_LIT(literal) {(literal), sizeof(literal) - 1}

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
#define RELANCE_E_REFUSED (-4) /* as it is it would never be taken */
#define RELANCE_E_BUSY (-5)    /* there is no room now */

#endif
