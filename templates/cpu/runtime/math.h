// Elementary functions without branches or calls (but for floor_mod), so that loops over them vectorize. Within 3 units
// in the last place of float, most within 1.5; infinities, zeros, overflow and NaN come out as in C's <cmath>.
//
// g++ needs -fno-trapping-math and -fno-math-errno for it; neither changes a result. Polynomials are minimax fits on
// the reduced interval, named beside each. The double overloads are <cmath>'s.
#pragma once

#include <cmath>

#include "types.h"

namespace lum {

inline float abs(float x) { return __builtin_fabsf(x); }
inline float sqrt(float x) { return __builtin_sqrtf(x); }
inline float floor(float x) { return __builtin_floorf(x); }
inline float ceil(float x) { return __builtin_ceilf(x); }
inline float round(float x) { return __builtin_rintf(x); }  // halves to even

// NaN if either is NaN.
inline float max(float a, float b) { return a > b || a != a ? a : b; }
inline float min(float a, float b) { return a < b || a != a ? a : b; }

// -1, 0, 1; zeros and NaN as they are.
inline float sign(float x) { return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x; }

// 2^n for -126 <= n <= 127, n in the low bits of a two's complement word.
inline float power_of_two(u32 n) { return float_from_bits((n + 127u) << 23); }

// x rounded to an integer, as a float and as the two's complement word, for |x| < 2^22: the sum's low mantissa bits
// are the integer.
struct Rounded {
    float value;
    u32 bits;
};
inline Rounded round_small(float x) {
    constexpr float magic = 0x1.8p23f;
    const float shifted = x + magic;
    return {shifted - magic, bits_from_float(shifted) - bits_from_float(magic)};
}

// value * 2^n in two steps, so that results beyond the exponent's range become infinity, subnormal or 0.
inline float scale(float value, u32 n) {
    const u32 half = static_cast<u32>(static_cast<i32>(n) >> 1);
    return value * power_of_two(half) * power_of_two(n - half);
}

// (e^r - 1 - r) / r^2 on |r| <= ln(2)/2.
inline float exp_tail(float r) {
    float p = 0x1.6a2352p-10f;
    p = p * r + 0x1.123a6cp-7f;
    p = p * r + 0x1.5558f4p-5f;
    p = p * r + 0x1.555490p-3f;
    return p * r + 0x1.fffffcp-2f;
}

constexpr float kLog2E = 0x1.715476p+0f;
constexpr float kLn2High = 0x1.62e400p-1f;  // few bits, so that n * kLn2High is exact
constexpr float kLn2Low = 0x1.7f7d1cp-20f;

inline float exp(float x) {
    x = x > 89.0f ? 89.0f : x;  // beyond: infinity
    x = x < -105.0f ? -105.0f : x;  // beyond: 0
    const Rounded n = round_small(x * kLog2E);
    const float r = (x - n.value * kLn2High) - n.value * kLn2Low;
    return scale(exp_tail(r) * (r * r) + r + 1.0f, n.bits);
}

inline float exp2(float x) {
    x = x > 129.0f ? 129.0f : x;
    x = x < -151.0f ? -151.0f : x;
    const Rounded n = round_small(x);
    const float r = x - n.value;
    // (2^r - 1) / r on |r| <= 1/2
    float p = 0x1.41fb2ep-13f;
    p = p * r + 0x1.5f3f30p-10f;
    p = p * r + 0x1.3b2d50p-7f;
    p = p * r + 0x1.c6aee6p-5f;
    p = p * r + 0x1.ebfbdcp-3f;
    p = p * r + 0x1.62e430p-1f;
    return scale(p * r + 1.0f, n.bits);
}

// e^x - 1 = 2^n (e^r - 1) + (2^n - 1), halved on the way to stay in range.
inline float expm1(float x) {
    const float clamped = x > 89.0f ? 89.0f : x < -20.0f ? -20.0f : x;
    const Rounded n = round_small(clamped * kLog2E);
    const float r = (clamped - n.value * kLn2High) - n.value * kLn2Low;
    const float half = power_of_two(n.bits - 1u);
    const float result = 2.0f * (half * (exp_tail(r) * (r * r) + r) + (half - 0.5f));
    return x == 0.0f ? x : result;
}

// x = 2^exponent * (1 + fraction), fraction in [sqrt(1/2) - 1, sqrt(2) - 1]; for positive finite x.
struct Split {
    float exponent, fraction;
};
inline Split split(float x) {
    const bool subnormal = x < 0x1p-126f;
    const u32 bits = bits_from_float(subnormal ? x * 0x1p24f : x);
    const u32 from_half = bits - 0x3f3504f3u;  // sqrt(1/2)
    const i32 exponent = static_cast<i32>(from_half) >> 23;
    const float mantissa = float_from_bits((from_half & 0x007fffffu) + 0x3f3504f3u);
    return {static_cast<float>(exponent) - (subnormal ? 24.0f : 0.0f), mantissa - 1.0f};
}

// log(1 + f) - f on the interval of Split.
inline float log_tail(float f) {
    float p = -0x1.38b582p-4f;
    p = p * f + 0x1.055b6cp-3f;
    p = p * f + -0x1.0d8542p-3f;
    p = p * f + 0x1.22da1cp-3f;
    p = p * f + -0x1.547244p-3f;
    p = p * f + 0x1.99a008p-3f;
    p = p * f + -0x1.000226p-2f;
    p = p * f + 0x1.555554p-2f;
    return (p * f - 0.5f) * (f * f);
}

// What a logarithm is outside of the positive finite numbers.
inline float log_special(float x, float regular) {
    regular = x == 0.0f ? -__builtin_inff() : regular;
    regular = x < 0.0f ? __builtin_nanf("") : regular;
    return x == __builtin_inff() || x != x ? x : regular;
}

inline float log(float x) {
    const Split s = split(x);
    return log_special(x, s.exponent * kLn2High + (s.fraction + (log_tail(s.fraction) + s.exponent * kLn2Low)));
}

inline float log2(float x) {
    const Split s = split(x);
    constexpr float low = 0x1.4ae0c0p-26f;  // log2(e) - kLog2E
    const float tail = log_tail(s.fraction);
    const float high = s.fraction * kLog2E;
    return log_special(x, s.exponent + (high + (tail * kLog2E + s.fraction * low)));
}

// log of u = 1 + x rounded, and what the rounding lost.
inline float log1p(float x) {
    const float u = 1.0f + x;
    const float lost = x - (u - 1.0f);
    const float result = log(u) + (u > 0.0f ? lost / u : 0.0f);
    return x == __builtin_inff() || x == 0.0f ? x : result;
}

// e^-|x| never overflows.
inline float sigmoid(float x) {
    const float e = exp(-abs(x));
    const float numerator = x < 0.0f ? e : 1.0f;
    return x != x ? x : numerator / (1.0f + e);
}

inline float tanh(float x) {
    const float size = abs(x);
    const float e = exp(-2.0f * size);
    const float large = (1.0f - e) / (1.0f + e);
    // tanh(x) = x + x^3 P(x^2) on |x| < 0.625, where the quotient would cancel
    const float square = x * x;
    float p = -0x1.75e1cep-8f;
    p = p * square + 0x1.52269cp-6f;
    p = p * square + -0x1.b83c5ap-5f;
    p = p * square + 0x1.110726p-3f;
    p = p * square + -0x1.555532p-2f;
    const float small = size + size * square * p;
    return __builtin_copysignf(size < 0.625f ? small : large, x);
}

inline float erf(float x) {
    const float size = abs(x);
    // x P(x^2) on |x| < 1
    const float square = x * x;
    float p = 0x1.496a58p-14f;
    p = p * square + -0x1.a3f710p-11f;
    p = p * square + 0x1.5405b4p-8f;
    p = p * square + -0x1.b7f90ep-6f;
    p = p * square + 0x1.ce2cf8p-4f;
    p = p * square + -0x1.81273ep-2f;
    p = p * square + 0x1.20dd74p+0f;
    // 1 - exp(-x Q(x)) on 1 <= x <= 4; beyond, 1
    const float t = size > 4.0f ? 4.0f : size;
    float q = 0x1.08dc9ep-18f;
    q = q * t + -0x1.178db4p-15f;
    q = q * t + -0x1.da1698p-14f;
    q = q * t + 0x1.976fdep-9f;
    q = q * t + -0x1.784fbcp-6f;
    q = q * t + 0x1.b0526ap-4f;
    q = q * t + 0x1.455d0ap-1f;
    q = q * t + 0x1.20eaf0p+0f;
    const float large = 1.0f - exp(-t * q);
    const float result = size < 1.0f ? size * p : large;
    return __builtin_copysignf(x != x ? x : result, x);
}

// x less a multiple of pi/2, and that multiple modulo 4. In double, so that it holds for angles up to 1e9; a larger one
// gives some value between -1 and 1.
struct Quadrant {
    float angle;
    u32 turns;
};
inline Quadrant quadrant(float x) {
    constexpr double magic = 0x1.8p52;
    const double shifted = static_cast<double>(x) * 0x1.45f306dc9c883p-1 + magic;
    const double n = shifted - magic;
    // pi/2 in two parts, the first short enough for an exact product.
    const double r = (static_cast<double>(x) - n * 0x1.921fb5p+0) - n * 0x1.110b4611a6263p-26;
    const double bounded = r > 0.8 ? 0.8 : r < -0.8 ? -0.8 : r;
    return {static_cast<float>(bounded), static_cast<u32>(__builtin_bit_cast(u64, shifted))};
}

// sin and cos on |r| <= pi/4
inline float sin_small(float r) {
    const float square = r * r;
    float p = 0x1.6cd19ep-19f;
    p = p * square + -0x1.a00f7ep-13f;
    p = p * square + 0x1.111108p-7f;
    p = p * square + -0x1.555556p-3f;
    return r + r * square * p;
}
inline float cos_small(float r) {
    const float square = r * r;
    float p = 0x1.99eb32p-16f;
    p = p * square + -0x1.6c0c32p-10f;
    p = p * square + 0x1.55554ap-5f;
    return 1.0f + square * (square * p - 0.5f);
}

inline float turned(Quadrant q, u32 turns) {
    const float value = (turns & 1u) != 0 ? cos_small(q.angle) : sin_small(q.angle);
    return float_from_bits(bits_from_float(value) ^ ((turns & 2u) << 30));
}
inline float sin(float x) {
    const Quadrant q = quadrant(x);
    return x == 0.0f ? x : turned(q, q.turns);
}
inline float cos(float x) {
    const Quadrant q = quadrant(x);
    return turned(q, q.turns + 1u);
}

// a to the power b through double, whose spare bits absorb the multiplication by b.
inline float pow(float a, float b) {
    const double size = static_cast<double>(abs(a));
    const u64 bits = __builtin_bit_cast(u64, size);
    const u64 from_half = bits - 0x3fe6a09e667f3bcdu;  // sqrt(1/2)
    const double mantissa = __builtin_bit_cast(double, (from_half & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu);
    // The exponent as a double: its biased bits placed in the mantissa of 2^52.
    const double exponent =
        __builtin_bit_cast(double, 0x4330000000000000u | ((from_half + 0x4000000000000000u) >> 52)) - (0x1p52 + 1024.0);
    // log(m) = 2 artanh((m - 1) / (m + 1)), by its series
    const double s = (mantissa - 1.0) / (mantissa + 1.0);
    const double square = s * s;
    double p = 1.0 / 13.0;
    p = p * square + 1.0 / 11.0;
    p = p * square + 1.0 / 9.0;
    p = p * square + 1.0 / 7.0;
    p = p * square + 1.0 / 5.0;
    p = p * square + 1.0 / 3.0;
    double log2_size = exponent + (s + s * square * p) * 2.8853900817779268;
    log2_size = size == 0.0 ? -__builtin_inf() : log2_size;
    log2_size = size == __builtin_inf() || a != a ? size : log2_size;

    double power = static_cast<double>(b) * log2_size;
    power = power > 300.0 ? 300.0 : power;
    power = power < -300.0 ? -300.0 : power;
    const double shifted = power + 0x1.8p52;
    const double r = (power - (shifted - 0x1.8p52)) * 0.69314718055994531;
    double q = 1.0 / 362880.0;
    q = q * r + 1.0 / 40320.0;
    q = q * r + 1.0 / 5040.0;
    q = q * r + 1.0 / 720.0;
    q = q * r + 1.0 / 120.0;
    q = q * r + 1.0 / 24.0;
    q = q * r + 1.0 / 6.0;
    q = q * r + 0.5;
    q = q * r + 1.0;
    q = q * r + 1.0;
    const double two_to_n = __builtin_bit_cast(double, (__builtin_bit_cast(u64, shifted) + 1023u) << 52);
    float result = static_cast<float>(q * two_to_n);

    const bool whole = floor(b) == b;
    const bool odd = whole && floor(b * 0.5f) != b * 0.5f;
    const bool negative = bits_from_float(a) >> 31 != 0;
    result = negative && odd ? -result : result;
    result = negative && !whole && a > -__builtin_inff() && a < 0.0f ? __builtin_nanf("") : result;
    result = a == -1.0f && abs(b) == __builtin_inff() ? 1.0f : result;
    return a == 1.0f || b == 0.0f ? 1.0f : result;
}

// floor(a / b); the quotient in double, so that it doesn't round up to the next integer.
inline float floor_div(float a, float b) {
    return static_cast<float>(__builtin_floor(static_cast<double>(a) / static_cast<double>(b)));
}

// a - b * floor(a / b), with b's sign; NaN for b = 0. Exact, at the price of a call.
inline float floor_mod(float a, float b) {
    const float rest = __builtin_fmodf(a, b);
    return rest != 0.0f && (rest < 0.0f) != (b < 0.0f) ? rest + b : rest;
}

inline double abs(double x) { return std::fabs(x); }
inline double sqrt(double x) { return std::sqrt(x); }
inline double floor(double x) { return std::floor(x); }
inline double ceil(double x) { return std::ceil(x); }
inline double round(double x) { return std::nearbyint(x); }
inline double max(double a, double b) { return a > b || a != a ? a : b; }
inline double min(double a, double b) { return a < b || a != a ? a : b; }
inline double sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x; }

// Folds of loops over lanes. OpenMP's own max and min lose a NaN where the lanes meet.
#pragma omp declare reduction(greatest : float, double : omp_out = max(omp_out, omp_in)) initializer(omp_priv = -INFINITY)
#pragma omp declare reduction(least : float, double : omp_out = min(omp_out, omp_in)) initializer(omp_priv = INFINITY)

inline double exp(double x) { return std::exp(x); }
inline double exp2(double x) { return std::exp2(x); }
inline double expm1(double x) { return std::expm1(x); }
inline double log(double x) { return std::log(x); }
inline double log2(double x) { return std::log2(x); }
inline double log1p(double x) { return std::log1p(x); }
inline double tanh(double x) { return std::tanh(x); }
inline double erf(double x) { return std::erf(x); }
inline double sin(double x) { return std::sin(x); }
inline double cos(double x) { return std::cos(x); }
inline double pow(double a, double b) { return std::pow(a, b); }
inline double floor_div(double a, double b) { return std::floor(a / b); }
inline double floor_mod(double a, double b) {
    const double rest = std::fmod(a, b);
    return rest != 0.0 && (rest < 0.0) != (b < 0.0) ? rest + b : rest;
}
inline double sigmoid(double x) {
    const double e = std::exp(-std::fabs(x));
    return (x < 0.0 ? e : 1.0) / (1.0 + e);
}

// The order of argmax and argmin: a later value takes the best one's place. NaN ranks first either way.
template <class T>
inline bool ranks_above(T candidate, T best) { return candidate > best || (candidate != candidate && best == best); }
template <class T>
inline bool ranks_below(T candidate, T best) { return candidate < best || (candidate != candidate && best == best); }

}  // namespace lum
