// Conversion of stored weights among f64, f32, f16 and bf16, rounding to nearest even.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <type_traits>

#include "dtype.h"
#include "parallel.h"

namespace lum {

inline bool is_convertible(DType dtype) {
    return dtype == DType::f64 || dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

// To float so that rounding once more, to a narrower type, gives what rounding the double once would have: an inexact
// result becomes the neighbour nearer to zero with its last bit set, which lies on the double's side of every tie.
inline float round_to_odd(double value) {
    const float rounded = static_cast<float>(value);
    const double back = rounded;
    if (back == value || value != value) return rounded;
    const bool away_from_zero = value < 0 ? back < value : back > value;
    return float_from_bits((bits_from_float(rounded) - (away_from_zero ? 1u : 0u)) | 1u);
}

template <class To, class From>
inline To convert_value(From value) {
    if constexpr (std::is_same_v<From, To>) {
        return value;
    } else if constexpr (std::is_same_v<From, double> && std::is_same_v<To, float>) {
        return static_cast<float>(value);
    } else if constexpr (std::is_same_v<From, double>) {
        return from_float<To>(round_to_odd(value));
    } else if constexpr (std::is_same_v<To, double>) {
        return static_cast<double>(to_float(value));
    } else {
        return from_float<To>(to_float(value));
    }
}

// Whether a finite value became infinite. NaN stays NaN and does not count.
template <class To, class From>
inline bool overflows(From before, To after) {
    const float out = convert_value<float>(after);
    const auto in = convert_value<std::conditional_t<std::is_same_v<From, double>, double, float>>(before);
    return in - in == 0 && out - out != 0;
}

// Converts one after the other without a branch, so that the loop vectorizes. `source` may have any alignment.
template <class To, class From>
void convert_run(const unsigned char* source, To* destination, i64 count) {
    for (i64 i = 0; i < count; ++i) {
        From value;
        std::memcpy(&value, source + static_cast<size_t>(i) * sizeof(From), sizeof(From));
        destination[i] = convert_value<To>(value);
    }
}

template <class To, class From>
i64 count_overflows(const unsigned char* source, const To* converted, i64 count) {
    i64 overflowed = 0;
    for (i64 i = 0; i < count; ++i) {
        From value;
        std::memcpy(&value, source + static_cast<size_t>(i) * sizeof(From), sizeof(From));
        overflowed += overflows(value, converted[i]) ? 1 : 0;
    }
    return overflowed;
}

inline bool is_special(float value) { return (bits_from_float(value) & 0x7f800000u) == 0x7f800000u; }
inline bool is_special(f16 value) { return (value.bits & 0x7c00u) == 0x7c00u; }
inline bool is_special(bf16 value) { return (value.bits & 0x7f80u) == 0x7f80u; }

// Whether anything is infinite or NaN: rare, and reason enough to look closer.
template <class To>
bool any_special(const To* values, i64 count) {
    u8 found = 0;
    for (i64 i = 0; i < count; ++i) found |= static_cast<u8>(is_special(values[i]));
    return found != 0;
}

// Returns how many finite values the destination's range is too small for.
template <class To, class From>
i64 convert_all(const unsigned char* source, To* destination, i64 count) {
    constexpr bool is_wider = std::is_same_v<To, double> || (std::is_same_v<To, float> && sizeof(From) == 2);
    constexpr i64 block = 4096;  // stays in the cache between the two passes
    std::atomic<i64> overflowed{0};
    parallel_for(count, kWorkPerThread, [&](i64 begin, i64 end) {
        for (i64 first = begin; first < end; first += block) {
            const i64 length = std::min(block, end - first);
            const unsigned char* from = source + static_cast<size_t>(first) * sizeof(From);
            convert_run<To, From>(from, destination + first, length);
            if constexpr (!is_wider) {
                if (!any_special(destination + first, length)) continue;
                overflowed += count_overflows<To, From>(from, destination + first, length);
            }
        }
    });
    return overflowed;
}

template <class To>
i64 convert_from(DType from, const unsigned char* source, To* destination, i64 count) {
    switch (from) {
        case DType::f64: return convert_all<To, double>(source, destination, count);
        case DType::f32: return convert_all<To, float>(source, destination, count);
        case DType::f16: return convert_all<To, f16>(source, destination, count);
        case DType::bf16: return convert_all<To, bf16>(source, destination, count);
        default: return 0;
    }
}

// Equal dtypes are copied, which also mends alignment; others must be convertible.
inline i64 convert(DType from, const unsigned char* source, DType to, void* destination, i64 count) {
    if (from == to) {
        if (count > 0) std::memcpy(destination, source, static_cast<size_t>(count) * facts(to).bytes);
        return 0;
    }
    switch (to) {
        case DType::f64: return convert_from(from, source, static_cast<double*>(destination), count);
        case DType::f32: return convert_from(from, source, static_cast<float*>(destination), count);
        case DType::f16: return convert_from(from, source, static_cast<f16*>(destination), count);
        case DType::bf16: return convert_from(from, source, static_cast<bf16*>(destination), count);
        default: return 0;
    }
}

}  // namespace lum
