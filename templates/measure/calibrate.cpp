// What a processor can do, measured: one line `name threads value` for each figure. Every figure is the best of
// several short runs, so that what else runs on the machine disturbs few of them.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "runtime/gemm.h"
#include "runtime/math.h"
#include "runtime/parallel.h"

namespace {

using lum::i64;
using Lanes = float __attribute__((vector_size(32)));
using Words = lum::u64 __attribute__((vector_size(32)));

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Free {
    void operator()(char* p) const { std::free(p); }
};
using Memory = std::unique_ptr<char, Free>;

// Every page is written: a page of zeros that nobody wrote is one and the same.
Memory memory(size_t bytes) {
    Memory made(static_cast<char*>(std::aligned_alloc(4096, bytes)));
    if (made == nullptr) std::exit(3);
    float* values = reinterpret_cast<float*>(made.get());
    for (size_t i = 0; i < bytes / sizeof(float); ++i) values[i] = 0.5f + static_cast<float>(i % 97) / 128.0f;
    return made;
}

volatile float sink;
volatile lum::u64 word_sink;

// Seconds of fn(), the least of the runs that fit into `budget` seconds.
template <class Fn>
double fastest(double budget, const Fn& fn) {
    double best = 1e30;
    const double end = now() + budget;
    for (int i = 0; i < 9 || now() < end; ++i) {
        const double start = now();
        fn();
        best = std::min(best, now() - start);
    }
    return best;
}

// Seconds of fn(thread) on every thread at once. Each thread has its own clock, since on a machine with other work to
// do they run at the same time only now and then: the runs count in which they did, the slowest thread's time of each.
// Where there was none, the least time that every thread has needed by itself.
template <class Fn>
double together(int threads, double budget, const Fn& fn) {
    const auto n = static_cast<size_t>(threads);
    std::vector<double> starts(n), ends(n), alone(n, 1e30);
    double best = 1e30;
    const double until = now() + budget;
    for (int i = 0; i < 9 || now() < until; ++i) {
        lum::parallel_tasks(threads, [&](int thread) {
            const auto t = static_cast<size_t>(thread);
            starts[t] = now();
            fn(thread);
            ends[t] = now();
        });
        double slowest = 0;
        for (size_t t = 0; t < n; ++t) {
            slowest = std::max(slowest, ends[t] - starts[t]);
            alone[t] = std::min(alone[t], ends[t] - starts[t]);
        }
        const double shared = *std::min_element(ends.begin(), ends.end()) - *std::max_element(starts.begin(), starts.end());
        if (shared > 0.8 * slowest) best = std::min(best, slowest);
    }
    return best < 1e29 ? best : *std::max_element(alone.begin(), alone.end());
}

// Twelve chains of multiply-adds, so that none waits for another.
float multiply_adds(i64 turns) {
    Lanes sums[12];
    for (int i = 0; i < 12; ++i)
        for (int j = 0; j < 8; ++j) sums[i][j] = 0.1f * static_cast<float>(i + j);
    Lanes factor, term;
    for (int j = 0; j < 8; ++j) {
        factor[j] = 0.999f;
        term[j] = 0.001f;
    }
    for (i64 t = 0; t < turns; ++t)
        for (int i = 0; i < 12; ++i) sums[i] = sums[i] * factor + term;
    float total = 0;
    for (const Lanes& s : sums)
        for (int j = 0; j < 8; ++j) total += s[j];
    return total;
}

double multiply_add_rate(int threads) {
    const i64 turns = 100000;
    const double seconds = together(threads, 0.5, [&](int) { sink = multiply_adds(turns); });
    return 2.0 * 12 * 8 * static_cast<double>(turns) * threads / seconds;
}

__attribute__((noinline)) lum::u64 sum(const char* data, size_t bytes) {
    const Words* at = reinterpret_cast<const Words*>(data);
    const Words* const end = at + bytes / sizeof(Words);
    Words totals[8] = {};
    for (; at + 8 <= end; at += 8)
        for (int i = 0; i < 8; ++i) totals[i] += at[i];
    lum::u64 result = 0;
    for (const Words& t : totals) result += t[0] + t[1] + t[2] + t[3];
    return result;
}

// Bytes a second that `threads` threads read of `bytes` in all, each its share again and again.
double read_rate(int threads, const char* data, size_t bytes) {
    const size_t share = bytes / static_cast<size_t>(threads) / 4096 * 4096;
    const int passes = static_cast<int>(std::max<size_t>(1, (size_t{4} << 20) / share));
    const double seconds = together(threads, bytes > size_t{32} << 20 ? 1.2 : 0.4, [&](int thread) {
        lum::u64 total = 0;
        for (int p = 0; p < passes; ++p) {
            total += sum(data + share * static_cast<size_t>(thread), share);
            asm volatile("" : : : "memory");
        }
        word_sink = total;
    });
    return static_cast<double>(share) * threads * passes / seconds;
}

// Every thread multiplies matrices of its own.
double contraction_rate(int threads, char* data) {
    const i64 n = 288;
    const i64 room = (3 * n * n * static_cast<i64>(sizeof(float)) + 4095) / 4096 * 4096;
    char* workspace = data + room * threads;
    const double seconds = together(threads, 0.8, [&](int thread) {
        float* a = reinterpret_cast<float*>(data + room * thread);
        float* b = a + n * n;
        float* c = b + n * n;
        const auto keep = [=](i64 row, i64 column, float total) { c[row * n + column] = total; };
        if (threads == 1) {
            lum::gemm(n, n, n, lum::Strided<float>{a, n, 1}, lum::Strided<float>{b, 1, n}, workspace, keep);
        } else {
            lum::gemm_serial({0, n}, {0, n}, n, lum::Strided<float>{a, n, 1}, lum::Strided<float>{b, 1, n}, workspace,
                             keep);
        }
    });
    return 2.0 * static_cast<double>(n) * n * n * threads / seconds;
}

// Seconds an element of fn over a row that stays in the first-level cache.
template <class Fn>
double element_seconds(float* data, const Fn& fn) {
    constexpr i64 count = 2048;
    const float* from = data;
    float* to = data + count;
    double best = 1e30;
    for (int i = 0; i < 25; ++i) {
        const double start = now();
        for (int pass = 0; pass < 20; ++pass) {
#pragma omp simd
            for (i64 j = 0; j < count; ++j) to[j] = fn(from[j], to[j]);
        }
        best = std::min(best, (now() - start) / 20);
    }
    return best / static_cast<double>(count);
}

// Seconds of one value of a sum over a row in cache.
double sum_seconds(const float* data) {
    constexpr i64 count = 2048;
    double best = 1e30;
    for (int i = 0; i < 25; ++i) {
        const double start = now();
        float total = 0;
        for (int pass = 0; pass < 20; ++pass) {
#pragma omp simd reduction(+ : total)
            for (i64 j = 0; j < count; ++j) total += data[j];
            asm volatile("" : "+m"(*const_cast<float*>(data)) : : "memory");
        }
        sink = total;
        best = std::min(best, (now() - start) / 20);
    }
    return best / static_cast<double>(count);
}

void print(const char* name, int threads, double value) { std::printf("%s %d %.6e\n", name, threads, value); }

}  // namespace

