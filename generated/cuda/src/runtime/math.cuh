// Elementary functions under the names of the host's math.h. Without fast-math flags: within 2 units in the last place
// of float, infinities, zeros and NaN as in C's <cmath>.
#pragma once

#include <cmath>

#include "types.cuh"

namespace lum {

__device__ inline float abs(float x) { return ::fabsf(x); }
__device__ inline float sqrt(float x) { return ::sqrtf(x); }
__device__ inline float floor(float x) { return ::floorf(x); }
__device__ inline float ceil(float x) { return ::ceilf(x); }
__device__ inline float round(float x) { return ::rintf(x); }  // halves to even

// NaN if either is NaN.
__device__ inline float max(float a, float b) { return a > b || a != a ? a : b; }
__device__ inline float min(float a, float b) { return a < b || a != a ? a : b; }

// -1, 0, 1; zeros and NaN as they are.
__device__ inline float sign(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x; }

__device__ inline float exp(float x) { return ::expf(x); }
__device__ inline float exp2(float x) { return ::exp2f(x); }
__device__ inline float expm1(float x) { return ::expm1f(x); }
__device__ inline float log(float x) { return ::logf(x); }
__device__ inline float log2(float x) { return ::log2f(x); }
__device__ inline float log1p(float x) { return ::log1pf(x); }
__device__ inline float tanh(float x) { return ::tanhf(x); }
__device__ inline float erf(float x) { return ::erff(x); }
__device__ inline float sin(float x) { return ::sinf(x); }
__device__ inline float cos(float x) { return ::cosf(x); }
__device__ inline float pow(float a, float b) { return ::powf(a, b); }

// e^-|x| never overflows.
__device__ inline float sigmoid(float x) {
    const float e = exp(-abs(x));
    const float numerator = x < 0.0f ? e : 1.0f;
    return x != x ? x : numerator / (1.0f + e);
}

// 2^x to about 2 units in the last place, for x <= 0 as in a softmax: one instruction.
__device__ inline float exp2_fast(float x) {
#if defined(LUM_SIMT)
    return ::exp2f(x);
#else
    float result;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
    return result;
#endif
}
constexpr float kLog2E = 0x1.715476p+0f;

// floor(a / b); the quotient in double, so that it doesn't round up to the next integer.
__device__ inline float floor_div(float a, float b) {
    return static_cast<float>(::floor(static_cast<double>(a) / static_cast<double>(b)));
}

// a - b * floor(a / b), with b's sign; NaN for b = 0.
__device__ inline float floor_mod(float a, float b) {
    const float rest = ::fmodf(a, b);
    return rest != 0.0f && (rest < 0.0f) != (b < 0.0f) ? rest + b : rest;
}

__device__ inline double abs(double x) { return ::fabs(x); }
__device__ inline double sqrt(double x) { return ::sqrt(x); }
__device__ inline double floor(double x) { return ::floor(x); }
__device__ inline double ceil(double x) { return ::ceil(x); }
__device__ inline double round(double x) { return ::rint(x); }
__device__ inline double max(double a, double b) { return a > b || a != a ? a : b; }
__device__ inline double min(double a, double b) { return a < b || a != a ? a : b; }
__device__ inline double sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x; }
__device__ inline double exp(double x) { return ::exp(x); }
__device__ inline double exp2(double x) { return ::exp2(x); }
__device__ inline double expm1(double x) { return ::expm1(x); }
__device__ inline double log(double x) { return ::log(x); }
__device__ inline double log2(double x) { return ::log2(x); }
__device__ inline double log1p(double x) { return ::log1p(x); }
__device__ inline double tanh(double x) { return ::tanh(x); }
__device__ inline double erf(double x) { return ::erf(x); }
__device__ inline double sin(double x) { return ::sin(x); }
__device__ inline double cos(double x) { return ::cos(x); }
__device__ inline double pow(double a, double b) { return ::pow(a, b); }
__device__ inline double floor_div(double a, double b) { return ::floor(a / b); }
__device__ inline double floor_mod(double a, double b) {
    const double rest = ::fmod(a, b);
    return rest != 0.0 && (rest < 0.0) != (b < 0.0) ? rest + b : rest;
}
__device__ inline double sigmoid(double x) {
    const double e = ::exp(-::fabs(x));
    return (x < 0.0 ? e : 1.0) / (1.0 + e);
}

// The order of argmax and argmin: a later value takes the best one's place. NaN ranks first either way.
template <class T>
__device__ inline bool ranks_above(T candidate, T best) { return candidate > best || (candidate != candidate && best == best); }
template <class T>
__device__ inline bool ranks_below(T candidate, T best) { return candidate < best || (candidate != candidate && best == best); }

}  // namespace lum
