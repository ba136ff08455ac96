// The machine, as the kernels see it: every special instruction that they use, each a thin function. On a GPU they are
// PTX or the compiler's own functions; with LUM_SIMT defined (and simt/ first on the include path) they run on the CPU.
//
// Blocks and grids have one dimension. A block is threads() threads in warps of 32; its dynamic shared memory is laid out
// by hand: shared<T>(byte offset).
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#if defined(LUM_SIMT)
#include "simt.h"
#endif

namespace lum {

using i8 = std::int8_t;
using u8 = std::uint8_t;
using u16 = std::uint16_t;
using i32 = std::int32_t;
using u32 = std::uint32_t;
using i64 = std::int64_t;
using u64 = std::uint64_t;

// T, for parameters that don't decide what T is.
template <class T>
struct Just { using type = T; };
template <class T>
using As = typename Just<T>::type;

constexpr int kWarp = 32;
constexpr u32 kAllLanes = 0xffffffffu;

// 4, 8 or 16 bytes of a vector access.
struct alignas(4) Word1 { u32 word[1]; };
struct alignas(8) Word2 { u32 word[2]; };
struct alignas(16) Word4 { u32 word[4]; };

#if defined(LUM_SIMT)

inline int thread() { return simt::thread(); }
inline int threads() { return simt::threads(); }
inline int block() { return simt::block(); }
inline int grid() { return simt::grid(); }

// Every thread of the block comes here before any goes on; what they wrote is then seen by all.
inline void barrier(int line = __builtin_LINE()) { simt::barrier(0, simt::threads(), line); }
inline void barrier_named(int id, int count, int line = __builtin_LINE()) { simt::barrier(id, count, line); }
inline void barrier_arrive(int id, int count, int line = __builtin_LINE()) { simt::barrier_arrive(id, count, line); }
inline void warp_barrier() { simt::warp_barrier(kAllLanes); }

template <class T>
inline u64 shuffle_bits(T value) {
    u64 bits = 0;
    __builtin_memcpy(&bits, &value, sizeof value);
    return bits;
}
template <class T>
inline T shuffle(T value, int lane) {
    const u64 bits = simt::shuffle(kAllLanes, shuffle_bits(value), lane & 31);
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}
template <class T>
inline T shuffle_xor(T value, int mask) { return shuffle(value, (simt::thread() % kWarp) ^ mask); }
template <class T>
inline T shuffle_up(T value, int delta) {  // the lanes below delta keep their own
    const int from = simt::thread() % kWarp - delta;
    return shuffle(value, from < 0 ? simt::thread() % kWarp : from);
}
template <class T>
inline T shuffle_down(T value, int delta) {
    const int from = simt::thread() % kWarp + delta;
    return shuffle(value, from > 31 ? simt::thread() % kWarp : from);
}
inline u32 ballot(bool vote) { return simt::ballot(kAllLanes, vote); }

template <class T>
inline T* shared(std::size_t byte_offset) { return static_cast<T*>(simt::shared(byte_offset)); }

template <class Word>
inline Word load_word(const void* from) {
    Word word;
    simt::load(&word, from, sizeof word);
    return word;
}
template <class Word>
inline Word load_word_once(const void* from) { return load_word<Word>(from); }
template <class Word>
inline void store_word(void* to, Word word) { simt::store(to, &word, sizeof word); }

template <int Bytes>
inline void copy_async_first(void* to, const void* from, int count) { simt::copy_async(to, from, Bytes, count); }
inline void copy_async_commit() { simt::copy_async_commit(); }
template <int Left>
inline void copy_async_wait() { simt::copy_async_wait(Left); }

inline void ldmatrix_x4(u32 (&r)[4], const void* row) { simt::ldmatrix(r, 4, false, row); }
inline void ldmatrix_x2(u32 (&r)[2], const void* row) { simt::ldmatrix(r, 2, false, row); }
inline void ldmatrix_x4_trans(u32 (&r)[4], const void* row) { simt::ldmatrix(r, 4, true, row); }
inline void ldmatrix_x2_trans(u32 (&r)[2], const void* row) { simt::ldmatrix(r, 2, true, row); }

inline void mma_m16n8k16_f16(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    simt::mma_m16n8k16(simt::kF16, d, a, b);
}
inline void mma_m16n8k16_bf16(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    simt::mma_m16n8k16(simt::kBf16, d, a, b);
}
inline void mma_m16n8k8_tf32(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) { simt::mma_m16n8k8_tf32(d, a, b); }

template <class T>
inline T atomic_add(T* to, T value) {
    T old;
    simt::atomic(
        to, sizeof old,
        [](void* at, const void* by) { *static_cast<T*>(at) = static_cast<T>(*static_cast<T*>(at) + *static_cast<const T*>(by)); },
        &value, &old);
    return old;
}
template <class T>
inline T atomic_max(T* to, T value) {
    T old;
    simt::atomic(
        to, sizeof old,
        [](void* at, const void* by) {
            if (*static_cast<const T*>(by) > *static_cast<T*>(at)) *static_cast<T*>(at) = *static_cast<const T*>(by);
        },
        &value, &old);
    return old;
}
// The value before; `value` is stored where that was `expected`.
inline u32 atomic_swap_if(u32* to, u32 expected, u32 value) {
    struct Pair { u32 expected, value; };
    const Pair pair{expected, value};
    u32 old;
    simt::atomic(
        to, sizeof old,
        [](void* at, const void* by) {
            const Pair& p = *static_cast<const Pair*>(by);
            if (*static_cast<u32*>(at) == p.expected) *static_cast<u32*>(at) = p.value;
        },
        &pair, &old);
    return old;
}
inline void memory_fence() {}

#else

__device__ inline int thread() { return static_cast<int>(threadIdx.x); }
__device__ inline int threads() { return static_cast<int>(blockDim.x); }
__device__ inline int block() { return static_cast<int>(blockIdx.x); }
__device__ inline int grid() { return static_cast<int>(gridDim.x); }

// Every thread of the block comes here before any goes on; what they wrote is then seen by all.
__device__ inline void barrier() { __syncthreads(); }
// The same for `count` threads, a multiple of 32, at one of the barriers 1 … 15.
__device__ inline void barrier_named(int id, int count) { asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(count) : "memory"); }
// Counts as having come, without waiting.
__device__ inline void barrier_arrive(int id, int count) {
    asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(count) : "memory");
}
__device__ inline void warp_barrier() { __syncwarp(); }

