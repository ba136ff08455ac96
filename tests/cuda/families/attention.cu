// Attention against a loop in double: element types, head sizes, causal and windowed and arbitrary scores, grouped heads,
// queries in one tile or many, keys in one range or split.
#include "report.h"
#include "runtime/attention.cuh"

using lum::Strided;

struct Size {
    i64 heads, group, queries, keys, d, dv;
};
enum Score { kFull, kCausal, kWindow, kBias };
static const char* const score_names[] = {"full", "causal", "window", "bias"};
constexpr i64 kWindowKeys = 9;

static float score_of(Score kind, i64 i, i64 j, i64 offset, float dot) {
    const float scaled = dot * 0.25f;
    switch (kind) {
        case kFull: return scaled;
        case kCausal: return j <= i + offset ? scaled : -INFINITY;
        case kWindow: return j <= i + offset && j > i + offset - kWindowKeys ? scaled : -INFINITY;
        case kBias: return 3.0f * scaled - 0.1f * static_cast<float>(i > j ? i - j : j - i);
    }
    return 0.0f;
}

// q [queries, heads, d], k [keys, heads / group, d], v [keys, heads / group, dv], o [queries, heads, dv].
template <class Shape, class T>
__global__ void prefill(const T* q, const T* k, const T* v, float* o, Size size, Score kind) {
    const i64 kv_heads = size.heads / size.group, offset = size.keys - size.queries;
    for (lum::Tiles<Shape::BQ, 1> tile(size.heads, size.queries, 1); tile.next();) {
        const i64 h = tile.batch, from = h / size.group;
        const i64 last = tile.row + Shape::BQ + offset;
        const i64 end = (kind == kCausal || kind == kWindow) && last < size.keys ? last : size.keys;
        const i64 begin = kind == kWindow && tile.row + offset > kWindowKeys ? tile.row + offset - kWindowKeys : 0;
        lum::attention_tile<Shape>(
            tile.row, size.queries, begin, end, size.d, size.dv, Strided<T>{q + h * size.d, size.heads * size.d, 1},
            Strided<T>{k + from * size.d, kv_heads * size.d, 1}, Strided<T>{v + from * size.dv, kv_heads * size.dv, 1},
            [=](i64 i, i64 j, float dot) { return score_of(kind, i, j, offset, dot); },
            [=](i64 i, i64 c, float sum, float, float total) { o[(i * size.heads + h) * size.dv + c] = sum / total; });
    }
}

// One query per head: the heads of a group are the rows of a tile, keys are split into `parts`.
template <class Shape, class T>
__global__ void decode(const T* q, const T* k, const T* v, float* sums, float* stats, Size size, Score kind, i64 parts) {
    const i64 kv_heads = size.heads / size.group, offset = size.keys - 1;
    for (lum::Tiles<Shape::BQ, 1> tile(kv_heads * parts, size.group, 1); tile.next();) {
        const i64 from = tile.batch / parts, p = tile.batch % parts;
        const lum::SplitK range(size.keys, parts, p, 16);
        lum::attention_tile<Shape>(
            tile.row, size.group, range.begin, range.begin + range.length, size.d, size.dv,
            Strided<T>{q + from * size.group * size.d, size.d, 1}, Strided<T>{k + from * size.d, kv_heads * size.d, 1},
            Strided<T>{v + from * size.dv, kv_heads * size.dv, 1},
            [=](i64, i64 j, float dot) { return score_of(kind, 0, j, offset, dot); },
            [=](i64 r, i64 c, float sum, float largest, float total) {
                const i64 row = p * size.heads + from * size.group + r;
                sums[row * size.dv + c] = sum;
                if (c == 0) stats[2 * row] = largest, stats[2 * row + 1] = total;
            });
    }
}
__global__ void combine(const float* sums, const float* stats, float* o, Size size, i64 parts) {
    for (lum::Items e(size.heads * size.dv); e.next();) {
        const i64 h = e.item / size.dv;
        o[e.item] = lum::attention_combined(
            parts, [=](i64 p) { return stats[2 * (p * size.heads + h)]; },
            [=](i64 p) { return stats[2 * (p * size.heads + h) + 1]; },
            [=](i64 p) { return sums[p * size.heads * size.dv + e.item]; });
    }
}

template <class T>
static void compare(Subject& subject, const Size& size, Score kind, const Buffer<T>& q, const Buffer<T>& k,
                    const Buffer<T>& v, const Buffer<float>& o, double tolerance, const std::string& where) {
    const i64 kv_heads = size.heads / size.group, offset = size.keys - size.queries;
    std::vector<double> weight(static_cast<std::size_t>(size.keys));
    for (i64 h = 0; h < size.heads; ++h)
        for (i64 i = 0; i < size.queries; ++i) {
            double largest = -INFINITY, total = 0;
            for (i64 j = 0; j < size.keys; ++j) {
                double dot = 0;
                for (i64 c = 0; c < size.d; ++c)
                    dot += static_cast<double>(lum::to_float(q[(i * size.heads + h) * size.d + c])) *
                           static_cast<double>(lum::to_float(k[(j * kv_heads + h / size.group) * size.d + c]));
                weight[static_cast<std::size_t>(j)] = score_of(kind, i, j, offset, static_cast<float>(dot));
                largest = std::fmax(largest, weight[static_cast<std::size_t>(j)]);
            }
            for (double& w : weight) total += w = std::exp(w - largest);
            for (i64 c = 0; c < size.dv; ++c) {
                double sum = 0, magnitude = 0;
                for (i64 j = 0; j < size.keys; ++j) {
                    const double x = weight[static_cast<std::size_t>(j)] / total *
                                     static_cast<double>(lum::to_float(v[(j * kv_heads + h / size.group) * size.dv + c]));
                    sum += x;
                    magnitude += std::fabs(x);
                }
                subject.close(o[(i * size.heads + h) * size.dv + c], sum, magnitude, tolerance,
                              where + " at " + std::to_string(h) + ", " + std::to_string(i) + ", " + std::to_string(c));
            }
        }
}