// Arguments: the most threads, then the working sets to read, in bytes; without any, how long the threads take to
// start, which is another thing where those that wait give way.
int main(int count, char** arguments) {
    if (count < 2) return 2;
    const int most = std::atoi(arguments[1]);
    if (count == 2) {
        for (int threads = 1; threads <= most; ++threads)
            print("fork", threads, fastest(0.2, [&] { lum::parallel_tasks(threads, [](int) {}); }));
        return 0;
    }
    size_t largest = size_t{8} << 20;
    for (int i = 2; i < count; ++i) largest = std::max(largest, static_cast<size_t>(std::atoll(arguments[i])));
    Memory data = memory((largest + (size_t{64} << 20)) / 4096 * 4096);
    float* row = reinterpret_cast<float*>(data.get());
    print("element:add", 1, element_seconds(row, [](float x, float y) { return x + y; }));
    print("element:sum", 1, sum_seconds(row));
    print("element:div", 1, element_seconds(row, [](float x, float) { return 1.0f / x; }));
    print("element:sqrt", 1, element_seconds(row, [](float x, float) { return lum::sqrt(x); }));
    print("element:exp", 1, element_seconds(row, [](float x, float) { return lum::exp(x); }));
    print("element:log", 1, element_seconds(row, [](float x, float) { return lum::log(x); }));
    print("element:tanh", 1, element_seconds(row, [](float x, float) { return lum::tanh(x); }));
    print("element:sigmoid", 1, element_seconds(row, [](float x, float) { return lum::sigmoid(x); }));
    print("element:erf", 1, element_seconds(row, [](float x, float) { return lum::erf(x); }));
    print("element:sin", 1, element_seconds(row, [](float x, float) { return lum::sin(x); }));
    for (int threads = 1; threads <= most; ++threads) {
        lum::set_threads(threads);
        print("fma", threads, multiply_add_rate(threads));
        print("contraction", threads, contraction_rate(threads, data.get()));
        for (int i = 2; i < count; ++i) {
            const auto bytes = static_cast<size_t>(std::atoll(arguments[i]));
            std::printf("read:%zu %d %.6e\n", bytes, threads, read_rate(threads, data.get(), bytes));
        }
    }
    return 0;
}