// The value of another lane; all lanes of the warp take part.
template <class T>
__device__ inline T shuffle(T value, int lane) { return __shfl_sync(kAllLanes, value, lane); }
template <class T>
__device__ inline T shuffle_xor(T value, int mask) { return __shfl_xor_sync(kAllLanes, value, mask); }
template <class T>
__device__ inline T shuffle_up(T value, int delta) { return __shfl_up_sync(kAllLanes, value, delta); }
template <class T>
__device__ inline T shuffle_down(T value, int delta) { return __shfl_down_sync(kAllLanes, value, delta); }
__device__ inline u32 ballot(bool vote) { return __ballot_sync(kAllLanes, vote); }

template <class T>
__device__ inline T* shared(std::size_t byte_offset) {
    extern __shared__ __align__(1024) unsigned char lum_shared_memory[];
    return reinterpret_cast<T*>(lum_shared_memory + byte_offset);
}

template <class Word>
__device__ inline Word load_word(const void* from) { return *static_cast<const Word*>(from); }
template <class Word>
__device__ inline void store_word(void* to, Word word) { *static_cast<Word*>(to) = word; }
// For what is read once and by nobody else, weights: past the first-level cache. Nothing may write it during the kernel.
template <class Word>
__device__ inline Word load_word_once(const void* from) {
    if constexpr (sizeof(Word) == 16) {
        Word w;
        asm("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
            : "=r"(w.word[0]), "=r"(w.word[1]), "=r"(w.word[2]), "=r"(w.word[3])
            : "l"(__cvta_generic_to_global(from)));
        return w;
    } else {
        return load_word<Word>(from);
    }
}

__device__ inline u32 shared_address(const void* pointer) { return static_cast<u32>(__cvta_generic_to_shared(pointer)); }

