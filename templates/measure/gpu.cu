// Times kernel calls that are listed in a file, and prints the seconds of each on a line of its own: medians of events
// around single launches, each from a cold second-level cache, on two sets of buffers in turn.
// Every call: kernel, dims, sizes, then for each buffer its element type, bytes, whether it is written, and the number
// of an earlier buffer in the same place or -1.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "measured.h"
#include "runtime/cold_cache.cuh"

namespace {

using lum::i64;
using lum::u32;

constexpr size_t kPattern = size_t{1} << 20;
constexpr size_t kApart = 256;

[[noreturn]] void quit(const std::string& what) {
    std::fprintf(stderr, "%s\n", what.c_str());
    std::exit(1);
}

void check(cudaError_t status, const std::string& what) {
    if (status != cudaSuccess) quit(what + ": " + cudaGetErrorString(status));
}

void check(const lum::Fault& fault) {
    if (fault) quit(fault.text());
}

struct Buffer {
    std::string type;
    i64 bytes;
    int written, same;
};

struct Call {
    int kernel;
    std::vector<i64> dims, sizes;
    std::vector<Buffer> buffers;
};

// Numbers of one element type: not zero, of either sign, none so small or large that sums of their products leave the
// range; integers from 1 to 7.
std::vector<unsigned char> pattern(const std::string& type) {
    std::vector<unsigned char> bytes(kPattern);
    u32 state = 0x9e3779b9u;
    const auto next = [&] { return (state = state * 1664525u + 1013904223u) >> 8; };
    const auto fill = [&](auto value) {
        for (size_t at = 0; at + sizeof(value(0u)) <= kPattern; at += sizeof(value(0u))) {
            const auto made = value(next());
            std::memcpy(&bytes[at], &made, sizeof made);
        }
    };
    const auto number = [](u32 r) {  // between 1/16 and 1
        return ((r & 1) != 0 ? -1.0f : 1.0f) * (0.0625f + static_cast<float>(r >> 4 & 0xffff) / 70000.0f);
    };
    const auto upper = [&](u32 r) {  // of a float's bits: a bf16
        const float value = number(r);
        u32 bits;
        std::memcpy(&bits, &value, sizeof bits);
        return static_cast<lum::u16>(bits >> 16);
    };
    const auto half = [](u32 r) {  // an f16 between 1/16 and 1: sign, exponent 11 to 14, any fraction
        return static_cast<lum::u16>((r & 1) << 15 | (11 + (r >> 1) % 4) << 10 | (r >> 4 & 0x3ff));
    };
    if (type == "f32") fill(number);
    else if (type == "f64") fill([&](u32 r) { return static_cast<double>(number(r)); });
    else if (type == "bf16") fill(upper);
    else if (type == "f16") fill(half);
    else if (type == "f8e4m3" || type == "f8e5m2") fill([](u32 r) { return static_cast<lum::u8>(0x30 + r % 8); });
    else if (type == "bool") fill([](u32 r) { return static_cast<lum::u8>(r % 2); });
    else if (type == "i64") fill([](u32 r) { return static_cast<i64>(1 + r % 7); });
    else if (type == "i32") fill([](u32 r) { return static_cast<lum::i32>(1 + r % 7); });
    else if (type == "i16") fill([](u32 r) { return static_cast<std::int16_t>(1 + r % 7); });
    else fill([](u32 r) { return static_cast<lum::u8>(1 + r % 7); });
    return bytes;
}

size_t rounded(i64 bytes) { return (static_cast<size_t>(std::max<i64>(bytes, 1)) + kApart - 1) / kApart * kApart + kApart; }

size_t room(const Call& call) {
    size_t all = 0;
    for (const Buffer& b : call.buffers)
        if (b.same < 0) all += rounded(b.bytes);
    return all;
}

// The device's memory for calls: patterns, and two sets of buffers.
struct Memory {
    lum::DeviceBlock sets, patterns, dims, indices;
    std::map<std::string, size_t> pattern_at;
};

void put_patterns(Memory& memory, const std::vector<Call>& calls) {
    for (const Call& call : calls)
        for (const Buffer& b : call.buffers) memory.pattern_at.emplace(b.type, 0);
    check(memory.patterns.allocate(memory.pattern_at.size() * kPattern, "patterns"));
    size_t at = 0;
    for (auto& [type, offset] : memory.pattern_at) {
        offset = at;
        at += kPattern;
        const std::vector<unsigned char> bytes = pattern(type);
        check(cudaMemcpy(memory.patterns.data() + offset, bytes.data(), kPattern, cudaMemcpyHostToDevice), "cudaMemcpy");
    }
}

// Pointers of one set, filled; the second set's numbers begin elsewhere in the pattern.
std::vector<void*> placed(const Memory& memory, const Call& call, size_t set) {
    std::vector<void*> pointers;
    std::byte* at = memory.sets.data() + set * room(call);
    for (const Buffer& b : call.buffers) {
        if (b.same >= 0) {
            pointers.push_back(pointers[static_cast<size_t>(b.same)]);
            continue;
        }
        pointers.push_back(at);
        const size_t skipped = set * 4096;
        for (size_t done = 0; done < static_cast<size_t>(b.bytes); done += kPattern - skipped) {
            const size_t part = std::min(kPattern - skipped, static_cast<size_t>(b.bytes) - done);
            check(cudaMemcpy(at + done, memory.patterns.data() + memory.pattern_at.at(b.type) + skipped, part,
                             cudaMemcpyDeviceToDevice),
                  "cudaMemcpy");
        }
        at += rounded(b.bytes);
    }
    return pointers;
}

double median_seconds(const Call& call, const Memory& memory, const lum::ColdCache& cold, i64 most, int runs) {
    cudaStream_t stream = nullptr;
    cudaEvent_t start, end;
    check(cudaEventCreate(&start), "cudaEventCreate");
    check(cudaEventCreate(&end), "cudaEventCreate");
    const std::vector<void*> sets[] = {placed(memory, call, 0), placed(memory, call, 1)};
    if (!call.dims.empty())
        check(cudaMemcpy(memory.dims.data(), call.dims.data(), call.dims.size() * sizeof(i64), cudaMemcpyHostToDevice), "cudaMemcpy");
    std::vector<double> times;
    for (int i = -2; i < runs; ++i) {
        const Place at{sets[static_cast<size_t>(i + 2) % 2].data(), call.sizes.data(),
                       reinterpret_cast<const Dims*>(memory.dims.data()),
                       reinterpret_cast<lum::IndexCheck*>(memory.indices.data()), most, stream};
        const std::string what = "kernel " + std::to_string(call.kernel);
        check(cold.empty(stream), "emptying the cache");
        check(cudaEventRecord(start, stream), "cudaEventRecord");
        check(measured[call.kernel](at), what);
        check(cudaEventRecord(end, stream), "cudaEventRecord");
        check(cudaEventSynchronize(end), what);
        float took = 0;
        check(cudaEventElapsedTime(&took, start, end), what);
        if (i >= 0) times.push_back(static_cast<double>(took) * 1e-3);
    }
    check(cudaDeviceSynchronize(), "kernel " + std::to_string(call.kernel));
    check(cudaEventDestroy(start), "cudaEventDestroy");
    check(cudaEventDestroy(end), "cudaEventDestroy");
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

std::vector<Call> calls_in(const char* path) {
    std::ifstream list(path);
    std::vector<Call> calls;
    const auto numbers = [&] {
        size_t n = 0;
        list >> n;
        std::vector<i64> found(n);
        for (i64& x : found) list >> x;
        return found;
    };
    for (int kernel; list >> kernel;) {
        Call call{kernel, numbers(), {}, {}};
        call.sizes = numbers();
        size_t n = 0;
        list >> n;
        call.buffers.resize(n);
        for (Buffer& b : call.buffers) list >> b.type >> b.bytes >> b.written >> b.same;
        calls.push_back(call);
    }
    return calls;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) return 2;
    const std::vector<Call> calls = calls_in(arguments[1]);
    const int runs = std::max(1, std::atoi(arguments[2]));
    lum::Device device;
    check(lum::open_device(device));
    lum::ColdCache cold;
    check(cold.open(device));
    Memory memory;
    size_t most_room = kApart, most_dims = 1;
    for (const Call& call : calls) {
        most_room = std::max(most_room, 2 * room(call));
        most_dims = std::max(most_dims, call.dims.size());
    }
    check(memory.sets.allocate(most_room, "the buffers of a call"));
    check(memory.dims.allocate(most_dims * sizeof(i64), "the dims"));
    check(memory.indices.allocate(sizeof(lum::IndexCheck), "the check of indices"));
    put_patterns(memory, calls);
    for (const Call& call : calls)
        std::printf("%.9e\n", median_seconds(call, memory, cold, i64{16} * device.multiprocessors, runs));
    return 0;
}