template <class T>
struct Operands {
    Buffer<T> q, k, v;
    Buffer<float> o;
    explicit Operands(const Size& s)
        : q(s.queries * s.heads * s.d), k(s.keys * (s.heads / s.group) * s.d), v(s.keys * (s.heads / s.group) * s.dv),
          o(s.queries * s.heads * s.dv) {
        Random random(static_cast<unsigned>(s.queries * 7 + s.keys));
        q.randomize(random);
        k.randomize(random);
        v.randomize(random);
    }
};

static std::string describe(const Size& s, Score kind) {
    return std::string(score_names[kind]) + " " + std::to_string(s.heads) + " heads of groups of " + std::to_string(s.group) +
           ", " + std::to_string(s.queries) + " queries, " + std::to_string(s.keys) + " keys, d " + std::to_string(s.d) + ", " +
           std::to_string(s.dv);
}

template <class Shape, class T>
static void check_prefill(const char* name, std::initializer_list<Size> sizes, double tolerance) {
    Subject subject(std::string("prefill ") + name + " " + type_name<T>());
    for (const Size& size : sizes)
        for (Score kind : {kFull, kCausal, kWindow, kBias}) {
            const Operands<T> with(size);
            subject.ran(lum::launch(prefill<Shape, T>, 3, Shape::threads, Shape::shared_bytes(), nullptr, with.q.get(),
                                    with.k.get(), with.v.get(), with.o.get(), size, kind),
                        describe(size, kind));
            compare(subject, size, kind, with.q, with.k, with.v, with.o, tolerance, describe(size, kind));
        }
}

template <class Shape, class T>
static void check_decode(const char* name, std::initializer_list<Size> sizes, double tolerance) {
    Subject subject(std::string("decode ") + name + " " + type_name<T>());
    for (const Size& size : sizes)
        for (Score kind : {kFull, kWindow})
            for (i64 parts : {1, 3, 7}) {
                const Operands<T> with(size);
                const Buffer<float> sums(parts * size.heads * size.dv), stats(parts * size.heads * 2);
                const std::string where = describe(size, kind) + ", " + std::to_string(parts) + " parts";
                subject.ran(lum::launch(decode<Shape, T>, 3, Shape::threads, Shape::shared_bytes(), nullptr, with.q.get(),
                                        with.k.get(), with.v.get(), sums.get(), stats.get(), size, kind, parts),
                            where);
                subject.ran(lum::launch(combine, 2, 64, 0, nullptr, sums.get(), stats.get(), with.o.get(), size, parts), where);
                compare(subject, size, kind, with.q, with.k, with.v, with.o, tolerance, where);
            }
}

int main() {
    using lum::bf16;
    using lum::f16;
    using lum::FmaAttention;
    using lum::MmaAttention;
    // Tensor cores take the weights in two parts of the element type, 16 digits of bf16 and 22 of f16.
    constexpr double kBf16 = 1e-5, kF16 = 5e-6, kF32 = 2e-6;
    check_prefill<MmaAttention<64, 64, 4, 1, 64>, bf16>("64", {{2, 1, 70, 70, 64, 64}, {4, 2, 33, 100, 64, 64}, {1, 1, 1, 1, 64, 64}}, kBf16);
    check_prefill<MmaAttention<128, 128, 2, 1, 32>, f16>("128", {{2, 2, 45, 45, 128, 128}, {1, 1, 20, 75, 104, 120}}, kF16);
    check_prefill<MmaAttention<256, 64, 2, 1, 32>, bf16>("256, 64", {{1, 1, 35, 40, 256, 64}}, kBf16);
    check_prefill<MmaAttention<32, 16, 1, 2, 16>, f16>("32, 16, keys over warps", {{3, 1, 37, 50, 30, 13}}, kF16);
    check_prefill<FmaAttention<64, 64, 32, 1>, float>("fma 64", {{2, 1, 70, 70, 64, 64}, {4, 2, 33, 100, 64, 64}, {1, 1, 1, 1, 40, 7}}, kF32);
    check_prefill<FmaAttention<32, 32, 8, 2>, bf16>("fma 32, keys in 2 parts", {{2, 1, 20, 90, 32, 32}, {1, 1, 9, 9, 17, 25}}, kF32);
    check_decode<MmaAttention<128, 128, 1, 4, 16>, bf16>("128", {{8, 4, 1, 300, 128, 128}, {2, 1, 1, 1, 128, 128}, {5, 5, 1, 77, 100, 96}}, kBf16);
    check_decode<MmaAttention<64, 64, 1, 2, 32>, f16>("64", {{20, 20, 1, 129, 64, 64}}, kF16);
    check_decode<FmaAttention<64, 64, 4, 4>, float>("fma 64", {{8, 4, 1, 300, 64, 64}, {6, 3, 1, 50, 64, 30}}, kF32);
}
