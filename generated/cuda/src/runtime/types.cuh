// Storage types. Arithmetic is done in float: to_float() on load, from_float<T>() on store; narrowing rounds to nearest
// even. The same names and layouts as on the host.
#pragma once

#include "lum_device.cuh"

namespace lum {

struct bf16 { u16 bits; };   // 1 sign, 8 exponent, 7 mantissa
struct f16 { u16 bits; };    // 1 sign, 5 exponent, 10 mantissa
struct f8e4m3 { u8 bits; };  // no infinity, one NaN pattern, largest 448 (the "fn" variant)
struct f8e5m2 { u8 bits; };  // the upper byte of an f16

__device__ inline float float_from_bits(u32 bits) { return __builtin_bit_cast(float, bits); }
__device__ inline u32 bits_from_float(float value) { return __builtin_bit_cast(u32, value); }

__device__ inline float to_float(float value) { return value; }

__device__ inline float to_float(bf16 value) { return float_from_bits(static_cast<u32>(value.bits) << 16); }

__device__ inline float to_float(f16 value) {
#if defined(LUM_SIMT)
    // Exponent and mantissa moved to where f32 has them; the multiplication corrects the exponent's bias and
    // normalizes subnormals. Infinity and NaN then get the all-ones exponent back.
    const u32 magnitude = value.bits & 0x7fffu;
    const u32 sign = static_cast<u32>(value.bits & 0x8000u) << 16;
    const u32 scaled = bits_from_float(float_from_bits(magnitude << 13) * 0x1p112f);
    const u32 special = magnitude >= 0x7c00u ? 0x7f800000u : 0u;
    return float_from_bits(scaled | special | sign);
#else
    float result;
    asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(value.bits));
    return result;
#endif
}

__device__ inline float to_float(f8e5m2 value) { return to_float(f16{static_cast<u16>(value.bits << 8)}); }

__device__ inline float to_float(f8e4m3 value) {
    const u32 magnitude = value.bits & 0x7fu;
    const u32 sign = static_cast<u32>(value.bits & 0x80u) << 24;
    const u32 scaled = bits_from_float(float_from_bits(magnitude << 20) * 0x1p120f);
    const u32 nan = magnitude == 0x7fu ? 0x7fc00000u : 0u;
    return float_from_bits(scaled | nan | sign);
}

// A float's magnitude (sign bit clear) as an exponent of `Exponent` bits and a mantissa of `Mantissa` bits, rounded to
// nearest even. Too large a value yields a code out of range: the caller replaces it. Adding 2^(exponent + dropped bits)
// makes the hardware round at the right place; the sum's low bits are then the new mantissa. Below the smallest normal
// the exponent is held there, which yields the subnormals.
template <int Exponent, int Mantissa>
__device__ inline u32 narrow_magnitude(u32 magnitude) {
    constexpr u32 smallest_normal = (129u - (1u << (Exponent - 1))) << 23;
    constexpr u32 dropped = 23u - static_cast<u32>(Mantissa);
    u32 exponent = magnitude & 0x7f800000u;
    exponent = exponent < smallest_normal ? smallest_normal : exponent;
    const u32 magic = exponent + (dropped << 23);
    const u32 mantissa = bits_from_float(float_from_bits(magnitude) + float_from_bits(magic)) - magic;
    return mantissa + ((exponent - smallest_normal) >> dropped);
}

template <class T>
__device__ T from_float(float value);

template <>
__device__ inline float from_float<float>(float value) { return value; }

template <>
__device__ inline bf16 from_float<bf16>(float value) {
#if defined(LUM_SIMT)
    const u32 bits = bits_from_float(value);
    const u32 rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    const u32 quiet = (bits >> 16) | 0x40u;
    return bf16{static_cast<u16>((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded)};
#else
    bf16 result;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result.bits) : "f"(value));
    return result;
#endif
}

template <>
__device__ inline f16 from_float<f16>(float value) {
#if defined(LUM_SIMT)
    const u32 bits = bits_from_float(value);
    const u32 magnitude = bits & 0x7fffffffu;
    const u32 sign = (bits >> 16) & 0x8000u;
    u32 half = narrow_magnitude<5, 10>(magnitude);
    half = magnitude >= 0x47800000u ? 0x7c00u : half;  // 65536 and above, infinity included
    half = magnitude > 0x7f800000u ? 0x7e00u : half;   // NaN
    return f16{static_cast<u16>(half | sign)};
#else
    f16 result;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result.bits) : "f"(value));
    return result;
#endif
}

template <>
__device__ inline f8e5m2 from_float<f8e5m2>(float value) {
    const u32 bits = bits_from_float(value);
    const u32 magnitude = bits & 0x7fffffffu;
    const u32 sign = (bits >> 24) & 0x80u;
    u32 code = narrow_magnitude<5, 2>(magnitude);
    code = magnitude >= 0x47800000u ? 0x7cu : code;
    code = magnitude > 0x7f800000u ? 0x7fu : code;
    return f8e5m2{static_cast<u8>(code | sign)};
}

// Beyond 448 there is nothing but NaN: no saturation, as in the OCP format's non-saturating mode.
template <>
__device__ inline f8e4m3 from_float<f8e4m3>(float value) {
    const u32 bits = bits_from_float(value);
    const u32 magnitude = bits & 0x7fffffffu;
    const u32 sign = (bits >> 24) & 0x80u;
    u32 code = narrow_magnitude<4, 3>(magnitude);
    code = magnitude >= 0x43f00000u ? 0x7fu : code;  // 480 and above; what lies above 464 rounds to 480, whose code is NaN's
    return f8e4m3{static_cast<u8>(code | sign)};
}

// Two values side by side as the tensor core reads them, the first in the low half.
template <class T>
__device__ inline u32 pack_pair(float low, float high) {
    return static_cast<u32>(from_float<T>(low).bits) | static_cast<u32>(from_float<T>(high).bits) << 16;
}

// float rounded to the 10 mantissa bits that the tensor core reads of it, halves away from zero.
__device__ inline u32 to_tf32(float value) {
#if defined(LUM_SIMT)
    return (bits_from_float(value) + 0x1000u) & 0xffffe000u;
#else
    u32 result;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(result) : "f"(value));
    return result;
#endif
}

}  // namespace lum
