// Attention against its definition, in double: sizes, groups, storage types, masks, rows that see nothing, threads.
#include <cmath>
#include <vector>

#include "attention.h"
#include "report.h"

using namespace lum;

namespace {

Random random_numbers;

struct Shape {
    i64 items, group, rows, keys, depth, width;
    int mask;  // 0: every key, 1: up to the row's own, 2: a window, 3: keys of a list, 4: some rows see nothing, with infinities
};

Shape random_shape(int round) {
    const auto any = [](i64 low, i64 high) { return static_cast<i64>(random_numbers.between(low, high)); };
    Shape s{};
    s.group = round % 3 == 0 ? any(2, 5) : 1;
    s.items = s.group * any(1, 4);
    s.rows = round % 2 == 0 ? any(1, 4) : any(1, round % 9 == 0 ? 450 : 40);
    s.keys = round % 11 == 0 ? any(0, 3) : any(1, round % 4 == 0 ? 900 : 70);
    s.depth = any(1, round % 5 == 0 ? 130 : 20);
    s.width = any(1, round % 7 == 0 ? 150 : 40);
    s.mask = static_cast<int>(any(0, 4));
    return s;
}

bool sees(const Shape& s, i64 row, i64 key) {
    const i64 own = row + s.keys - s.rows;
    if (s.mask == 1) return key <= own;
    if (s.mask == 2) return key <= own && key > own - 7;
    if (s.mask == 3) return key % 3 != 1;
    if (s.mask == 4) return key < row - 2;
    return true;
}

KeyRange range_of(const Shape& s, i64 row) {
    const i64 own = row + s.keys - s.rows;
    if (s.mask == 1) return {0, own + 1};
    if (s.mask == 2) return {own - 6, own + 1};
    if (s.mask == 4) return {0, row - 2};
    return {0, s.keys};
}

template <class T>
std::vector<T> random_tensor(i64 size) {
    std::vector<T> values;
    for (i64 i = 0; i < size; ++i) values.push_back(from_float<T>(static_cast<float>(random_numbers.between(-8, 8)) / 4.0f));
    return values;
}

// Keys and values are [keys, heads, depth]; turned: [heads, depth, keys], which no few rows can read where they lie.
template <class T>
void check_attention(const char* name, int rounds) {
    Subject subject(name);
    for (int round = 0; round < rounds; ++round) {
        const Shape s = random_shape(round);
        set_threads(1 + round % 6);
        const bool turned = round % 8 == 3;
        const i64 heads = s.items / s.group;
        const auto q = random_tensor<float>(s.items * s.rows * s.depth);
        const auto k = random_tensor<T>(heads * s.keys * s.depth), v = random_tensor<T>(heads * s.keys * s.width);
        const auto operand_of = [=](const T* data, i64 head, i64 size) {
            return turned ? Strided<T>{data + head * size * s.keys, 1, s.keys} : Strided<T>{data + head * size, heads * size, 1};
        };
        const float *queries = q.data();
        const T *key_data = k.data(), *value_data = v.data();
        std::vector<float> result(size_t(s.items * s.rows * s.width), -1e30f);
        float* out = result.data();
        std::vector<char> workspace(static_cast<size_t>(gemm_workspace_bytes(threads())), 0x7f);
        const float scale = 0.4f;
        attention(AttentionSizes{s.items, s.group, s.rows, s.keys, s.depth, s.width},
            [=](i64 item) { return Strided<float>{queries + item * s.rows * s.depth, s.depth, 1}; },
            [=](i64 item) { return operand_of(key_data, item / s.group, s.depth); },
            [=](i64 item) {
                const Strided<T> values = operand_of(value_data, item / s.group, s.width);
                return Strided<T>{values.data, values.k_stride, values.outer_stride};
            },
            [=](i64, i64 row) { return range_of(s, row); },
            [=](i64 item, i64 row, i64 key, float dot) {
                return sees(s, row, key) ? dot * scale + static_cast<float>(item) : -INFINITY;
            },
            workspace.data(),
            [=](i64 item, i64 row, i64 n, float weighted, float total) {
                out[(item * s.rows + row) * s.width + n] = weighted / total;
            });
        const auto at = [&](const std::vector<T>& data, i64 head, i64 key, i64 i, i64 size) {
            return static_cast<double>(to_float(data[size_t(turned ? (head * size + i) * s.keys + key : (key * heads + head) * size + i)]));
        };
        for (i64 item = 0; item < s.items; ++item)
            for (i64 row = 0; row < s.rows; ++row) {
                const i64 head = item / s.group;
                std::vector<double> scores;
                double greatest = -INFINITY, total = 0;
                for (i64 key = 0; key < s.keys; ++key) {
                    double dot = 0;
                    for (i64 i = 0; i < s.depth; ++i)
                        dot += static_cast<double>(q[size_t((item * s.rows + row) * s.depth + i)]) * at(k, head, key, i, s.depth);
                    scores.push_back(sees(s, row, key) ? dot * static_cast<double>(scale) + static_cast<double>(item) : -INFINITY);
                    greatest = std::fmax(greatest, scores.back());
                }
                for (double& e : scores) total += e = std::exp(e - greatest);
                for (i64 n = 0; n < s.width; ++n) {
                    double want = 0;
                    for (i64 key = 0; key < s.keys; ++key) want += scores[size_t(key)] * at(v, head, key, n, s.width);
                    want /= total;
                    const double got = static_cast<double>(result[size_t((item * s.rows + row) * s.width + n)]);
                    const bool right = std::isnan(want) ? std::isnan(got) : std::fabs(got - want) <= 2e-5 * std::fmax(1.0, std::fabs(want));
                    subject.expect(right, "round %d item %ld row %ld column %ld: %g, not %g", round, long(item), long(row), long(n), got, want);
                }
            }
    }
}

// A score of +infinity, NaN, and sums that only a rescaling keeps finite.
void check_extremes() {
    Subject subject("attention, extreme scores");
    const i64 keys = 300;
    set_threads(2);
    std::vector<char> workspace(static_cast<size_t>(gemm_workspace_bytes(threads())));
    for (const i64 rows : {1, 20})
        for (const int kind : {0, 1, 2}) {
            std::vector<float> ones(size_t(keys), 1.0f), result(size_t(rows), -1.0f);
            const float* one = ones.data();
            float* out = result.data();
            attention(AttentionSizes{1, 1, rows, keys, 1, 1}, [=](i64) { return Strided<float>{one, 0, 1}; },
                [=](i64) { return Strided<float>{one, 1, 1}; }, [=](i64) { return Strided<float>{one, 1, 1}; },
                [=](i64, i64) { return KeyRange{-5, keys + 5}; },
                [=](i64, i64, i64 key, float dot) {
                    if (kind == 0) return dot * static_cast<float>(key) * 30.0f;
                    return key == 200 ? (kind == 1 ? INFINITY : NAN) : dot;
                },
                workspace.data(), [=](i64, i64 row, i64, float weighted, float total) { out[row] = weighted / total; });
            for (const float got : result) subject.expect(kind == 0 ? got == 1.0f : got != got, "kind %d: %g", kind, double(got));
        }
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = has_flag(argc, argv, "--reduced") ? 40 : 200;
    check_attention<float>("attention f32", rounds);
    check_attention<bf16>("attention bf16", rounds);
    check_extremes();
#if !defined(LUM_KINDS_ONLY)  // as in gemm.cpp
    check_attention<f16>("attention f16", rounds / 2);
#endif
}
