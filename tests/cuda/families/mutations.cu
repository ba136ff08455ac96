// One launch of each kind of kernel that shares memory between threads; prints for each the kind of fault found, or none.
// The test plants faults in the runtime's headers and expects them to be found here.
#include <cstdio>
#include <cstring>

#include "report.h"
#include "runtime/attention.cuh"
#include "runtime/gemm_fma.cuh"
#include "runtime/gemv.cuh"

using lum::bf16;
using lum::Strided;

using Mma = lum::MmaShape<32, 32, 32, 2, 1, 3>;
using Fma = lum::FmaShape<32, 32, 8, 4, 4>;
using Attention = lum::MmaAttention<32, 32, 2, 1, 16>;

__global__ void mma(const bf16* a, const bf16* b, float* c) {
    for (lum::Tiles<32, 32> tile(1, 40, 40); tile.next();)
        lum::gemm_tile<Mma>(tile, 40, 40, 136, Strided<bf16>{a, 136, 1}, Strided<bf16>{b, 136, 1},
                            [=](i64 i, i64 j, float sum) { c[i * 40 + j] = sum; });
}
__global__ void fma(const float* a, const float* b, float* c) {
    for (lum::Tiles<32, 32> tile(1, 40, 40); tile.next();)
        lum::gemm_tile<Fma>(tile, 40, 40, 36, Strided<float>{a, 36, 1}, Strided<float>{b, 36, 1},
                            [=](i64 i, i64 j, float sum) { c[i * 40 + j] = sum; });
}
__global__ void skinny(const float* a, const float* b, float* c) {
    lum::skinny<1, 2>(1, 40, 36, Strided<float>{a, 36, 1}, Strided<float>{b, 36, 1},
                      [=](i64 i, i64 j, float sum) { c[i * 40 + j] = sum; });
}
__global__ void attention(const bf16* q, const bf16* k, float* o) {
    for (lum::Tiles<Attention::BQ, 1> tile(1, 40, 1); tile.next();)
        lum::attention_tile<Attention>(
            tile.row, 40, 0, 60, 32, 32, Strided<bf16>{q, 32, 1}, Strided<bf16>{k, 32, 1}, Strided<bf16>{k, 32, 1},
            [](i64, i64, float dot) { return dot; },
            [=](i64 i, i64 c, float sum, float, float total) { o[i * 32 + c] = sum / total; });
}

template <class T>
static void report(const char* name, void (*kernel)(const T*, const T*, float*), int threads, std::size_t shared) {
    const Buffer<T> a(60 * 136), b(60 * 136);
    const Buffer<float> c(40 * 40);
    Random random;
    a.randomize(random);
    b.randomize(random);
    lum::launch(kernel, 1, threads, shared, nullptr, static_cast<const T*>(a.get()), static_cast<const T*>(b.get()), c.get());
    cudaDeviceSynchronize();
    const char* fault = simt::last_fault();
    const int kind = static_cast<int>(std::strcspn(fault, ":"));
    std::printf("%s %.*s\n", name, kind == 0 ? 4 : kind, kind == 0 ? "none" : fault);
    simt::clear_fault();
}

int main() {
    report<bf16>("mma", mma, Mma::threads, Mma::shared_bytes(2));
    report<float>("fma", fma, Fma::threads, Fma::shared_bytes());
    report<float>("skinny", skinny, 128, lum::skinny_shared_bytes(4, 1, 0, 4));
    report<bf16>("attention", attention, Attention::threads, Attention::shared_bytes());
}
