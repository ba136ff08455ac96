// Every operand kind and storage type against a plain double loop. The values are small integers, so that all sums are
// exact in whatever order they are made, and results can be compared for equality.
#include "gemm_merged.h"

#include <cmath>
#include <vector>

#include "report.h"

using namespace lum;

// Where few combinations are compiled, what an operand or an epilogue computes stays out of the kernels: in each of their
// copies it would be compiled again. Emitted projects have it inside, as the other builds do.
#if defined(LUM_KINDS_ONLY)
#define LUM_APART __attribute__((noinline))
#else
#define LUM_APART
#endif

namespace {

Random random_numbers;
bool reduced = false;

// f32 values as T; allocated exactly, so that a sanitizer sees any read beyond.
template <class T>
std::vector<T> stored(const std::vector<float>& values) {
    std::vector<T> out;
    out.reserve(values.size());
    for (float value : values) out.push_back(from_float<T>(value));
    return out;
}

std::vector<float> small_integers(i64 count) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) value = static_cast<float>(random_numbers.between(-3, 3));
    return values;
}

// A logical matrix [outer][K] and an operand made of it.
struct Matrix {
    i64 outer, K;
    std::vector<float> values;
    float at(i64 o, i64 k) const { return values[static_cast<size_t>(o * K + k)]; }
};
Matrix random_matrix(i64 outer, i64 K) { return {outer, K, small_integers(outer * K)}; }

template <class T, int Layout>  // 0: k contiguous, 1: outer contiguous, 2: neither
struct MakeStrided {
    std::vector<T> data;
    Strided<T> make(const Matrix& m) {
        const i64 outer_stride = Layout == 0 ? m.K + 3 : Layout == 1 ? 1 : 2;
        const i64 k_stride = Layout == 0 ? 1 : Layout == 1 ? m.outer + 1 : 2 * m.outer + 1;
        const i64 size = m.outer == 0 || m.K == 0 ? 0 : (m.outer - 1) * outer_stride + (m.K - 1) * k_stride + 1;
        std::vector<float> raw(static_cast<size_t>(size), NAN);
        for (i64 o = 0; o < m.outer; ++o)
            for (i64 k = 0; k < m.K; ++k) raw[static_cast<size_t>(o * outer_stride + k * k_stride)] = m.at(o, k);
        data = stored<T>(raw);
        return {data.data(), outer_stride, k_stride};
    }
};

template <class P>
struct MakePacked {
    std::vector<typename P::Element> data;
    P make(const Matrix& m) {
        data.resize(static_cast<size_t>(packed_elements<P>(m.outer, m.K)));
        pack_weights<P>(Strided<float>{m.values.data(), m.K, 1}, m.outer, m.K, data.data());
        return {data.data(), m.K};
    }
};

struct MakeLambda {
    auto make(const Matrix& m) {
        const float* values = m.values.data();
        const i64 K = m.K;
        return Lambda{[=](i64 o, i64 k) LUM_APART { return values[o * K + k]; }};
    }
};

struct Sizes {
    i64 M, N, K;
};

// The sizes that sit on the edges of tiles and blocks, then random ones.
std::vector<Sizes> sizes_to_try() {
    std::vector<Sizes> sizes = {{0, 5, 5}, {5, 0, 5}, {5, 5, 0}, {1, 1, 1}, {1, 33, 0}, {6, 16, 1}, {385, 17, 257}};
    // Few rows: deeper than the first-level cache keeps, than a staged block, and wider than the sums kept.
    sizes.insert(sizes.end(), {{1, 19, 3085}, {2, 13, 3085}, {4, 7, 3100}, {1, 1037, 23}});
    // Few sums of many terms, with tiles of every schedule only partly filled.
    sizes.insert(sizes.end(), {{7, 30, 2100}, {25, 41, 1031}, {9, 49, 4099}, {1, 50, 9001}});
    // What fills a wide tile, what fills a tall one, with the last of them in part; as many rows as are read in place.
    sizes.insert(sizes.end(), {{8, 48, 300}, {5, 45, 70}, {17, 24, 9}, {24, 8, 300}, {35, 7, 31}, {96, 64, 20}, {97, 64, 20}});
    if (!reduced) sizes.push_back({1, 3, 65555}), sizes.push_back({3, 4, 65555});
    if (!reduced) sizes.push_back({391, 530, 530}), sizes.push_back({8, 1100, 2100}), sizes.push_back({2, 40, 4099});
    const i64 edges[] = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 127, 129};
    const i64 depths[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 127, 255, 256, 257, 300, 513, 700};
    const int count = reduced ? 24 : 120;
    for (int i = 0; i < count; ++i)
        sizes.push_back({edges[random_numbers.below(i % 2 ? 16 : 7)], edges[random_numbers.below(16)],
                         depths[random_numbers.below(20)]});
    return sizes;
}

struct Result {
    std::vector<float> sums;
    std::vector<int> calls;
};