// Bytes = 4, 8 or 16 to shared memory without waiting: the first `count` from global memory, the rest zeros.
template <int Bytes>
__device__ inline void copy_async_first(void* to, const void* from, int count) {
    if constexpr (Bytes == 16)
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(to)),
                     "l"(__cvta_generic_to_global(from)), "r"(count) : "memory");
    else
        asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(shared_address(to)),
                     "l"(__cvta_generic_to_global(from)), "n"(Bytes), "r"(count) : "memory");
}
__device__ inline void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Until at most Left of this thread's groups are under way; other threads see the data after a barrier.
template <int Left>
__device__ inline void copy_async_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(Left) : "memory"); }

// Matrices of 8 x 8 16-bit elements from shared memory: lanes 8 i … 8 i + 7 point to the 16-byte rows of matrix i. Lane l
// gets elements 2 (l % 4) and the next of row l / 4, of column l / 4 where transposed.
__device__ inline void ldmatrix_x4(u32 (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}
__device__ inline void ldmatrix_x2(u32 (&r)[2], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1]) : "r"(shared_address(row)) : "memory");
}
__device__ inline void ldmatrix_x4_trans(u32 (&r)[4], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(shared_address(row)) : "memory");
}
__device__ inline void ldmatrix_x2_trans(u32 (&r)[2], const void* row) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1]) : "r"(shared_address(row)) : "memory");
}

// D[16][8] += A[16][16] B[16][8] (A[16][8] B[8][8] for tf32), f32 sums, spread over the warp: with g = lane / 4 and
// t = lane % 4, d holds D[g][2t, 2t + 1], D[g + 8][2t, 2t + 1]; a holds pairs A[g][2t], A[g + 8][2t], A[g][2t + 8],
// A[g + 8][2t + 8]; b holds pairs down column g, B[2t][g] and B[2t + 8][g]. tf32: single elements A[g][t], A[g + 8][t],
// A[g][t + 4], A[g + 8][t + 4] and B[t][g], B[t + 4][g].
#define LUM_MMA(shape_and_types)                                                                              \
    asm volatile("mma.sync.aligned." shape_and_types                                                          \
                 " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"                           \
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])                                             \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
__device__ inline void mma_m16n8k16_f16(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    LUM_MMA("m16n8k16.row.col.f32.f16.f16.f32");
}
__device__ inline void mma_m16n8k16_bf16(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    LUM_MMA("m16n8k16.row.col.f32.bf16.bf16.f32");
}
__device__ inline void mma_m16n8k8_tf32(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    LUM_MMA("m16n8k8.row.col.f32.tf32.tf32.f32");
}
#undef LUM_MMA

// The value before.
__device__ inline float atomic_add(float* to, float value) { return atomicAdd(to, value); }
__device__ inline double atomic_add(double* to, double value) { return atomicAdd(to, value); }
__device__ inline i32 atomic_add(i32* to, i32 value) { return atomicAdd(to, value); }
__device__ inline u32 atomic_add(u32* to, u32 value) { return atomicAdd(to, value); }
__device__ inline u64 atomic_add(u64* to, u64 value) {
    return atomicAdd(reinterpret_cast<unsigned long long*>(to), static_cast<unsigned long long>(value));
}
__device__ inline i32 atomic_max(i32* to, i32 value) { return atomicMax(to, value); }
__device__ inline u32 atomic_max(u32* to, u32 value) { return atomicMax(to, value); }
// The value before; `value` is stored where that was `expected`.
__device__ inline u32 atomic_swap_if(u32* to, u32 expected, u32 value) { return atomicCAS(to, expected, value); }
// What this thread wrote before is seen by whoever sees what it writes after.
__device__ inline void memory_fence() { __threadfence(); }

#endif

__device__ inline int lane() { return thread() % kWarp; }
__device__ inline int warp() { return thread() / kWarp; }
__device__ inline int warps() { return threads() / kWarp; }
__device__ inline bool any(bool vote) { return ballot(vote) != 0; }
__device__ inline bool all(bool vote) { return ballot(vote) == kAllLanes; }

// All of it, or zeros and nothing read.
template <int Bytes>
__device__ inline void copy_async(void* to, const void* from, bool valid) {
    copy_async_first<Bytes>(to, from, valid ? Bytes : 0);
}
__device__ inline void copy_async16(void* to, const void* from, bool valid) { copy_async<16>(to, from, valid); }

}  // namespace lum
