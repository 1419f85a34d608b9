/*
 * The runtime that C made by wasm2c (wabt 1.0.39) asks for, as small as sixplane's core allows: it has one memory, no
 * tables, no imports, and never grows. The memory lies in the instance itself, and is as large as what the embedder
 * puts into it: a WebAssembly page would be 64 KiB, the core needs the config record and the frame.
 *
 * -DWASM_RT_MEMORY_SIZE=...             bytes of an instance's memory; the same for every file that includes this
 * -DWASM_RT_MEMCHECK_GUARD_PAGES=1      no bounds checks: smaller and faster, where all addresses come from the embedder
 */
#ifndef WASM_RT_H_
#define WASM_RT_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A config record of 16 bytes, 2 bytes that put the frame's IPv6 header on a multiple of 4, and the frame. */
#ifndef WASM_RT_MEMORY_SIZE
#define WASM_RT_MEMORY_SIZE (16 + 2 + 1514)
#endif

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "this wasm-rt.h keeps the memory in WebAssembly's byte order, which is little-endian"
#endif

typedef struct {
  uint32_t size;
  uint8_t data[WASM_RT_MEMORY_SIZE];
} wasm_rt_memory_t;

static inline void wasm_rt_allocate_memory(wasm_rt_memory_t* memory, uint64_t pages, uint64_t max_pages, bool is64,
                                           uint32_t page_size) {
  (void)pages, (void)max_pages, (void)is64, (void)page_size;
  memset(memory->data, 0, sizeof memory->data);
  memory->size = sizeof memory->data;
}

static inline void wasm_rt_free_memory(wasm_rt_memory_t* memory) { (void)memory; }
static inline bool wasm_rt_is_initialized(void) { return true; }

/* What went wrong. The core itself can only reach beyond its memory, where it is given too long a frame. */
typedef enum {
  WASM_RT_TRAP_NONE,
  WASM_RT_TRAP_OOB,
  WASM_RT_TRAP_INT_OVERFLOW,
  WASM_RT_TRAP_DIV_BY_ZERO,
  WASM_RT_TRAP_INVALID_CONVERSION,
  WASM_RT_TRAP_UNREACHABLE,
  WASM_RT_TRAP_CALL_INDIRECT,
  WASM_RT_TRAP_EXHAUSTION
} wasm_rt_trap_t;

/*
 * What to do about a trap. By default, where the compiler has weak symbols (GCC, Clang), it executes an instruction
 * that is a fault. The embedder's own must not return; longjmp is fine, and the core may be called again.
 */
#if defined(__GNUC__)
__attribute__((__noreturn__))
#endif
void wasm_rt_trap(wasm_rt_trap_t trap);

#define wasm_rt_memcpy memcpy
#if defined(__GNUC__)
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define LIKELY(x) (x)
#define UNLIKELY(x) (x)
#endif
#ifndef __has_builtin
#define __has_builtin(x) 0
#endif

/* Types that wasm2c's helpers name, and the core does without. */
typedef enum { WASM_RT_I32, WASM_RT_I64, WASM_RT_F32, WASM_RT_F64 } wasm_rt_type_t;
typedef const char* wasm_rt_func_type_t;
typedef void (*wasm_rt_function_ptr_t)(void);
typedef struct {
  void (*fn)(void** instance, void* stack, void* next);
} wasm_rt_tailcallee_t;
typedef struct {
  wasm_rt_func_type_t func_type;
  wasm_rt_function_ptr_t func;
  wasm_rt_tailcallee_t func_tailcallee;
  void* module_instance;
} wasm_rt_funcref_t;
typedef struct {
  wasm_rt_funcref_t* data;
  uint32_t max_size, size;
} wasm_rt_funcref_table_t;
typedef void* wasm_rt_externref_t;
typedef struct {
  wasm_rt_externref_t* data;
  uint32_t max_size, size;
} wasm_rt_externref_table_t;
static const wasm_rt_funcref_t wasm_rt_funcref_null_value = {NULL, NULL, {NULL}, NULL};
static const wasm_rt_externref_t wasm_rt_externref_null_value = NULL;

#ifdef __cplusplus
}
#endif

#endif