std::vector<float> expected_product(const Matrix& a, const Matrix& b) {
    std::vector<float> expected(static_cast<size_t>(a.outer * b.outer));
    for (i64 m = 0; m < a.outer; ++m)
        for (i64 n = 0; n < b.outer; ++n) {
            const float *left = a.values.data() + m * a.K, *right = b.values.data() + n * b.K;
            float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
            for (i64 k = 0; k < a.K; ++k) sum += left[k] * right[k];
            expected[static_cast<size_t>(m * b.outer + n)] = sum;
        }
    return expected;
}

template <class MakeA, class MakeB, class S = BySize>
void check(const char* name) {
    Subject subject(name);
    for (const Sizes s : sizes_to_try()) {
        const Matrix a = random_matrix(s.M, s.K), b = random_matrix(s.N, s.K);
        const std::vector<float> expected = expected_product(a, b);
        MakeA make_a;
        MakeB make_b;
        const auto operand_a = make_a.make(a);
        const auto operand_b = make_b.make(b);
        std::vector<char> workspace(static_cast<size_t>(gemm_workspace_bytes(threads())), 0x7f);
        std::vector<float> sums(expected.size(), 1.0f);
        std::vector<int> calls(expected.size(), 0);
        float* out = sums.data();
        int* called = calls.data();
        const i64 N = s.N;
        gemm<S>(s.M, s.N, s.K, operand_a, operand_b, workspace.data(), [=](i64 m, i64 n, float sum) LUM_APART {
            out[m * N + n] += sum;
            called[m * N + n] += 1;
        });
        for (size_t i = 0; i < expected.size(); ++i)
            subject.expect(sums[i] == expected[i] + 1.0f && calls[i] == 1, "M %ld N %ld K %ld at %ld: %g, not %g; %d calls",
                           long(s.M), long(s.N), long(s.K), long(i), double(sums[i] - 1.0f), double(expected[i]), calls[i]);
    }
}

template <class S>
void check_batched(const char* name) {
    Subject subject(name);
    for (int round = 0; round < (reduced ? 10 : 60); ++round) {
        const i64 batch = random_numbers.below(6), M = random_numbers.between(1, 20);
        const i64 N = random_numbers.between(1, 300), K = random_numbers.below(130);
        std::vector<Matrix> a, b;
        std::vector<float> expected;
        for (i64 i = 0; i < batch; ++i) {
            a.push_back(random_matrix(M, K));
            b.push_back(random_matrix(N, K));
            const std::vector<float> product = expected_product(a.back(), b.back());
            expected.insert(expected.end(), product.begin(), product.end());
        }
        std::vector<char> workspace(static_cast<size_t>(gemm_workspace_bytes(threads())));
        std::vector<float> sums(expected.size(), NAN);
        float* out = sums.data();
        gemm_batched<S>(
            batch, M, N, K, [&](i64 i) { return Strided<float>{a[size_t(i)].values.data(), K, 1}; },
            [&](i64 i) { return Strided<float>{b[size_t(i)].values.data(), K, 1}; }, workspace.data(),
            [=](i64 i, i64 m, i64 n, float sum) LUM_APART { out[(i * M + m) * N + n] = sum; });
        for (size_t i = 0; i < expected.size(); ++i)
            subject.expect(sums[i] == expected[i], "batch %ld M %ld N %ld K %ld at %ld: %g, not %g", long(batch), long(M),
                           long(N), long(K), long(i), double(sums[i]), double(expected[i]));
    }
}

using RowsA = MakeStrided<float, 0>;

// Two products in turn beside a third one: the second's epilogue reads what the first has stored at the same place.
void check_in_turn() {
    Subject subject("in turn");
    for (const Sizes s : sizes_to_try()) {
        const Matrix a = random_matrix(s.M, s.K), b = random_matrix(s.N, s.K), c = random_matrix(s.N, s.K);
        const std::vector<float> before = expected_product(a, b), after = expected_product(a, c);
        RowsA make_a;
        MakePacked<PackedB<float>> packed;
        MakeStrided<float, 0> rows;
        std::vector<char> workspace(static_cast<size_t>(gemm_workspace_bytes(threads())), 0x7f);
        std::vector<float> first(before.size(), NAN), second(before.size(), NAN), third(before.size(), NAN);
        const i64 N = s.N;
        const auto right = packed.make(b);
        const auto into = [N](std::vector<float>& to) {
            return [=, out = to.data()](i64 m, i64 n, float sum) LUM_APART { out[m * N + n] = sum; };
        };
        const auto rest = [=, from = first.data(), out = second.data()](i64 m, i64 n, float sum) LUM_APART {
            out[m * N + n] = from[m * N + n] - sum;
        };
        gemm_merged(s.M, s.K, make_a.make(a), workspace.data(),
                    columns(N, right, into(third)),
                    in_turn(columns(N, right, into(first)), columns(N, rows.make(c), rest)));
        for (size_t i = 0; i < before.size(); ++i)
            subject.expect(first[i] == before[i] && third[i] == before[i] && second[i] == before[i] - after[i],
                           "M %ld N %ld K %ld at %ld: %g and %g", long(s.M), long(N), long(s.K), long(i), double(first[i]),
                           double(second[i]));
    }
}

