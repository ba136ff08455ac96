// return (xf * scale * w) as T
// nn.lum:54.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) mlp_g_part_s1(const lum::bf16* h,         // [1, 4096]
                                                     const lum::bf16* mlp_norm,  // [4096]
                                                     float* g_part) {            // [1, 4096]
    lum::Vector<lum::bf16, 4> h_row[4];
    float sum = 0.0f;
#pragma unroll
    for (int part = 0; part < 4; ++part) {
        const int j = (part * 256 + lum::thread()) * 4;
        h_row[part] = lum::load_vector<lum::bf16, 4>(h + j);
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            const float xf = lum::to_float(h_row[part].element[v]);
            sum += xf * xf;
        }
    }
    sum = lum::block_reduce<lum::Sum>(sum, lum::shared<float>(0));
    const float scale = 1.0f / lum::sqrt(sum / 4096.0f + 0.00001f);
#pragma unroll
    for (int part = 0; part < 4; ++part) {
        const int j = (part * 256 + lum::thread()) * 4;
        const auto mlp_norm_vector = lum::load_vector<lum::bf16, 4>(mlp_norm + j);
        lum::Vector<float, 4> g_part_out;
#pragma unroll
        for (int v = 0; v < 4; ++v) {
            g_part_out.element[v] = lum::to_float(h_row[part].element[v]) * scale *
                lum::to_float(mlp_norm_vector.element[v]);
        }
        lum::store_vector(g_part + j, g_part_out);
    }
}

}  // namespace kernels
