// What needs more than one number of a row, in one pass over it: mean and variance, a softmax's greatest and sum.
#pragma once

#include "rows.cuh"

namespace lum {

// Mean and variance in one pass over a row: add() each element, then put the threads' together. The sum of squared
// distances from the mean is kept, so that nothing cancels (Chan, Golub and LeVeque's update).
struct Moments {
    float count = 0.0f, mean = 0.0f, squares = 0.0f;

    __device__ void add(float x) {
        count += 1.0f;
        const float distance = x - mean;
        mean += distance / count;
        squares += distance * (x - mean);
    }
    __device__ void join(float other_count, float other_mean, float other_squares) {
        const float all = count + other_count;
        if (all == 0.0f) return;
        const float distance = other_mean - mean, share = other_count / all;
        mean += distance * share;
        squares += other_squares + distance * distance * count * share;
        count = all;
    }
    __device__ float variance() const { return squares / count; }
};

__device__ inline Moments warp_moments(Moments m) {
#pragma unroll
    for (int mask = kWarp / 2; mask > 0; mask /= 2) {
        const float n = shuffle_xor(m.count, mask), mean = shuffle_xor(m.mean, mask), squares = shuffle_xor(m.squares, mask);
        m.join(n, mean, squares);
    }
    return m;
}
__device__ inline Moments block_moments(Moments m, Moments* scratch) {
    m = warp_moments(m);
    if (warps() == 1) return m;
    barrier();  // a result before this one has been read
    if (lane() == 0) scratch[warp()] = m;
    barrier();
    m = scratch[0];
    for (int w = 1; w < warps(); ++w) m.join(scratch[w].count, scratch[w].mean, scratch[w].squares);
    return m;
}

// The greatest element x and the sum of exp(x - greatest) in one pass over a row: a softmax's denominator. Where a
// greater one turns up, the sum is scaled. NaN if there is one.
struct SoftmaxSum {
    float largest = float_from_bits(0xff800000u), total = 0.0f;

    __device__ void add(float x) { join(x, 1.0f); }
    __device__ void join(float other_largest, float other_total) {
        const float now = max(largest, other_largest);
        if (now == float_from_bits(0xff800000u)) return;
        total = total * exp(largest - now) + other_total * exp(other_largest - now);
        largest = now;
    }
};

__device__ inline SoftmaxSum warp_softmax(SoftmaxSum s) {
#pragma unroll
    for (int mask = kWarp / 2; mask > 0; mask /= 2) {
        const float largest = shuffle_xor(s.largest, mask), total = shuffle_xor(s.total, mask);
        s.join(largest, total);
    }
    return s;
}
__device__ inline SoftmaxSum block_softmax(SoftmaxSum s, SoftmaxSum* scratch) {
    s = warp_softmax(s);
    if (warps() == 1) return s;
    barrier();  // a result before this one has been read
    if (lane() == 0) scratch[warp()] = s;
    barrier();
    s = scratch[0];
    for (int w = 1; w < warps(); ++w) s.join(scratch[w].largest, scratch[w].total);
    return s;
}

}  // namespace lum
