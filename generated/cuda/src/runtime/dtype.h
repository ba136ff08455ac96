// Dtypes as values: what a file says its elements are.
#pragma once

#include <string_view>

#include "fault.h"
#include "types.h"

namespace lum {

enum class DType : u8 { f64, f32, f16, bf16, f8e4m3, f8e5m2, i64, u64, i32, u32, i16, u16, i8, u8, boolean };

struct DTypeFacts {
    DType dtype;
    size_t bytes;
    const char* name;         // as in .lum files and messages
    const char* safetensors;  // as in .safetensors headers
    const char* npy;          // as in .npy headers, "" where the format has none
};

inline constexpr DTypeFacts kDTypes[] = {
    {DType::f64, 8, "f64", "F64", "<f8"},        {DType::f32, 4, "f32", "F32", "<f4"},
    {DType::f16, 2, "f16", "F16", "<f2"},        {DType::bf16, 2, "bf16", "BF16", ""},
    {DType::f8e4m3, 1, "f8e4m3", "F8_E4M3", ""}, {DType::f8e5m2, 1, "f8e5m2", "F8_E5M2", ""},
    {DType::i64, 8, "i64", "I64", "<i8"},        {DType::u64, 8, "u64", "U64", ""},
    {DType::i32, 4, "i32", "I32", "<i4"},        {DType::u32, 4, "u32", "U32", ""},
    {DType::i16, 2, "i16", "I16", "<i2"},        {DType::u16, 2, "u16", "U16", ""},
    {DType::i8, 1, "i8", "I8", "|i1"},           {DType::u8, 1, "u8", "U8", "|u1"},
    {DType::boolean, 1, "bool", "BOOL", "|b1"},
};

// The table is in the order of the enumeration.
inline const DTypeFacts& facts(DType dtype) { return kDTypes[static_cast<size_t>(dtype)]; }

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<double> {
    static constexpr DType value = DType::f64;
};
template <>
struct DTypeOf<float> {
    static constexpr DType value = DType::f32;
};
template <>
struct DTypeOf<f16> {
    static constexpr DType value = DType::f16;
};
template <>
struct DTypeOf<bf16> {
    static constexpr DType value = DType::bf16;
};
template <>
struct DTypeOf<f8e4m3> {
    static constexpr DType value = DType::f8e4m3;
};
template <>
struct DTypeOf<f8e5m2> {
    static constexpr DType value = DType::f8e5m2;
};
template <>
struct DTypeOf<i64> {
    static constexpr DType value = DType::i64;
};
template <>
struct DTypeOf<i32> {
    static constexpr DType value = DType::i32;
};
template <>
struct DTypeOf<std::int16_t> {
    static constexpr DType value = DType::i16;
};
template <>
struct DTypeOf<i8> {
    static constexpr DType value = DType::i8;
};
template <>
struct DTypeOf<u8> {
    static constexpr DType value = DType::u8;
};
template <>
struct DTypeOf<bool> {
    static constexpr DType value = DType::boolean;
};

template <class T>
inline constexpr DType dtype_of = DTypeOf<T>::value;

// The largest size, product of sizes or offset that files may state: 2^53 - 1, exact in every language's numbers.
inline constexpr int64_t kMaxSize = 9007199254740991;

// Bytes of a contiguous tensor; false when the product, or a part of it, is beyond kMaxSize.
inline bool byte_count(const std::vector<int64_t>& shape, DType dtype, int64_t& bytes) {
    bytes = static_cast<int64_t>(facts(dtype).bytes);
    for (const int64_t size : shape) {
        if (size < 0 || (size > 0 && bytes > kMaxSize / size)) return false;
        bytes *= size;
    }
    return true;
}

}  // namespace lum
