// Integer arithmetic defined for all operands: it wraps, division by zero has a result, and so has every conversion.
#pragma once

#include <type_traits>

#include "types.cuh"

namespace lum {

template <class T>
using Unsigned = std::make_unsigned_t<T>;

template <class T>
__device__ inline T wrapping_add(T a, T b) { return static_cast<T>(static_cast<Unsigned<T>>(a) + static_cast<Unsigned<T>>(b)); }
template <class T>
__device__ inline T wrapping_sub(T a, T b) { return static_cast<T>(static_cast<Unsigned<T>>(a) - static_cast<Unsigned<T>>(b)); }
template <class T>
__device__ inline T wrapping_mul(T a, T b) { return static_cast<T>(static_cast<Unsigned<T>>(a) * static_cast<Unsigned<T>>(b)); }
template <class T>
__device__ inline T wrapping_neg(T a) { return static_cast<T>(Unsigned<T>{0} - static_cast<Unsigned<T>>(a)); }

template <class T>
using IfInteger = std::enable_if_t<std::is_integral_v<T>, T>;

// The least integer stays itself.
template <class T>
__device__ inline IfInteger<T> abs(T a) { return a < 0 ? wrapping_neg(a) : a; }
template <class T>
__device__ inline IfInteger<T> sign(T a) { return static_cast<T>((a > 0) - (a < 0)); }
template <class T>
__device__ inline IfInteger<T> max(T a, T b) { return a > b ? a : b; }
template <class T>
__device__ inline IfInteger<T> min(T a, T b) { return a < b ? a : b; }

// floor(a / b); 0 for b = 0.
template <class T>
__device__ inline IfInteger<T> floor_div(T a, T b) {
    if (b == 0) return 0;
    if (b == -1) return wrapping_neg(a);  // the least integer has no quotient by -1
    const T quotient = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

// a - b * floor(a / b), with b's sign; a for b = 0.
template <class T>
__device__ inline IfInteger<T> floor_mod(T a, T b) {
    if (b == 0) return a;
    if (b == -1) return 0;
    const T rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

// A float without its fraction, held within the range of T; NaN becomes 0.
template <class T, class Float>
__device__ inline T to_integer(Float x) {
    constexpr bool is_signed = static_cast<T>(-1) < T{0};
    constexpr T greatest = static_cast<T>(static_cast<Unsigned<T>>(~Unsigned<T>{0}) >> (is_signed ? 1 : 0));
    constexpr T least = static_cast<T>(is_signed ? -greatest - 1 : 0);
    constexpr Float low = static_cast<Float>(least);
    constexpr Float end = static_cast<Float>(greatest / 2 + 1) * 2;  // 2^n, which is exact where 2^n - 1 is not
    return x >= end ? greatest : x > low ? static_cast<T>(x) : x == x ? least : T{0};
}

// 0 where b is negative or at least the width.
template <class T>
__device__ inline T shift_left(T a, T b) {
    constexpr T width = sizeof(T) * 8;
    return b < 0 || b >= width ? 0 : static_cast<T>(static_cast<Unsigned<T>>(a) << b);
}

// Keeps the sign; only the sign where b is negative or at least the width.
template <class T>
__device__ inline T shift_right(T a, T b) {
    constexpr T width = sizeof(T) * 8;
    return a >> (b < 0 || b >= width ? width - 1 : b);
}

// a^b wrapping; a negative b truncates 1 / a^-b, and 0 gives 0.
template <class T>
__device__ inline IfInteger<T> pow(T a, T b) {
    if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 == 0 ? 1 : -1) : 0;
    T result = 1;
    for (T square = a; b > 0; b /= 2, square = wrapping_mul(square, square))
        if (b % 2 != 0) result = wrapping_mul(result, square);
    return result;
}

}  // namespace lum
