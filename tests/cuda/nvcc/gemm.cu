// Contractions as they are emitted, in the shapes that the target uses.
#include "runtime/gemm_fma.cuh"
#include "runtime/gemm_mma.cuh"
#include "runtime/gemv.cuh"

using lum::bf16;
using lum::f16;
using lum::i64;
using lum::Strided;

#define GEMM(name, Shape, T, A, B)                                                                                   \
    extern "C" __global__ void __launch_bounds__(Shape::threads) name(const T* a, const T* b, T* c, i64 batch, i64 m, \
                                                                      i64 n, i64 k, i64 lda, i64 ldb) {              \
        for (lum::Tiles<Shape::BM, Shape::BN> tile(batch, m, n); tile.next();)                                       \
            lum::gemm_tile<Shape>(tile, m, n, k, A, B, [=](i64 i, i64 j, float sum) {                                \
                c[tile.batch * m * n + i * n + j] = lum::from_float<T>(sum);                                         \
            });                                                                                                      \
    }
#define ALONG_K(T, x, ld) (Strided<T>{x, ld, 1})
#define ALONG_OUTER(T, x, ld) (Strided<T>{x, 1, ld})
#define SILU(x) \
    lum::computed<bf16>([=](i64 i, i64 kk) { const float v = lum::to_float(x[i * lda + kk]); return v / (1.0f + lum::exp2_fast(-v)); })

using Large = lum::MmaShape<128, 128, 32, 2, 4, 4>;
using Medium = lum::MmaShape<64, 64, 64, 2, 2, 3>;
using Low = lum::MmaShape<32, 64, 64, 1, 4, 3>;
using Few = lum::MmaShape<16, 64, 128, 1, 4, 4>;
GEMM(mma_128x128x32_bf16_nt, Large, bf16, ALONG_K(bf16, a, lda), ALONG_K(bf16, b, ldb))
GEMM(mma_128x128x32_bf16_nn, Large, bf16, ALONG_K(bf16, a, lda), ALONG_OUTER(bf16, b, ldb))
GEMM(mma_128x128x32_f16_tn, Large, f16, ALONG_OUTER(f16, a, lda), ALONG_OUTER(f16, b, ldb))
GEMM(mma_128x128x32_bf16_silu, Large, bf16, SILU(a), ALONG_K(bf16, b, ldb))
GEMM(mma_64x64x64_bf16_nt, Medium, bf16, ALONG_K(bf16, a, lda), ALONG_K(bf16, b, ldb))
GEMM(mma_32x64x64_f16_nn, Low, f16, ALONG_K(f16, a, lda), ALONG_OUTER(f16, b, ldb))
GEMM(mma_16x64x128_bf16_nt, Few, bf16, ALONG_K(bf16, a, lda), ALONG_K(bf16, b, ldb))

#define GEMM_IN_TWO_PARTS(name, Shape, B)                                                                                \
    extern "C" __global__ void __launch_bounds__(Shape::threads) name(const float* a, const bf16* b, bf16* c, i64 m, i64 n, \
                                                                      i64 k, i64 lda, i64 ldb) {                         \
        for (lum::Tiles<Shape::BM, Shape::BN> tile(1, m, n); tile.next();)                                               \
            lum::gemm_tile<Shape>(tile, m, n, k, lum::in_two_parts(Strided<float>{a, lda, 1}), B,                        \
                                  [=](i64 i, i64 j, float sum) { c[i * n + j] = lum::from_float<bf16>(sum); });          \
    }
GEMM_IN_TWO_PARTS(mma_128x128x32_two_parts_nt, Large, ALONG_K(bf16, b, ldb))
GEMM_IN_TWO_PARTS(mma_64x64x64_two_parts_nn, Medium, ALONG_OUTER(bf16, b, ldb))
GEMM_IN_TWO_PARTS(mma_16x64x128_two_parts_nt, Few, ALONG_K(bf16, b, ldb))

