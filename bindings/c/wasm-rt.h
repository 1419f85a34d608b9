/*
 * SPDX-License-Identifier: MIT
 *
 * What the C of sixplane's core needs around it, as small as the core allows: it has one memory, no tables, no imports,
 * and never grows. The memory lies in the instance itself, and is as large as what the embedder puts into it: a
 * WebAssembly page would be 64 KiB, the core needs the config record and the frame.
 *
 * -DWASM_RT_MEMORY_SIZE=...             bytes of an instance's memory; the same for every file that includes this
 * -DWASM_RT_MEMCHECK_GUARD_PAGES=1      no bounds checks: smaller and faster, where all addresses come from the embedder
 *
 * In the flat form of the core (WASM_RT_FLAT, which that form defines itself) there is no instance. The addresses that
 * the core is given are those of the chip, and nothing is checked.
 */
#ifndef WASM_RT_H_
#define WASM_RT_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the core's C keeps the memory in WebAssembly's byte order, which is little-endian"
#endif

#ifndef WASM_RT_CORE_TYPES_DEFINED
#define WASM_RT_CORE_TYPES_DEFINED
typedef uint8_t u8;
typedef int8_t s8;
typedef uint16_t u16;
typedef int16_t s16;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;
typedef int64_t s64;
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if WASM_RT_FLAT

#if UINTPTR_MAX != 0xffffffff
#error "the flat form of the core takes addresses of 32 bits: use the form with an instance (emit --format c)"
#endif

#define WASM_RT_MEMORY
#define WASM_RT_PLACE(base, offset, bytes) ((u8*)(uintptr_t)((base) + (offset)))

#else

/* A config record of 16 bytes, 2 bytes that put the frame's IPv6 header on a multiple of 4, and the frame. */
#ifndef WASM_RT_MEMORY_SIZE
#define WASM_RT_MEMORY_SIZE (16 + 2 + 1514)
#endif

typedef struct {
  uint8_t data[WASM_RT_MEMORY_SIZE];
} wasm_rt_memory_t;

/* What went wrong. The core can only reach beyond its memory, where it is given too long a frame. */
typedef enum { WASM_RT_TRAP_NONE, WASM_RT_TRAP_OOB } wasm_rt_trap_t;

/*
 * What to do about a trap. By default, where the compiler has weak symbols (GCC, Clang), it executes an instruction
 * that is a fault. The embedder's own must not return; longjmp is fine, and the core may be called again.
 */
#if defined(__GNUC__)
__attribute__((__noreturn__))
#endif
void wasm_rt_trap(wasm_rt_trap_t trap);

/* Whether so many bytes from base + offset on lie in the memory; in 32 bits, with all but `base` constant. */
#if WASM_RT_MEMCHECK_GUARD_PAGES
#define WASM_RT_IN_BOUNDS(base, offset, bytes) 1
#else
#define WASM_RT_IN_BOUNDS(base, offset, bytes) \
  ((u64)(offset) + (bytes) <= WASM_RT_MEMORY_SIZE && (base) <= WASM_RT_MEMORY_SIZE - (bytes) - (offset))
#endif

#define WASM_RT_MEMORY wasm_rt_memory_t *memory,
#define WASM_RT_PLACE(base, offset, bytes) \
  (WASM_RT_IN_BOUNDS(base, offset, bytes) ? (void)0 : wasm_rt_trap(WASM_RT_TRAP_OOB), memory->data + (base) + (offset))

#endif

/* WebAssembly's loads and stores, and what of its numbers C has no operator for. */
#define WASM_RT_LOAD(name, stored, extended, result)                \
  static inline result name(WASM_RT_MEMORY u32 base, u32 offset) {  \
    stored value;                                                   \
    memcpy(&value, WASM_RT_PLACE(base, offset, sizeof value), sizeof value); \
    return (result)(extended)value;                                 \
  }
#define WASM_RT_STORE(name, stored, given)                                   \
  static inline void name(WASM_RT_MEMORY u32 base, u32 offset, given number) { \
    stored value = (stored)number;                                           \
    memcpy(WASM_RT_PLACE(base, offset, sizeof value), &value, sizeof value); \
  }

WASM_RT_LOAD(i32_load, u32, u32, u32)
WASM_RT_LOAD(i32_load8_s, s8, s32, u32)
WASM_RT_LOAD(i32_load8_u, u8, u32, u32)
WASM_RT_LOAD(i32_load16_s, s16, s32, u32)
WASM_RT_LOAD(i32_load16_u, u16, u32, u32)
WASM_RT_LOAD(i64_load, u64, u64, u64)
WASM_RT_LOAD(i64_load8_s, s8, s64, u64)
WASM_RT_LOAD(i64_load8_u, u8, u64, u64)
WASM_RT_LOAD(i64_load16_s, s16, s64, u64)
WASM_RT_LOAD(i64_load16_u, u16, u64, u64)
WASM_RT_LOAD(i64_load32_s, s32, s64, u64)
WASM_RT_LOAD(i64_load32_u, u32, u64, u64)
WASM_RT_STORE(i32_store, u32, u32)
WASM_RT_STORE(i32_store8, u8, u32)
WASM_RT_STORE(i32_store16, u16, u32)
WASM_RT_STORE(i64_store, u64, u64)
WASM_RT_STORE(i64_store8, u8, u64)
WASM_RT_STORE(i64_store16, u16, u64)
WASM_RT_STORE(i64_store32, u32, u64)

static inline u32 I32_ROTL(u32 value, u32 bits) { return value << (bits & 31) | value >> (-bits & 31); }
static inline u32 I32_ROTR(u32 value, u32 bits) { return value >> (bits & 31) | value << (-bits & 31); }
static inline u64 I64_ROTL(u64 value, u64 bits) { return value << (bits & 63) | value >> (-bits & 63); }
static inline u64 I64_ROTR(u64 value, u64 bits) { return value >> (bits & 63) | value << (-bits & 63); }

#ifdef __cplusplus
}
#endif

#endif
