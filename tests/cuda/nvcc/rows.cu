// Rows and vectors as they are emitted.
#include "runtime/cumulate.cuh"
#include "runtime/integers.cuh"
#include "runtime/launch.cuh"
#include "runtime/row_statistics.cuh"
#include "runtime/tiles.cuh"
#include "runtime/top_k.cuh"
#include "runtime/vector.cuh"

using lum::bf16;
using lum::i64;

extern "C" __global__ void __launch_bounds__(256) scale_bf16(const bf16* x, bf16* y, float by, i64 n) {
    for (lum::Items item(n / 8); item.next();) {
        auto v = lum::load_vector<bf16, 8>(x + item.item * 8);
#pragma unroll
        for (int e = 0; e < 8; ++e) v.set(e, v[e] * by);
        lum::store_vector(y + item.item * 8, v);
    }
}

extern "C" __global__ void __launch_bounds__(256) layer_norm_bf16(const bf16* x, bf16* y, i64 rows, i64 n, float epsilon) {
    auto* const scratch = lum::shared<lum::Moments>(0);
    for (lum::Rows row(rows); row.next();) {
        lum::Moments m;
        for (i64 j = lum::thread(); j < n; j += lum::threads()) m.add(lum::to_float(x[row.index * n + j]));
        m = lum::block_moments(m, scratch);
        const float by = 1.0f / lum::sqrt(m.variance() + epsilon);
        for (i64 j = lum::thread(); j < n; j += lum::threads())
            y[row.index * n + j] = lum::from_float<bf16>((lum::to_float(x[row.index * n + j]) - m.mean) * by);
    }
}

extern "C" __global__ void __launch_bounds__(256) softmax_f32(const float* x, float* y, i64 rows, i64 n) {
    auto* const scratch = lum::shared<lum::SoftmaxSum>(0);
    for (lum::Rows row(rows); row.next();) {
        lum::SoftmaxSum s;
        for (i64 j = lum::thread(); j < n; j += lum::threads()) s.add(x[row.index * n + j]);
        s = lum::block_softmax(s, scratch);
        for (i64 j = lum::thread(); j < n; j += lum::threads())
            y[row.index * n + j] = lum::exp(x[row.index * n + j] - s.largest) / s.total;
    }
}

extern "C" __global__ void __launch_bounds__(256) top_k_f32(const float* x, lum::i32* out, i64 rows, i64 n, i64 count) {
    auto* const room = lum::shared<lum::TopKRoom<float>>(0);
    for (lum::Rows row(rows); row.next();)
        lum::top_k(n, count, out + row.index * count, room, [=](i64 i) { return x[row.index * n + i]; });
}

extern "C" __global__ void __launch_bounds__(256) running_sum_f32(const float* x, float* out, i64 rows, i64 n) {
    auto* const scratch = lum::shared<float>(0);
    for (lum::Rows row(rows); row.next();)
        lum::cumulate<lum::Sum>(
            n, 0.0f, scratch, [=](i64 i) { return x[row.index * n + i]; },
            [=](i64 i, float sum) { out[row.index * n + i] = sum; });
}

// The launch's own code, compiled for the host.
cudaError_t run(const float* x, float* out, cudaStream_t stream) {
    return lum::launch(running_sum_f32, 4, 256, 64 * 1024, stream, x, out, 10, 100);
}
