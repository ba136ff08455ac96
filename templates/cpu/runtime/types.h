// Storage types. Arithmetic is always done in float: to_float() on load, from_float<T>() on store.
// The conversions are branch-free integer code, so loops over them vectorize; narrowing rounds to nearest even.
#pragma once

#include <cstdint>

namespace lum {

using i8 = std::int8_t;
using u8 = std::uint8_t;
using u16 = std::uint16_t;
using i32 = std::int32_t;
using u32 = std::uint32_t;
using i64 = std::int64_t;
using u64 = std::uint64_t;

struct bf16 { u16 bits; };   // 1 sign, 8 exponent, 7 mantissa
struct f16 { u16 bits; };    // 1 sign, 5 exponent, 10 mantissa
struct f8e4m3 { u8 bits; };  // no infinity, one NaN pattern, largest 448 (the "fn" variant)
struct f8e5m2 { u8 bits; };  // the upper byte of an f16

inline float float_from_bits(u32 bits) { return __builtin_bit_cast(float, bits); }
inline u32 bits_from_float(float value) { return __builtin_bit_cast(u32, value); }

inline float to_float(float value) { return value; }

inline float to_float(bf16 value) { return float_from_bits(static_cast<u32>(value.bits) << 16); }

// Exponent and mantissa are moved to where f32 has them; the multiplication corrects the exponent's bias
// and normalizes subnormals in the same step. Infinity and NaN then get the all-ones exponent back.
inline float to_float(f16 value) {
    const u32 magnitude = value.bits & 0x7fffu;
    const u32 sign = static_cast<u32>(value.bits & 0x8000u) << 16;
    const u32 scaled = bits_from_float(float_from_bits(magnitude << 13) * 0x1p112f);
    const u32 special = magnitude >= 0x7c00u ? 0x7f800000u : 0u;
    return float_from_bits(scaled | special | sign);
}

inline float to_float(f8e5m2 value) { return to_float(f16{static_cast<u16>(value.bits << 8)}); }

inline float to_float(f8e4m3 value) {
    const u32 magnitude = value.bits & 0x7fu;
    const u32 sign = static_cast<u32>(value.bits & 0x80u) << 24;
    const u32 scaled = bits_from_float(float_from_bits(magnitude << 20) * 0x1p120f);
    const u32 nan = magnitude == 0x7fu ? 0x7fc00000u : 0u;
    return float_from_bits(scaled | nan | sign);
}

// A truth value in memory, read as the byte that it is: compilers keep loops that read a bool out of vectors.
inline bool truth(const bool& value) { return reinterpret_cast<const u8&>(value) != 0; }

// A float's magnitude (sign bit clear) as an exponent of `Exponent` bits and a mantissa of `Mantissa` bits, rounded
// to nearest even. Too large a value yields a code out of range: the caller replaces it.
// Adding 2^(exponent + dropped bits) makes the FPU round at the right place; the sum's low bits are then the new
// mantissa. Below the smallest normal the exponent is held there, which yields the subnormals.
template <int Exponent, int Mantissa>
inline u32 narrow_magnitude(u32 magnitude) {
    constexpr u32 smallest_normal = (129u - (1u << (Exponent - 1))) << 23;
    constexpr u32 dropped = 23u - static_cast<u32>(Mantissa);
    u32 exponent = magnitude & 0x7f800000u;
    exponent = exponent < smallest_normal ? smallest_normal : exponent;
    const u32 magic = exponent + (dropped << 23);
    const u32 mantissa = bits_from_float(float_from_bits(magnitude) + float_from_bits(magic)) - magic;
    return mantissa + ((exponent - smallest_normal) >> dropped);
}

template <class T>
T from_float(float value);

template <>
inline float from_float<float>(float value) { return value; }

template <>
inline bf16 from_float<bf16>(float value) {
    const u32 bits = bits_from_float(value);
    const u32 rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    const u32 quiet = (bits >> 16) | 0x40u;
    return bf16{static_cast<u16>((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded)};
}

template <>
inline f16 from_float<f16>(float value) {
    const u32 bits = bits_from_float(value);
    const u32 magnitude = bits & 0x7fffffffu;
    const u32 sign = (bits >> 16) & 0x8000u;
    u32 half = narrow_magnitude<5, 10>(magnitude);
    half = magnitude >= 0x47800000u ? 0x7c00u : half;  // 65536 and above, infinity included
    half = magnitude > 0x7f800000u ? 0x7e00u : half;   // NaN
    return f16{static_cast<u16>(half | sign)};
}

template <>
inline f8e5m2 from_float<f8e5m2>(float value) {
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
inline f8e4m3 from_float<f8e4m3>(float value) {
    const u32 bits = bits_from_float(value);
    const u32 magnitude = bits & 0x7fffffffu;
    const u32 sign = (bits >> 24) & 0x80u;
    u32 code = narrow_magnitude<4, 3>(magnitude);
    code = magnitude >= 0x43f00000u ? 0x7fu : code;  // 480 and above; what lies above 464 rounds to 480, whose code is NaN's
    return f8e4m3{static_cast<u8>(code | sign)};
}

}  // namespace lum
