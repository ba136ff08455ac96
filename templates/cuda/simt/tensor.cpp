// ldmatrix and mma.sync: a warp's lanes bring their registers, the last lane computes for all. Layouts as in the PTX
// manual ("Matrix Fragments for mma.m16n8k16", "... for mma.m16n8k8", "ldmatrix").
#include <cstring>

#include "block.h"
#include "fault.h"

namespace simt {

struct MatrixRows {
    std::uint32_t* registers;
    int count;
    bool transposed;
    const void* row;
};

void ldmatrix(std::uint32_t* registers, int count, bool transposed, const void* row) {
    MatrixRows own{registers, count, transposed, row};
    // A lane whose address isn't used may give any.
    if (working->lane() < 8 * count) working->shared_access(row, 16, 16, false);
    working->meet("ldmatrix", ~0u, &own, [](void* const* lanes, std::uint32_t, Block&) {
        const MatrixRows& first = *static_cast<const MatrixRows*>(lanes[0]);
        for (int matrix = 0; matrix < first.count; ++matrix) {
            std::uint16_t element[8][8];
            for (int r = 0; r < 8; ++r)
                std::memcpy(element[r], static_cast<const MatrixRows*>(lanes[8 * matrix + r])->row, 16);
            for (int lane = 0; lane < kWarpSize; ++lane) {
                const int major = lane / 4, minor = 2 * (lane % 4);
                const std::uint32_t low = first.transposed ? element[minor][major] : element[major][minor];
                const std::uint32_t high = first.transposed ? element[minor + 1][major] : element[major][minor + 1];
                static_cast<const MatrixRows*>(lanes[lane])->registers[matrix] = low | high << 16;
            }
        }
    });
}

struct Fragments {
    float* d;
    const std::uint32_t* a;
    const std::uint32_t* b;
};

static float bits_to_float(std::uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, 4);
    return value;
}

static float widen_bf16(std::uint32_t half) { return bits_to_float(half << 16); }

static float widen_f16(std::uint32_t half) {
    const std::uint32_t sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31u, mantissa = half & 0x3ffu;
    if (exponent == 31) return bits_to_float(sign | 0x7f800000u | mantissa << 13);
    if (exponent == 0) return (sign != 0 ? -1.0f : 1.0f) * static_cast<float>(mantissa) * 0x1p-24f;
    return bits_to_float(sign | (exponent + 112) << 23 | mantissa << 13);
}

// D[16][8] += A[16][K] B[K][8] with A and B taken apart; products exact, one rounding per sum of K of them.
template <int K>
static void multiply(const float (&a)[16][K], const float (&b)[K][8], void* const* lanes) {
    for (int lane = 0; lane < kWarpSize; ++lane) {
        float* d = static_cast<const Fragments*>(lanes[lane])->d;
        for (int i = 0; i < 4; ++i) {
            const int row = lane / 4 + (i >= 2 ? 8 : 0), column = 2 * (lane % 4) + i % 2;
            double sum = d[i];
            for (int k = 0; k < K; ++k) sum += static_cast<double>(a[row][k]) * static_cast<double>(b[k][column]);
            d[i] = static_cast<float>(sum);
        }
    }
}

template <float (*widen)(std::uint32_t)>
static void multiply_halves(void* const* lanes, std::uint32_t, Block&) {
    float a[16][16], b[16][8];
    for (int lane = 0; lane < kWarpSize; ++lane) {
        const auto& own = *static_cast<const Fragments*>(lanes[lane]);
        const int group = lane / 4, pair = 2 * (lane % 4);
        for (int i = 0; i < 4; ++i) {
            const int row = group + (i % 2) * 8, column = pair + (i / 2) * 8;
            a[row][column] = widen(own.a[i] & 0xffffu);
            a[row][column + 1] = widen(own.a[i] >> 16);
        }
        for (int i = 0; i < 2; ++i) {
            b[pair + 8 * i][group] = widen(own.b[i] & 0xffffu);
            b[pair + 8 * i + 1][group] = widen(own.b[i] >> 16);
        }
    }
    multiply<16>(a, b, lanes);
}

void mma_m16n8k16(Operand operand, float* d, const std::uint32_t* a, const std::uint32_t* b) {
    Fragments own{d, a, b};
    if (operand == kF16)
        working->meet("mma f16", ~0u, &own, &multiply_halves<widen_f16>);
    else
        working->meet("mma bf16", ~0u, &own, &multiply_halves<widen_bf16>);
}

// The instruction reads the upper 19 bits of each operand.
static float widen_tf32(std::uint32_t bits) { return bits_to_float(bits & 0xffffe000u); }

void mma_m16n8k8_tf32(float* d, const std::uint32_t* a, const std::uint32_t* b) {
    Fragments own{d, a, b};
    working->meet("mma tf32", ~0u, &own, [](void* const* lanes, std::uint32_t, Block&) {
        float left[16][8], right[8][8];
        for (int lane = 0; lane < kWarpSize; ++lane) {
            const auto& from = *static_cast<const Fragments*>(lanes[lane]);
            const int group = lane / 4, quarter = lane % 4;
            for (int i = 0; i < 4; ++i) left[group + (i % 2) * 8][quarter + (i / 2) * 4] = widen_tf32(from.a[i]);
            for (int i = 0; i < 2; ++i) right[quarter + 4 * i][group] = widen_tf32(from.b[i]);
        }
        multiply<8>(left, right, lanes);
    });
}

}  // namespace simt
