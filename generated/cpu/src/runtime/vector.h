// One vector of floats, as wide as the target's registers, and its loads from every storage type.
#pragma once

#include "types.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace lum {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

typedef float vfloat __attribute__((vector_size(kLanes * 4)));
typedef float vfloat_unaligned __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));
typedef u32 vu32 __attribute__((vector_size(kLanes * 4)));

inline vfloat load(const float* from) { return *reinterpret_cast<const vfloat_unaligned*>(from); }

// bf16 and f16 through the widening instructions; the zero-masked forms of AVX-512 because g++ 12 takes the plain
// ones for reads of an uninitialized register.
#if defined(__AVX512F__)
inline vfloat load(const bf16* from) {
    const __m256i raw = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return reinterpret_cast<vfloat>(reinterpret_cast<vu32>(_mm512_maskz_cvtepu16_epi32(0xffff, raw)) << 16);
}
inline vfloat load(const f16* from) {
    const __m256i raw = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return reinterpret_cast<vfloat>(_mm512_maskz_cvtph_ps(0xffff, raw));
}
#elif defined(__AVX2__) && defined(__F16C__)
inline vfloat load(const bf16* from) {
    const __m128i raw = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    return reinterpret_cast<vfloat>(_mm256_slli_epi32(_mm256_cvtepu16_epi32(raw), 16));
}
inline vfloat load(const f16* from) {
    return reinterpret_cast<vfloat>(_mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
}
#elif defined(__aarch64__)
inline vfloat load(const bf16* from) {
    typedef u16 vraw __attribute__((vector_size(8), aligned(2), may_alias));
    return reinterpret_cast<vfloat>(__builtin_convertvector(*reinterpret_cast<const vraw*>(from), vu32) << 16);
}
inline vfloat load(const f16* from) {
    typedef __fp16 vraw __attribute__((vector_size(8), aligned(2), may_alias));
    return __builtin_convertvector(*reinterpret_cast<const vraw*>(from), vfloat);
}
#endif

typedef float vquad __attribute__((vector_size(16)));
typedef float vquad_unaligned __attribute__((vector_size(16), aligned(4), may_alias));

// Four floats, whatever the width of the registers.
inline vquad load_quad(const float* from) { return *reinterpret_cast<const vquad_unaligned*>(from); }
inline void store_quad(float* to, vquad value) { *reinterpret_cast<vquad_unaligned*>(to) = value; }
#if defined(__AVX2__) && defined(__F16C__)
inline vquad load_quad(const bf16* from) {
    const __m128i raw = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
    return reinterpret_cast<vquad>(_mm_slli_epi32(_mm_cvtepu16_epi32(raw), 16));
}
inline vquad load_quad(const f16* from) {
    return reinterpret_cast<vquad>(_mm_cvtph_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
}
#endif
template <class T>
inline vquad load_quad(const T* from) {
    return vquad{to_float(from[0]), to_float(from[1]), to_float(from[2]), to_float(from[3])};
}

// Types without an instruction of their own are converted lane by lane.
template <class T>
inline vfloat load(const T* from) {
    float lanes[kLanes];
    for (int i = 0; i < kLanes; ++i) lanes[i] = to_float(from[i]);
    return load(lanes);
}

inline void store(float* to, vfloat value) { *reinterpret_cast<vfloat_unaligned*>(to) = value; }

// The even lanes of a followed by b.
inline vfloat even_lanes(vfloat a, vfloat b) {
#if defined(__AVX512F__)
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
#elif defined(__AVX__)
    return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
#else
    return __builtin_shufflevector(a, b, 0, 2, 4, 6);
#endif
}

// The lanes of even and odd in turn, to[0] being even's first.
inline void store_interleaved(float* to, vfloat even, vfloat odd) {
#if defined(__AVX512F__)
    store(to, __builtin_shufflevector(even, odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    store(to + kLanes, __builtin_shufflevector(even, odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
#elif defined(__AVX__)
    store(to, __builtin_shufflevector(even, odd, 0, 8, 1, 9, 2, 10, 3, 11));
    store(to + kLanes, __builtin_shufflevector(even, odd, 4, 12, 5, 13, 6, 14, 7, 15));
#else
    store(to, __builtin_shufflevector(even, odd, 0, 4, 1, 5));
    store(to + kLanes, __builtin_shufflevector(even, odd, 2, 6, 3, 7));
#endif
}

// Lanes 4q + i of `columns[s]` = element s of quads[q of kLanes / 4][i], so that kLanes quads become four vectors.
inline void transpose_quads(const vquad quads[kLanes], vfloat columns[4]) {
#if defined(__AVX512F__)
    vfloat rows[4];
    for (int i = 0; i < 4; ++i) {
        typedef float vhalf __attribute__((vector_size(32)));
        const vhalf low = __builtin_shufflevector(quads[i], quads[4 + i], 0, 1, 2, 3, 4, 5, 6, 7);
        const vhalf high = __builtin_shufflevector(quads[8 + i], quads[12 + i], 0, 1, 2, 3, 4, 5, 6, 7);
        rows[i] = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    }
#define LUM_IN_QUADS(a, b, i, j, k, l)                                                                                  \
    __builtin_shufflevector(a, b, i, j, k, l, i + 4, j + 4, k + 4, l + 4, i + 8, j + 8, k + 8, l + 8, i + 12, j + 12, k + 12, \
                            l + 12)
#elif defined(__AVX__)
    vfloat rows[4];
    for (int i = 0; i < 4; ++i) rows[i] = __builtin_shufflevector(quads[i], quads[4 + i], 0, 1, 2, 3, 4, 5, 6, 7);
#define LUM_IN_QUADS(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l, i + 4, j + 4, k + 4, l + 4)
#else
    const vquad* rows = quads;
#define LUM_IN_QUADS(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#endif
    constexpr int second = kLanes;  // the first lane of the second vector
    const vfloat ab_low = LUM_IN_QUADS(rows[0], rows[1], 0, second, 1, second + 1);
    const vfloat ab_high = LUM_IN_QUADS(rows[0], rows[1], 2, second + 2, 3, second + 3);
    const vfloat cd_low = LUM_IN_QUADS(rows[2], rows[3], 0, second, 1, second + 1);
    const vfloat cd_high = LUM_IN_QUADS(rows[2], rows[3], 2, second + 2, 3, second + 3);
    columns[0] = LUM_IN_QUADS(ab_low, cd_low, 0, 1, second, second + 1);
    columns[1] = LUM_IN_QUADS(ab_low, cd_low, 2, 3, second + 2, second + 3);
    columns[2] = LUM_IN_QUADS(ab_high, cd_high, 0, 1, second, second + 1);
    columns[3] = LUM_IN_QUADS(ab_high, cd_high, 2, 3, second + 2, second + 3);
#undef LUM_IN_QUADS
}

// Lanes [begin, end) of a vector, to load without touching the memory of the other lanes, which become 0.
struct LaneRange {
    LaneRange() = default;
    LaneRange(i64 from, i64 to) : begin(within(from)), end(within(to)) {
        for (int i = 0; i < kLanes; ++i) mask[i] = i >= begin && i < end ? ~0u : 0u;
    }
    int begin, end;
    vu32 mask;

private:
    static int within(i64 lane) { return lane < 0 ? 0 : lane > kLanes ? kLanes : static_cast<int>(lane); }
};

template <class T>
inline vfloat load_lanes(const T* from, const LaneRange& lanes) {
    float values[kLanes] = {};
    for (int i = lanes.begin; i < lanes.end; ++i) values[i] = to_float(from[i]);
    return load(values);
}
#if defined(__AVX2__) && !defined(__AVX512F__)
inline vfloat load_lanes(const float* from, const LaneRange& lanes) {
    return reinterpret_cast<vfloat>(_mm256_maskload_ps(from, reinterpret_cast<__m256i>(lanes.mask)));
}
#elif defined(__AVX512F__)
inline vfloat load_lanes(const float* from, const LaneRange& lanes) {
    const u32 mask = ((1u << lanes.end) - 1u) & ~((1u << lanes.begin) - 1u);
    return reinterpret_cast<vfloat>(_mm512_maskz_loadu_ps(static_cast<__mmask16>(mask), from));
}
#endif

inline float sum_lanes(vfloat value) {
    float lanes[kLanes];
    store(lanes, value);
    vquad total = load_quad(lanes);
    for (int i = 4; i < kLanes; i += 4) total = total + load_quad(lanes + i);
    return (total[0] + total[2]) + (total[1] + total[3]);
}

// The sums of several vectors' lanes, the first vector's in the first lane.
inline vfloat sums_of_lanes(const vfloat (&values)[kLanes]) {
#if defined(__AVX__) && !defined(__AVX512F__)
    const vfloat low = _mm256_hadd_ps(_mm256_hadd_ps(values[0], values[1]), _mm256_hadd_ps(values[2], values[3]));
    const vfloat high = _mm256_hadd_ps(_mm256_hadd_ps(values[4], values[5]), _mm256_hadd_ps(values[6], values[7]));
    return reinterpret_cast<vfloat>(_mm256_permute2f128_ps(low, high, 0x20)) + reinterpret_cast<vfloat>(_mm256_permute2f128_ps(low, high, 0x31));
#else
    float sums[kLanes];
    for (int i = 0; i < kLanes; ++i) sums[i] = sum_lanes(values[i]);
    return load(sums);
#endif
}

inline float max_lanes(vfloat value) {
    float largest = value[0];
    for (int i = 1; i < kLanes; ++i) largest = value[i] > largest ? value[i] : largest;
    return largest;
}

}  // namespace lum
