// Attention as it is emitted, in the shapes that the target uses.
#include "runtime/attention.cuh"

using lum::bf16;
using lum::f16;
using lum::i64;
using lum::Strided;

#define PREFILL(name, Shape, T)                                                                                          \
    extern "C" __global__ void __launch_bounds__(Shape::threads) name(                                                   \
        const T* q, const T* k, const T* v, T* o, i64 queries, i64 keys, i64 heads, i64 group, float scale) {            \
        const i64 offset = keys - queries, stride = heads * Shape::D, kv_stride = stride / group;                        \
        for (lum::Tiles<Shape::BQ, 1> tile(heads, queries, 1); tile.next();) {                                           \
            const i64 h = tile.batch, last = tile.row + Shape::BQ + offset;                                              \
            lum::attention_tile<Shape>(                                                                                  \
                tile.row, queries, 0, last < keys ? last : keys, Shape::D, Shape::DV, Strided<T>{q + h * Shape::D, stride, 1}, \
                Strided<T>{k + h / group * Shape::D, kv_stride, 1}, Strided<T>{v + h / group * Shape::DV, kv_stride, 1}, \
                [=](i64 i, i64 j, float dot) { return j <= i + offset ? dot * scale : lum::kMinusInfinity; },            \
                [=](i64 i, i64 c, float sum, float, float total) {                                                       \
                    o[i * stride + h * Shape::DV + c] = lum::from_float<T>(sum / total);                                 \
                });                                                                                                      \
        }                                                                                                                \
    }
#define DECODE(name, Shape, T)                                                                                           \
    extern "C" __global__ void __launch_bounds__(Shape::threads) name(                                                   \
        const T* q, const T* k, const T* v, float* sums, float* stats, i64 keys, i64 kv_heads, i64 group, i64 parts,     \
        float scale) {                                                                                                   \
        for (lum::Tiles<Shape::BQ, 1> tile(kv_heads * parts, group, 1); tile.next();) {                                  \
            const i64 h = tile.batch / parts, p = tile.batch % parts;                                                    \
            const lum::SplitK range(keys, parts, p, 16);                                                                 \
            lum::attention_tile<Shape>(                                                                                  \
                tile.row, group, range.begin, range.begin + range.length, Shape::D, Shape::DV,                           \
                Strided<T>{q + h * group * Shape::D, Shape::D, 1}, Strided<T>{k + h * Shape::D, kv_heads * Shape::D, 1}, \
                Strided<T>{v + h * Shape::DV, kv_heads * Shape::DV, 1},                                                  \
                [=](i64, i64, float dot) { return dot * scale; },                                                        \
                [=](i64 r, i64 c, float sum, float largest, float total) {                                               \
                    const i64 row = (p * kv_heads + h) * group + r;                                                      \
                    sums[row * Shape::DV + c] = sum;                                                                     \
                    if (c == 0) stats[2 * row] = largest, stats[2 * row + 1] = total;                                    \
                });                                                                                                      \
        }                                                                                                                \
    }

using Prefill64 = lum::MmaAttention<64, 64, 4, 1, 64>;
using Prefill128 = lum::MmaAttention<128, 128, 4, 1, 64>;
using Prefill128Wide = lum::MmaAttention<128, 128, 8, 1, 64>;
using Prefill256 = lum::MmaAttention<256, 256, 4, 1, 16>;
using Decode128 = lum::MmaAttention<128, 128, 1, 4, 16>;
using Decode256 = lum::MmaAttention<256, 256, 1, 4, 16>;
using DecodeMany128 = lum::MmaAttention<128, 128, 2, 2, 16>;
using Fma128 = lum::FmaAttention<128, 128, 32, 1>;
using FmaDecode128 = lum::FmaAttention<128, 128, 4, 8>;
PREFILL(prefill_64_bf16, Prefill64, bf16)
PREFILL(prefill_128_bf16, Prefill128, bf16)
PREFILL(prefill_128_f16_128_queries, Prefill128Wide, f16)
PREFILL(prefill_256_bf16, Prefill256, bf16)
PREFILL(prefill_128_f32, Fma128, float)
DECODE(decode_128_bf16, Decode128, bf16)
DECODE(decode_256_bf16, Decode256, bf16)
DECODE(decode_32_rows_128_bf16, DecodeMany128, bf16)
DECODE(decode_128_f32, FmaDecode128, float)