// Convolutions: filters [m, k] with the windows of an image of 64 x 64, padded by one.
#define CONVOLUTION(name, Shape, T)                                                                                       \
    extern "C" __global__ void __launch_bounds__(Shape::threads) name(const T* filters, const T* image, T* c, i64 items, \
                                                                      i64 m, i64 channels) {                             \
        for (lum::Tiles<Shape::BM, Shape::BN> tile(items, m, 4096); tile.next();)                                        \
            lum::gemm_tile<Shape>(                                                                                       \
                tile, m, 4096, channels * 9, Strided<T>{filters, channels * 9, 1},                                       \
                lum::Patches<T>{image + tile.batch * channels * 4096, 64, 64, 3, 3, 1, 1, 1, 1, 1, 1, 64, 4096},         \
                [=](i64 i, i64 j, float sum) { c[(tile.batch * m + i) * 4096 + j] = lum::from_float<T>(sum); });         \
    }
CONVOLUTION(convolution_128x128x32_bf16, Large, bf16)

using LargeTf32 = lum::MmaShape<128, 128, 32, 2, 4, 3>;
using MediumTf32 = lum::MmaShape<64, 64, 32, 2, 2, 3>;
using LowTf32 = lum::MmaShape<32, 64, 32, 1, 4, 4>;
using FewTf32 = lum::MmaShape<16, 64, 64, 1, 4, 4>;
GEMM(mma_128x128x32_tf32_nt, LargeTf32, float, ALONG_K(float, a, lda), ALONG_K(float, b, ldb))
GEMM(mma_64x64x32_tf32_nn, MediumTf32, float, ALONG_K(float, a, lda), ALONG_OUTER(float, b, ldb))
GEMM(mma_32x64x32_tf32_nt, LowTf32, float, ALONG_K(float, a, lda), ALONG_K(float, b, ldb))
GEMM(mma_16x64x64_tf32_nt, FewTf32, float, ALONG_K(float, a, lda), ALONG_K(float, b, ldb))

using LargeFma = lum::FmaShape<128, 128, 8, 8, 8>;
using MediumFma = lum::FmaShape<64, 64, 16, 4, 4>;
GEMM(fma_128x128x8_f32_nt, LargeFma, float, ALONG_K(float, a, lda), ALONG_K(float, b, ldb))
GEMM(fma_128x128x8_f32_nn, LargeFma, float, ALONG_K(float, a, lda), ALONG_OUTER(float, b, ldb))
GEMM(fma_64x64x16_f32_nn, MediumFma, float, ALONG_K(float, a, lda), ALONG_OUTER(float, b, ldb))
GEMM(fma_64x64x16_f16_nt, MediumFma, f16, ALONG_K(f16, a, lda), ALONG_K(f16, b, ldb))
CONVOLUTION(convolution_64x64x16_f32, MediumFma, float)

#define SKINNY(name, Rows, Warps, Staged, T, B)                                                                       \
    extern "C" __global__ void __launch_bounds__(256) name(const T* a, const T* b, T* c, i64 m, i64 n, i64 k, i64 ldb) { \
        lum::skinny<Rows, Warps, Staged>(m, n, k, Strided<T>{a, k, 1}, B,                                             \
                                         [=](i64 i, i64 j, float sum) { c[i * n + j] = lum::from_float<T>(sum); });   \
    }
SKINNY(skinny_1_bf16_nt, 1, 1, false, bf16, ALONG_K(bf16, b, ldb))
SKINNY(skinny_1_f32_nt, 1, 4, false, float, ALONG_K(float, b, ldb))
SKINNY(skinny_1_bf16_nn, 1, 1, false, bf16, ALONG_OUTER(bf16, b, ldb))
SKINNY(skinny_4_bf16_nt, 4, 2, true, bf16, ALONG_K(bf16, b, ldb))
SKINNY(skinny_8_f16_nt, 8, 1, true, f16, ALONG_K(f16, b, ldb))
SKINNY(skinny_8_f16_nn, 8, 1, true, f16, ALONG_OUTER(f16, b, ldb))