// Three products of one left factor, their right factors of three kinds: every sum once, whatever the threads take.
template <class MakeA>
void check_merged(const char* name) {
    Subject subject(name);
    for (const Sizes s : sizes_to_try()) {
        const i64 widths[3] = {s.N, 1 + random_numbers.below(40), s.N + random_numbers.below(70)};
        const Matrix a = random_matrix(s.M, s.K);
        const Matrix b[3] = {random_matrix(widths[0], s.K), random_matrix(widths[1], s.K), random_matrix(widths[2], s.K)};
        MakeA make_a;
        MakePacked<PackedB<float>> packed;
        MakeStrided<float, 1> rows;
        MakeStrided<bf16, 0> columns_of_halves;
        std::vector<char> workspace(static_cast<size_t>(gemm_workspace_bytes(threads())), 0x7f);
        std::vector<float> sums[3];
        for (int i = 0; i < 3; ++i) sums[i].assign(static_cast<size_t>(s.M * widths[i]), 1.0f);
        const auto into = [&](int i) {
            return [=, out = sums[i].data(), width = widths[i]](i64 m, i64 n, float sum) LUM_APART { out[m * width + n] += sum; };
        };
        gemm_merged(s.M, s.K, make_a.make(a), workspace.data(), columns(widths[0], packed.make(b[0]), into(0)),
                    columns(widths[1], rows.make(b[1]), into(1)), columns(widths[2], columns_of_halves.make(b[2]), into(2)));
        for (int i = 0; i < 3; ++i) {
            const std::vector<float> expected = expected_product(a, b[i]);
            for (size_t j = 0; j < expected.size(); ++j)
                subject.expect(sums[i][j] == expected[j] + 1.0f, "M %ld N %ld K %ld, product %d at %ld: %g, not %g", long(s.M),
                               long(widths[i]), long(s.K), i, long(j), double(sums[i][j] - 1.0f), double(expected[j]));
        }
    }
}

template <class T>
void check_storage(const std::string& type) {
    check<RowsA, MakeStrided<T, 0>>(("rows x " + type + " [N,K]").c_str());
    check<RowsA, MakePacked<PackedB<T>>>(("rows x packed " + type).c_str());
}

// One operand of each kind.
void check_kinds() {
    check_storage<bf16>("bf16");
    check<MakeStrided<float, 1>, MakeStrided<float, 2>>("columns x strided");
    check<MakePacked<PackedA<float>>, MakeStrided<float, 1>>("packed x [K,N]");
    check<MakeLambda, MakeLambda>("lambda x lambda");
    check_batched<BySize>("batched");
    check_in_turn();
    check_merged<RowsA>("merged");
    check_merged<MakeLambda>("merged, lambda");
}

// Operands that are read in each of the ways that schedules tell apart.
template <class S>
void check_schedule(const std::string& name) {
    check<RowsA, MakePacked<PackedB<float>>, S>((name + ", rows x packed").c_str());
    check<RowsA, MakeStrided<float, 1>, S>((name + ", rows x [K,N]").c_str());
    check_batched<S>((name + ", batched").c_str());
#if !defined(LUM_KINDS_ONLY)
    check<MakeStrided<float, 1>, MakeStrided<bf16, 0>, S>((name + ", columns x bf16 [N,K]").c_str());
    check<MakePacked<PackedA<float>>, MakeLambda, S>((name + ", packed x lambda").c_str());
#endif
}

void check_schedules() {
    check_schedule<WideTile>("wide tile");
    check_schedule<TallTile>("tall tile");
    check_schedule<AlwaysPacked>("packed");
    check_schedule<InPlace>("in place");
    check_schedule<SplitDepth>("split depth");
}

// The other storage types on either side. Left out of the slower builds: this is most of the compiler's work.
#if !defined(LUM_KINDS_ONLY)
void check_types() {
    check_storage<float>("f32");
    check_storage<f16>("f16");
    check<MakeStrided<bf16, 0>, MakeStrided<bf16, 1>>("bf16 rows x bf16 [K,N]");
    check<MakeStrided<f16, 0>, MakePacked<PackedB<f16>>>("f16 rows x packed f16");
    check<MakePacked<PackedA<bf16>>, MakeStrided<f16, 1>>("packed bf16 x f16 [K,N]");
    check<MakeStrided<f8e4m3, 0>, MakeStrided<f8e5m2, 1>>("f8e4m3 rows x f8e5m2 [K,N]");
}
#else
void check_types() {}
#endif

}  // namespace

int main(int argc, char** argv) {
    reduced = has_flag(argc, argv, "--reduced");
    set_threads(3);
    check_kinds();
    check_schedules();
    check_types();
}
