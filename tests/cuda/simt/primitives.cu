// The primitives of the SIMT layer against what the PTX manual says of them, each lane's result written out.
#include <functional>

#include "../families/report.h"
#include "runtime/rows.cuh"

using lum::u32;

__global__ void shuffles(i64* out) {
    const i64 own = 100 * (lum::thread() + 1);
    i64* const to = out + lum::thread() * 5;
    to[0] = lum::shuffle(own, 7);
    to[1] = lum::shuffle_xor(own, 9);
    to[2] = lum::shuffle_up(own, 3);
    to[3] = lum::shuffle_down(own, 30);
    to[4] = lum::ballot(lum::thread() % 3 == 0);
}

__global__ void count(u32* counter, float* sum, lum::i32* greatest) {
    lum::atomic_add(counter, 1u);
    lum::atomic_add(sum, 0.5f);
    lum::atomic_max(greatest, lum::block() * 1000 + lum::thread());
}

// A ring of two buffers between two warps, by named barriers: 1 and 2 say full, 3 and 4 empty.
__global__ void ring(float* out, int rounds) {
    float* const buffers = lum::shared<float>(0);
    for (int i = 0; i < rounds; ++i) {
        float* const buffer = buffers + i % 2 * 32;
        if (lum::warp() == 0) {
            if (i >= 2) lum::barrier_named(3 + i % 2, 64);
            buffer[lum::lane()] = static_cast<float>(100 * i + lum::lane());
            lum::barrier_arrive(1 + i % 2, 64);
        } else {
            lum::barrier_named(1 + i % 2, 64);
            out[i * 32 + lum::lane()] = buffer[31 - lum::lane()];
            if (i + 2 < rounds) lum::barrier_arrive(3 + i % 2, 64);
        }
    }
}

// element(r, c) of an 8 x 8 matrix m is 1000 m + 10 r + c.
__global__ void matrices(u32* out) {
    auto* const elements = lum::shared<lum::u16>(0);
    for (int e = lum::lane(); e < 4 * 64; e += 32)
        elements[e] = static_cast<lum::u16>(1000 * (e / 64) + 10 * (e % 64 / 8) + e % 8);
    lum::warp_barrier();
    u32 four[4], two[2], turned[4];
    const lum::u16* const row = elements + lum::lane() * 8;
    lum::ldmatrix_x4(four, row);
    lum::ldmatrix_x4_trans(turned, row);
    lum::ldmatrix_x2(two, elements + lum::lane() % 16 * 8);
    for (int i = 0; i < 4; ++i) out[lum::lane() * 10 + i] = four[i];
    for (int i = 0; i < 4; ++i) out[lum::lane() * 10 + 4 + i] = turned[i];
    for (int i = 0; i < 2; ++i) out[lum::lane() * 10 + 8 + i] = two[i];
}

// Registers by the manual's formulas, from whole matrices.
template <class T>
__global__ void mma(const float* a, const float* b, float* d) {
    const int g = lum::lane() / 4, t = lum::lane() % 4;
    float sums[4];
    for (int i = 0; i < 4; ++i) sums[i] = d[(i < 2 ? g : g + 8) * 8 + 2 * t + (i & 1)];
    u32 ra[4], rb[2];
    if constexpr (sizeof(T) == 2) {
        const auto at = [=](int i) { return a[((i < 2 || (i >= 4 && i < 6)) ? g : g + 8) * 16 + 2 * t + (i & 1) + (i >= 4 ? 8 : 0)]; };
        const auto bt = [=](int i) { return b[(2 * t + (i & 1) + (i >= 2 ? 8 : 0)) * 8 + g]; };
        for (int i = 0; i < 4; ++i) ra[i] = lum::pack_pair<T>(at(2 * i), at(2 * i + 1));
        for (int i = 0; i < 2; ++i) rb[i] = lum::pack_pair<T>(bt(2 * i), bt(2 * i + 1));
        if constexpr (std::is_same_v<T, lum::f16>) lum::mma_m16n8k16_f16(sums, ra, rb);
        else lum::mma_m16n8k16_bf16(sums, ra, rb);
    } else {
        for (int i = 0; i < 4; ++i) ra[i] = lum::to_tf32(a[(i % 2 == 0 ? g : g + 8) * 8 + (i < 2 ? t : t + 4)]);
        for (int i = 0; i < 2; ++i) rb[i] = lum::to_tf32(b[(i == 0 ? t : t + 4) * 8 + g]);
        lum::mma_m16n8k8_tf32(sums, ra, rb);
    }
    for (int i = 0; i < 4; ++i) d[(i < 2 ? g : g + 8) * 8 + 2 * t + (i & 1)] = sums[i];
}

// Each thread's copies of 4, 8 and 16 bytes land where they should, the last one's rest as zeros.
__global__ void copies(const float* from, float* out) {
    float* const to = lum::shared<float>(64 * static_cast<std::size_t>(lum::thread()));
    for (int i = 0; i < 16; ++i) to[i] = -1.0f;
    lum::copy_async<4>(to, from, true);
    lum::copy_async<8>(to + 2, from + 2, true);
    lum::copy_async_commit();
    lum::copy_async16(to + 4, from + 4, true);
    lum::copy_async_first<16>(to + 8, from + 8, 12);
    lum::copy_async16(to + 12, from, false);
    lum::copy_async_commit();
    lum::copy_async_wait<0>();
    for (int i = 0; i < 16; ++i) out[lum::thread() * 16 + i] = to[i];
}

