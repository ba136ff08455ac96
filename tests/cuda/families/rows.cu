// Work on rows against plain loops: sums, moments, softmax, argmax with ties and NaN, top k, sorting, running sums,
// and conversions of every storage type.
#include <algorithm>
#include <limits>

#include "report.h"
#include "runtime/cumulate.cuh"
#include "runtime/integers.cuh"
#include "runtime/picks.cuh"
#include "runtime/row_statistics.cuh"
#include "runtime/tiles.cuh"
#include "runtime/top_k.cuh"
#include "runtime/vector.cuh"

constexpr int kFields = 8;

// One block per row: sum, greatest, least, mean, variance, softmax's two numbers, position of the greatest.
template <class T>
__global__ void fold_rows(const T* x, float* out, i64 rows, i64 n) {
    auto* const floats = lum::shared<float>(0);
    auto* const moments = lum::shared<lum::Moments>(128);
    auto* const softmax = lum::shared<lum::SoftmaxSum>(1024);
    void* const picks = lum::shared<char>(2048);
    for (lum::Rows row(rows); row.next();) {
        float sum = 0.0f, largest = lum::Max::neutral(), least = lum::Min::neutral();
        lum::Moments m;
        lum::SoftmaxSum s;
        float best = lum::Max::neutral();
        lum::i32 best_at = static_cast<lum::i32>(n);
        for (i64 j = lum::thread(); j < n; j += lum::threads()) {
            const float value = lum::to_float(x[row.index * n + j]);
            sum += value;
            largest = lum::max(largest, value);
            least = lum::min(least, value);
            m.add(value);
            s.add(value);
            lum::take_better<lum::RanksAbove>(best, best_at, value, static_cast<lum::i32>(j));
        }
        sum = lum::block_reduce<lum::Sum>(sum, floats);
        largest = lum::block_reduce<lum::Max>(largest, floats);
        least = lum::block_reduce<lum::Min>(least, floats);
        m = lum::block_moments(m, moments);
        s = lum::block_softmax(s, softmax);
        lum::block_pick<lum::RanksAbove>(best, best_at, picks);
        if (lum::thread() == 0) {
            float* const to = out + row.index * kFields;
            to[0] = sum, to[1] = largest, to[2] = least, to[3] = m.mean, to[4] = m.variance();
            to[5] = s.largest, to[6] = s.total, to[7] = static_cast<float>(best_at);
        }
    }
}

// One warp per row.
template <class T>
__global__ void sum_rows(const T* x, float* out, i64 rows, i64 n) {
    for (lum::WarpRows row(rows); row.next();) {
        float sum = 0.0f;
        for (i64 j = lum::lane(); j < n; j += lum::kWarp) sum += lum::to_float(x[row.index * n + j]);
        sum = lum::warp_reduce<lum::Sum>(sum);
        if (lum::lane() == 0) out[row.index] = sum;
    }
}

template <class T>
__global__ void order_rows(const T* x, lum::i32* out, i64 rows, i64 n, i64 count) {
    auto* const room = lum::shared<lum::TopKRoom<T>>(0);
    for (lum::Rows row(rows); row.next();)
        lum::top_k(n, count, out + row.index * count, room, [=](i64 i) { return x[row.index * n + i]; });
}

template <class T>
__global__ void scan_rows(const T* x, T* out, i64 rows, i64 n) {
    auto* const scratch = lum::shared<T>(0);
    for (lum::Rows row(rows); row.next();) {
        const i64 start = row.index * n;
        lum::cumulate<lum::Sum>(
            n, T{}, scratch, [=](i64 i) { return x[start + i]; }, [=](i64 i, T sum) { out[start + i] = sum; });
    }
}

// y = 2 x in vectors of 16 bytes, the rest one by one.
template <class T>
__global__ void scale(const T* x, T* y, i64 n) {
    constexpr int width = lum::kVector<T>;
    for (lum::Items item(n / width); item.next();) {
        auto v = lum::load_vector<T, width>(x + item.item * width);
        for (int e = 0; e < width; ++e) v.set(e, 2.0f * v[e]);
        lum::store_vector(y + item.item * width, v);
    }
    for (lum::Items item(n % width); item.next();) {
        const i64 i = n / width * width + item.item;
        y[i] = lum::from_float<T>(2.0f * lum::to_float(x[i]));
    }
}

