// Every load and store of a kernel whose source is compiled with -fsanitize=thread: that inserts a call before each,
// and here is what the calls do. Nothing of the thread sanitizer's own library is linked.
#include <cstdint>
#include <cstring>

#include "access.h"
#include "block.h"
#include "fault.h"
#include "memory.h"

namespace simt {

static bool any_instrumented = false;
bool instrumented() { return any_instrumented; }

static bool may_read_arguments(const Launch& launch, const void* address, std::size_t bytes) {
    const auto* begin = static_cast<const char*>(launch.arguments.get());
    const auto* from = static_cast<const char*>(address);
    return from >= begin && from + bytes <= begin + launch.argument_bytes;
}

void check_access(const void* address, std::size_t bytes, std::size_t alignment, bool write) {
    Block* block = working;
    if (block == nullptr || bytes == 0 || block->current().fiber.holds(address)) return;
    if (block->owns(address)) return block->shared_access(address, bytes, alignment, write);
    const char* what = write ? "write" : "read";
    if (!may_access(address, bytes)) {
        if (!write && may_read_arguments(block->launch(), address, bytes)) return;
        fault(kOutOfBounds, "%s of %zu bytes %s", what, bytes, explain_access(address, bytes).c_str());
    }
    if (reinterpret_cast<std::uintptr_t>(address) % alignment != 0)
        fault(kMisaligned, "%s of %zu bytes at an address that is %zu off", what, bytes,
              static_cast<std::size_t>(reinterpret_cast<std::uintptr_t>(address) % alignment));
}

}  // namespace simt

using simt::check_access;

extern "C" {
// Called before main() by each instrumented source.
void __tsan_init() { simt::any_instrumented = true; }
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void*, void*) {}
void __tsan_vptr_read(void*) {}

#define LUM_SIMT_HOOKS(bytes)                                                                           \
    void __tsan_read##bytes(void* address) { check_access(address, bytes, bytes, false); }              \
    void __tsan_write##bytes(void* address) { check_access(address, bytes, bytes, true); }              \
    void __tsan_unaligned_read##bytes(void* address) { check_access(address, bytes, 1, false); }        \
    void __tsan_unaligned_write##bytes(void* address) { check_access(address, bytes, 1, true); }        \
    void __tsan_volatile_read##bytes(void* address) { check_access(address, bytes, bytes, false); }     \
    void __tsan_volatile_write##bytes(void* address) { check_access(address, bytes, bytes, true); }     \
    void __tsan_read_write##bytes(void* address) {                                                      \
        check_access(address, bytes, bytes, false);                                                     \
        check_access(address, bytes, bytes, true);                                                      \
    }
LUM_SIMT_HOOKS(1)
LUM_SIMT_HOOKS(2)
LUM_SIMT_HOOKS(4)
LUM_SIMT_HOOKS(8)
LUM_SIMT_HOOKS(16)

void __tsan_read_range(void* address, unsigned long bytes) { check_access(address, bytes, 1, false); }
void __tsan_write_range(void* address, unsigned long bytes) { check_access(address, bytes, 1, true); }

// clang's, for copies of structures.
void* __tsan_memcpy(void* to, const void* from, std::size_t bytes) {
    check_access(from, bytes, 1, false);
    check_access(to, bytes, 1, true);
    return std::memcpy(to, from, bytes);
}
void* __tsan_memmove(void* to, const void* from, std::size_t bytes) {
    check_access(from, bytes, 1, false);
    check_access(to, bytes, 1, true);
    return std::memmove(to, from, bytes);
}
void* __tsan_memset(void* to, int value, std::size_t bytes) {
    check_access(to, bytes, 1, true);
    return std::memset(to, value, bytes);
}

// Atomics that kernels' host code uses (lock-free reference counts and the like).
#define LUM_SIMT_ATOMICS(bits, T)                                                                                    \
    T __tsan_atomic##bits##_load(const volatile T* a, int) { return __atomic_load_n(a, __ATOMIC_SEQ_CST); }          \
    void __tsan_atomic##bits##_store(volatile T* a, T v, int) { __atomic_store_n(a, v, __ATOMIC_SEQ_CST); }          \
    T __tsan_atomic##bits##_exchange(volatile T* a, T v, int) { return __atomic_exchange_n(a, v, __ATOMIC_SEQ_CST); } \
    T __tsan_atomic##bits##_fetch_add(volatile T* a, T v, int) { return __atomic_fetch_add(a, v, __ATOMIC_SEQ_CST); } \
    T __tsan_atomic##bits##_fetch_sub(volatile T* a, T v, int) { return __atomic_fetch_sub(a, v, __ATOMIC_SEQ_CST); } \
    T __tsan_atomic##bits##_fetch_or(volatile T* a, T v, int) { return __atomic_fetch_or(a, v, __ATOMIC_SEQ_CST); }   \
    T __tsan_atomic##bits##_fetch_and(volatile T* a, T v, int) { return __atomic_fetch_and(a, v, __ATOMIC_SEQ_CST); } \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile T* a, T* e, T v, int, int) {                          \
        return __atomic_compare_exchange_n(a, e, v, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                      \
    }                                                                                                                \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile T* a, T* e, T v, int, int) {                            \
        return __atomic_compare_exchange_n(a, e, v, true, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                       \
    }
LUM_SIMT_ATOMICS(8, std::uint8_t)
LUM_SIMT_ATOMICS(16, std::uint16_t)
LUM_SIMT_ATOMICS(32, std::uint32_t)
LUM_SIMT_ATOMICS(64, std::uint64_t)
void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
}