template <class T>
static void check_mma(const char* name, int k) {
    Subject subject(std::string("mma ") + name);
    Random random;
    const Buffer<float> a(16 * k), b(k * 8), d(16 * 8);
    a.randomize(random);
    b.randomize(random);
    d.randomize(random);
    std::vector<float> before(d.get(), d.get() + d.count());
    subject.ran(lum::launch(mma<T>, 1, 32, 0, nullptr, a.get(), b.get(), d.get()), "launch");
    const auto rounded = [](float x) {
        if constexpr (sizeof(T) == 2) return static_cast<double>(lum::to_float(lum::from_float<T>(x)));
        else return static_cast<double>(lum::float_from_bits(lum::to_tf32(x)));
    };
    for (int i = 0; i < 16; ++i)
        for (int j = 0; j < 8; ++j) {
            double sum = static_cast<double>(before[static_cast<std::size_t>(i * 8 + j)]), magnitude = std::fabs(sum);
            for (int kk = 0; kk < k; ++kk) {
                const double product = rounded(a[i * k + kk]) * rounded(b[kk * 8 + j]);
                sum += product;
                magnitude += std::fabs(product);
            }
            subject.close(static_cast<double>(d[i * 8 + j]), sum, magnitude, 1e-7, "element");
        }
}

int main() {
    {
        Subject subject("shuffles and votes");
        const Buffer<i64> out(64 * 5);
        subject.ran(lum::launch(shuffles, 1, 64, 0, nullptr, out.get()), "launch");
        for (int t = 0; t < 64; ++t) {
            const int first = t / 32 * 32, lane = t % 32;
            u32 votes = 0;
            for (int l = 0; l < 32; ++l) votes |= (first + l) % 3 == 0 ? 1u << l : 0u;
            const int from[4] = {7, lane ^ 9, lane < 3 ? lane : lane - 3, lane + 30 > 31 ? lane : lane + 30};
            for (int i = 0; i < 4; ++i)
                subject.expect(out[t * 5 + i] == 100 * (first + from[i] + 1), "thread %d, shuffle %d", t, i);
            subject.expect(out[t * 5 + 4] == votes, "thread %d: votes", t);
        }
    }
    {
        Subject subject("atomics of many blocks");
        const Buffer<u32> counter(1);
        const Buffer<float> sum(1);
        const Buffer<lum::i32> greatest(1);
        counter[0] = 0, sum[0] = 0, greatest[0] = -5;
        subject.ran(lum::launch(count, 40, 96, 0, nullptr, counter.get(), sum.get(), greatest.get()), "launch");
        subject.expect(counter[0] == 40 * 96, "count %u", counter[0]);
        subject.expect(sum[0] == 40 * 48, "sum %g", static_cast<double>(sum[0]));
        subject.expect(greatest[0] == 39095, "greatest %d", greatest[0]);
    }
    {
        Subject subject("a grid of more threads than loops may step by");
        const Buffer<u32> counter(1);
        const Buffer<float> sum(1);
        const Buffer<lum::i32> greatest(1);
        counter[0] = 0, sum[0] = 0, greatest[0] = 0;
        const cudaError_t status = lum::launch(count, lum::kMostThreads / 96 + 1, 96, 0, nullptr, counter.get(), sum.get(), greatest.get());
        subject.expect(status == cudaErrorInvalidConfiguration, "status %d", static_cast<int>(status));
        subject.expect(cudaDeviceSynchronize() == cudaSuccess && counter[0] == 0, "it ran");
    }
    {
        Subject subject("named barriers");
        const Buffer<float> out(7 * 32);
        subject.ran(lum::launch(ring, 1, 64, 256, nullptr, out.get(), 7), "launch");
        for (int i = 0; i < 7 * 32; ++i)
            subject.expect(out[i] == static_cast<float>(100 * (i / 32) + 31 - i % 32), "element %d", i);
    }
    {
        Subject subject("ldmatrix");
        const Buffer<u32> out(32 * 10);
        subject.ran(lum::launch(matrices, 1, 32, 512, nullptr, out.get()), "launch");
        const auto pair = [](int m, int r0, int c0, int r1, int c1) {
            return static_cast<u32>(1000 * m + 10 * r0 + c0) | static_cast<u32>(1000 * m + 10 * r1 + c1) << 16;
        };
        for (int l = 0; l < 32; ++l)
            for (int m = 0; m < 4; ++m) {
                const int major = l / 4, minor = 2 * (l % 4);
                const u32 straight = pair(m, major, minor, major, minor + 1);
                subject.expect(out[l * 10 + m] == straight, "lane %d, matrix %d", l, m);
                subject.expect(out[l * 10 + 4 + m] == pair(m, minor, major, minor + 1, major), "lane %d, transposed %d", l, m);
                if (m < 2) subject.expect(out[l * 10 + 8 + m] == straight, "lane %d, of two %d", l, m);
            }
    }
    {
        Subject subject("asynchronous copies");
        const Buffer<float> from(12), out(32 * 16);
        for (int i = 0; i < 12; ++i) from[i] = static_cast<float>(i + 1);
        subject.ran(lum::launch(copies, 1, 32, 64 * 32, nullptr, from.get(), out.get()), "launch");
        const float expected[16] = {1, -1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 0, 0, 0, 0};
        for (int i = 0; i < 32 * 16; ++i)
            subject.expect(out[i] == expected[i % 16], "element %d is %g", i, static_cast<double>(out[i]));
    }
    check_mma<lum::bf16>("bf16", 16);
    check_mma<lum::f16>("f16", 16);
    check_mma<float>("tf32", 8);
}