template <class T>
static void check_folds() {
    Subject subject(std::string("rows ") + type_name<T>());
    for (i64 rows : {1, 5})
        for (i64 n : {1, 7, 32, 100, 1000, 2049})
            for (int threads : {32, 64, 256}) {
                Random random(static_cast<unsigned>(n));
                const Buffer<T> x(rows * n), y(rows * n);
                const Buffer<float> out(rows * kFields), sums(rows);
                x.randomize(random);
                const std::string where = std::to_string(rows) + "x" + std::to_string(n) + ", " + std::to_string(threads);
                subject.ran(lum::launch(fold_rows<T>, 3, threads, 4096, nullptr, x.get(), out.get(), rows, n), where);
                subject.ran(lum::launch(sum_rows<T>, 2, threads, 0, nullptr, x.get(), sums.get(), rows, n), where);
                subject.ran(lum::launch(scale<T>, 2, threads, 0, nullptr, x.get(), y.get(), rows * n), where);
                for (i64 r = 0; r < rows; ++r) {
                    std::vector<double> v;
                    for (i64 j = 0; j < n; ++j) v.push_back(static_cast<double>(lum::to_float(x[r * n + j])));
                    double sum = 0, magnitude = 0, squares = 0, total = 0;
                    for (double a : v) sum += a, magnitude += std::fabs(a);
                    const double mean = sum / static_cast<double>(n);
                    const auto largest = std::max_element(v.begin(), v.end());
                    for (double a : v) squares += (a - mean) * (a - mean), total += std::exp(a - *largest);
                    const double expected[kFields] = {sum, *largest, *std::min_element(v.begin(), v.end()), mean,
                                                      squares / static_cast<double>(n), *largest, total,
                                                      static_cast<double>(largest - v.begin())};
                    const double sizes[kFields] = {magnitude, 1, 1, 1, 1, 1, total, 1};
                    const double tolerances[kFields] = {1e-6, 0, 0, 1e-6, 1e-6, 0, 1e-6, 0};
                    for (int f = 0; f < kFields; ++f)
                        subject.close(static_cast<double>(out[r * kFields + f]), expected[f], sizes[f], tolerances[f],
                                      where + ", field " + std::to_string(f));
                    subject.close(static_cast<double>(sums[r]), sum, magnitude, 1e-6, where + ", by warps");
                    for (i64 j = 0; j < n; ++j) {
                        const float doubled = lum::to_float(lum::from_float<T>(2.0f * lum::to_float(x[r * n + j])));
                        subject.expect(lum::to_float(y[r * n + j]) == doubled, "%s: doubled %td", where.c_str(), j);
                    }
                }
            }
}

// How the values of a row are chosen: each brings another part of the selection to its end.
enum class Values { few, any, equal, close };

template <class T>
static T value_of(Values kind, Random& random) {
    const unsigned number = random.next();
    if constexpr (std::is_integral_v<T>) {
        if (kind == Values::any) return static_cast<T>(static_cast<unsigned long long>(number) * 0x9e3779b97f4a7c15ull);
        return static_cast<T>(kind == Values::equal ? 7 : static_cast<T>(number % 20) - 10);
    } else {
        using Wide = std::conditional_t<std::is_same_v<T, double>, double, float>;
        Wide value = static_cast<Wide>(number % 20) - 10;
        if (kind == Values::any) value = static_cast<Wide>(number % 100003) / 1000 - 50;
        if (kind == Values::equal) value = 0.5;
        if (kind == Values::close) value = 1 + static_cast<Wide>(number % 5000) / (Wide(1 << 23));
        if (kind != Values::equal && random.next() % 16 == 0) value = NAN;
        if (kind != Values::equal && random.next() % 16 == 0) value = -INFINITY;
        if (kind != Values::equal && random.next() % 16 == 0) value = random.next() % 2 ? Wide(-0.0) : Wide(0.0);
        if constexpr (std::is_same_v<T, double>)
            return value;
        else
            return lum::from_float<T>(value);
    }
}

template <class T>
static auto comparable(T value) {
    if constexpr (std::is_integral_v<T> || std::is_same_v<T, double>)
        return value;
    else
        return lum::to_float(value);
}

template <class T>
static void check_order(const char* name) {
    Subject subject(std::string("top k and sorting ") + name);
    const auto run = [&](i64 n, i64 count, Values kind, int threads) {
        const i64 rows = n > 1000 ? 2 : 3;
        Random random(static_cast<unsigned>(n + count));
        const Buffer<T> x(rows * n);
        const Buffer<lum::i32> out(rows * count);
        for (i64 i = 0; i < rows * n; ++i) x[i] = value_of<T>(kind, random);
        const std::string where =
            std::to_string(count) + " of " + std::to_string(n) + ", values " + std::to_string(static_cast<int>(kind));
        subject.ran(
            lum::launch(order_rows<T>, 2, threads, lum::kTopKBytes, nullptr, x.get(), out.get(), rows, n, count), where);
        for (i64 r = 0; r < rows; ++r) {
            std::vector<lum::i32> order(static_cast<std::size_t>(n));
            for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<lum::i32>(i);
            std::stable_sort(order.begin(), order.end(), [&](lum::i32 a, lum::i32 b) {
                const auto u = comparable(x[r * n + a]), v = comparable(x[r * n + b]);
                return u > v || (u != u && v == v);
            });
            for (i64 i = 0; i < count; ++i)
                subject.expect(out[r * count + i] == order[static_cast<std::size_t>(i)], "%s: rank %td is %d, not %d",
                               where.c_str(), i, out[r * count + i], order[static_cast<std::size_t>(i)]);
        }
    };
    for (i64 n : {1, 2, 8, 33, 257})
        for (i64 count : {i64{1}, i64{4}, i64{40}, n})
            if (count <= n) run(n, count, Values::few, 64);
    // Longer than what is sorted at once: few and many wanted, up to all of them.
    for (Values kind : {Values::few, Values::any, Values::equal, Values::close}) {
        run(2051, 40, kind, 256);
        run(2051, 1500, kind, 96);
    }
    run(2051, 2050, Values::few, 256);
    run(1025, 1025, Values::any, 256);
    run(1024, 1023, Values::any, 256);
}

