// The two roofs of a device's memory: a large copy, and a stream that is only read. Prints JSON with the device's facts.
// Arguments: bytes, runs.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "runtime/launch.cuh"

namespace {

using lum::i64;
using lum::u32;

void check(cudaError_t status, const char* call) {
    if (status == cudaSuccess) return;
    std::fprintf(stderr, "%s: %s\n", call, cudaGetErrorString(status));
    std::exit(1);
}

// 16 bytes a thread, four of them on the way at a time.
__global__ void read(const lum::Word4* data, i64 count, u32* odd) {
    const i64 step = static_cast<i64>(lum::grid()) * lum::threads();
    u32 seen = 0;
    for (i64 i = static_cast<i64>(lum::block()) * lum::threads() + lum::thread(); i < count; i += 4 * step) {
        lum::Word4 words[4] = {};
#pragma unroll
        for (int j = 0; j < 4; ++j)
            if (i + j * step < count) words[j] = lum::load_word_once<lum::Word4>(data + i + j * step);
#pragma unroll
        for (int j = 0; j < 4; ++j) seen ^= words[j].word[0] ^ words[j].word[1] ^ words[j].word[2] ^ words[j].word[3];
    }
    if (seen == 0x9e3779b9u) *odd = seen;
}

__global__ void copy(const lum::Word4* from, lum::Word4* to, i64 count) {
    const i64 step = static_cast<i64>(lum::grid()) * lum::threads();
    for (i64 i = static_cast<i64>(lum::block()) * lum::threads() + lum::thread(); i < count; i += step)
        lum::store_word(to + i, lum::load_word<lum::Word4>(from + i));
}

// Numbers of either sign, no two words alike.
__global__ void fill(u32* data, i64 count) {
    const i64 step = static_cast<i64>(lum::grid()) * lum::threads();
    for (i64 i = static_cast<i64>(lum::block()) * lum::threads() + lum::thread(); i < count; i += step)
        data[i] = static_cast<u32>(i) * 2654435761u + 12345u;
}

// Seconds: the middle one, and how far the middle half reaches.
template <class Run>
void time(const char* name, double bytes, int runs, const Run& run) {
    cudaEvent_t start, end;
    check(cudaEventCreate(&start), "cudaEventCreate");
    check(cudaEventCreate(&end), "cudaEventCreate");
    std::vector<float> times;
    for (int i = -2; i < runs; ++i) {
        check(cudaEventRecord(start), "cudaEventRecord");
        run();
        check(cudaEventRecord(end), "cudaEventRecord");
        check(cudaEventSynchronize(end), "cudaEventSynchronize");
        float took = 0;
        check(cudaEventElapsedTime(&took, start, end), "cudaEventElapsedTime");
        if (i >= 0) times.push_back(took);
    }
    std::sort(times.begin(), times.end());
    const size_t n = times.size();
    const double median = times[n / 2];
    std::printf(", \"%s\": {\"bytes_per_second\": %.6e, \"median_ms\": %.6f, \"low_ms\": %.6f, \"high_ms\": %.6f}", name,
                bytes / (median * 1e-3), median, static_cast<double>(times[n / 4]), static_cast<double>(times[n - 1 - n / 4]));
}

}  // namespace

int main(int count, char** values) {
    if (count != 3) return 2;
    const size_t bytes = static_cast<size_t>(std::atoll(values[1])) / 256 * 256;
    const int runs = std::max(1, std::atoi(values[2]));
    cudaDeviceProp facts;
    int driver = 0, runtime = 0;
    check(cudaGetDeviceProperties(&facts, 0), "cudaGetDeviceProperties");
    check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
    check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
    std::printf("{\"device\": \"%s\", \"capability\": \"%d.%d\", \"multiprocessors\": %d, \"l2_bytes\": %d, \"memory_bytes\": %zu, "
                "\"driver_cuda\": %d, \"runtime_cuda\": %d",
                facts.name, facts.major, facts.minor, facts.multiProcessorCount, facts.l2CacheSize, facts.totalGlobalMem,
                driver, runtime);

    lum::Word4 *from = nullptr, *to = nullptr;
    check(cudaMalloc(&from, bytes), "cudaMalloc");
    check(cudaMalloc(&to, bytes), "cudaMalloc");
    const i64 blocks = i64{8} * facts.multiProcessorCount, words = static_cast<i64>(bytes / sizeof(lum::Word4));
    check(lum::launch(fill, blocks, 256, 0, nullptr, reinterpret_cast<u32*>(from), 4 * words), "fill");
    check(cudaDeviceSynchronize(), "fill");
    const double moved = static_cast<double>(bytes);
    time("copy", 2 * moved, runs, [&] { check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, nullptr), "cudaMemcpyAsync"); });
    time("copy_kernel", 2 * moved, runs, [&] { check(lum::launch(copy, blocks, 256, 0, nullptr, from, to, words), "copy"); });
    time("read", moved, runs, [&] {
        check(lum::launch(read, blocks, 256, 0, nullptr, from, words, reinterpret_cast<u32*>(to)), "read");
    });
    std::printf("}\n");
    return 0;
}
