// z = rms_norm(last, norm, eps)
// llama.lum:70, z.
#include "kernels.h"
#include "runtime/loops.cuh"
#include "runtime/math.cuh"
#include "runtime/rows.cuh"
#include "runtime/types.cuh"
#include "runtime/vector.cuh"

namespace kernels {

__global__ void __launch_bounds__(256) z(const lum::bf16* h,     // [s, 4096]
                                         const lum::bf16* norm,  // [4096]
                                         lum::bf16* z,           // [4096]
                                         const Dims* dims) {
    const int s = static_cast<int>(dims->s);
    lum::Vector<lum::bf16, 8> h_row[2];
    float sum = 0.0f;
#pragma unroll
    for (int part = 0; part < 2; ++part) {
        const int i = (part * 256 + lum::thread()) * 8;
        h_row[part] = lum::load_vector<lum::bf16, 8>(h + i + s * 4096 - 4096);
#pragma unroll
        for (int v = 0; v < 8; ++v) {
            const float xf = lum::to_float(h_row[part].element[v]);
            sum += xf * xf;
        }
    }
    sum = lum::block_reduce<lum::Sum>(sum, lum::shared<float>(0));
    const float scale = 1.0f / lum::sqrt(sum / 4096.0f + 0.00001f);
#pragma unroll
    for (int part = 0; part < 2; ++part) {
        const int i = (part * 256 + lum::thread()) * 8;
        const auto norm_vector = lum::load_vector<lum::bf16, 8>(norm + i);
        lum::Vector<lum::bf16, 8> z_out;
#pragma unroll
        for (int v = 0; v < 8; ++v) {
            z_out.element[v] = lum::from_float<lum::bf16>(lum::to_float(h_row[part].element[v]) * scale *
                lum::to_float(norm_vector.element[v]));
        }
        lum::store_vector(z + i, z_out);
    }
}

}  // namespace kernels