template <class T>
static void check_scan(const char* name, double tolerance) {
    Subject subject(std::string("running sums ") + name);
    for (i64 n : {1, 31, 64, 65, 500}) {
        const i64 rows = 3;
        Random random(static_cast<unsigned>(n));
        const Buffer<T> x(rows * n), out(rows * n);
        for (i64 i = 0; i < rows * n; ++i) x[i] = static_cast<T>(random.next() % 100) / 8;
        subject.ran(lum::launch(scan_rows<T>, 2, 64, 256, nullptr, x.get(), out.get(), rows, n), "launch");
        for (i64 r = 0; r < rows; ++r) {
            double sum = 0;
            for (i64 i = 0; i < n; ++i) {
                sum += static_cast<double>(x[r * n + i]);
                subject.close(static_cast<double>(out[r * n + i]), sum, sum, tolerance, std::to_string(i) + " of " + std::to_string(n));
            }
        }
    }
}

// Every pattern of a narrow type comes back from float, and ties go to even.
template <class T, class Bits>
static void check_conversions() {
    Subject subject(std::string("conversions of ") + type_name<T>());
    for (unsigned pattern = 0; pattern < 1u << (8 * sizeof(T)); ++pattern) {
        const float value = lum::to_float(T{static_cast<Bits>(pattern)});
        const T back = lum::from_float<T>(value);
        subject.expect(value != value ? lum::to_float(back) != lum::to_float(back) : back.bits == pattern, "pattern %x", pattern);
    }
}

static void check_integers() {
    Subject subject("integers");
    constexpr lum::i32 least = std::numeric_limits<lum::i32>::min(), greatest = std::numeric_limits<lum::i32>::max();
    subject.expect(lum::to_integer<lum::i32>(3e9f) == greatest, "to_integer above");
    subject.expect(lum::to_integer<lum::i32>(-3e9f) == least, "to_integer below");
    subject.expect(lum::to_integer<lum::i32>(NAN) == 0, "to_integer of NaN");
    subject.expect(lum::to_integer<lum::u8>(-4.0f) == 0 && lum::to_integer<lum::u8>(300.0f) == 255, "to_integer of u8");
    subject.expect(lum::to_integer<i64>(-2.5f) == -2, "to_integer truncates");
    subject.expect(lum::wrapping_add(greatest, 1) == least, "wrapping_add");
    subject.expect(lum::floor_div(-7, 2) == -4 && lum::floor_div(7, 0) == 0 && lum::floor_div(least, -1) == least, "floor_div");
    subject.expect(lum::floor_mod(-7, 2) == 1 && lum::floor_mod(7, 0) == 7, "floor_mod");
    subject.expect(lum::shift_left(1, 40) == 0 && lum::shift_right(-8, 40) == -1, "shifts");
    subject.expect(lum::pow(3, 4) == 81 && lum::pow(-1, -3) == -1, "pow");
}

int main() {
    check_folds<float>();
    check_folds<lum::bf16>();
    check_folds<lum::f16>();
    check_folds<lum::f8e4m3>();
    check_folds<lum::f8e5m2>();
    check_order<float>("f32");
    check_order<double>("f64");
    check_order<lum::f16>("f16");
    check_order<lum::bf16>("bf16");
    check_order<i64>("i64");
    check_order<lum::i32>("i32");
    check_order<lum::u8>("u8");
    check_scan<float>("f32", 1e-6);
    check_scan<double>("f64", 1e-14);
    check_scan<lum::i32>("i32", 0.0);
    check_scan<i64>("i64", 0.0);
    check_conversions<lum::bf16, lum::u16>();
    check_conversions<lum::f16, lum::u16>();
    check_conversions<lum::f8e4m3, lum::u8>();
    check_conversions<lum::f8e5m2, lum::u8>();
    check_integers();
}
