// Times kernel calls that are listed in a file, and prints the seconds of each on a line of its own.
// Every call: kernel, sizes, then for each buffer its element type, bytes, copies, whether it is written, and the
// number of an earlier buffer in the same place or -1. A call takes the next copy of each buffer every time.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "measured.h"
#include "runtime/gemm.h"
#include "runtime/parallel.h"

namespace {

using lum::i64;

struct Buffer {
    std::string type;
    i64 bytes, copies;
    int written;
    int same;
};

struct Call {
    int kernel;
    std::vector<i64> sizes;
    std::vector<Buffer> buffers;
    double best = 1e30;
};

// Memory filled with numbers of one element type: not zero, of either sign, none so small or large that sums of
// their products leave the range.
class Pool {
 public:
    Pool(const std::string& type, size_t bytes) : bytes_(bytes / 4096 * 4096 + 8192) {
        data_.reset(static_cast<unsigned char*>(std::aligned_alloc(4096, bytes_)));
        if (data_ == nullptr) std::exit(3);
        fill(type);
    }
    unsigned char* data() const { return data_.get(); }

 private:
    struct Free {
        void operator()(unsigned char* p) const { std::free(p); }
    };
    size_t bytes_;
    std::unique_ptr<unsigned char, Free> data_;
    lum::u64 state_ = 0x9e3779b97f4a7c15u;

    unsigned next() {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return static_cast<unsigned>(state_ >> 33);
    }
    template <class T, class Fn>
    void each(const Fn& value) {
        T* at = reinterpret_cast<T*>(data_.get());
        for (size_t i = 0; i < bytes_ / sizeof(T); ++i) at[i] = static_cast<T>(value(next()));
    }
    // Between 1/16 and 1, of either sign.
    static float number(unsigned r) {
        return ((r & 1) != 0 ? -1.0f : 1.0f) * (0.0625f + static_cast<float>(r >> 8 & 0xffff) / 70000.0f);
    }

    void fill(const std::string& type) {
        if (type == "f32") each<float>([](unsigned r) { return number(r); });
        else if (type == "f64") each<double>([](unsigned r) { return static_cast<double>(number(r)); });
        else if (type == "f16") each<lum::f16>([](unsigned r) { return lum::from_float<lum::f16>(number(r)); });
        else if (type == "bf16") each<lum::bf16>([](unsigned r) { return lum::from_float<lum::bf16>(number(r)); });
        else if (type == "f8e4m3" || type == "f8e5m2") each<unsigned char>([](unsigned r) { return 0x30 + r % 8; });
        else if (type == "bool") each<unsigned char>([](unsigned r) { return r % 2; });
        else if (type == "i64") each<std::int64_t>([](unsigned r) { return 1 + r % 7; });
        else if (type == "i32") each<std::int32_t>([](unsigned r) { return 1 + r % 7; });
        else if (type == "i16") each<std::int16_t>([](unsigned r) { return 1 + r % 7; });
        else each<unsigned char>([](unsigned r) { return 1 + r % 7; });
    }
};

std::map<std::string, std::unique_ptr<Pool>> pools;
std::unique_ptr<Pool> written_pool;

size_t rounded(i64 bytes) { return (static_cast<size_t>(bytes) + 4095) / 4096 * 4096 + 256; }

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Pointers for every turn: turns x buffers.
std::vector<void*> places(const Call& call, i64 turns) {
    std::map<std::string, size_t> next;
    size_t written = 0;
    std::vector<std::vector<unsigned char*>> copies;
    for (const Buffer& b : call.buffers) {
        std::vector<unsigned char*> own;
        if (b.same >= 0) {
            own = copies[static_cast<size_t>(b.same)];
        } else if (b.written != 0) {
            own.push_back(written_pool->data() + written);
            const size_t filled = std::min(static_cast<size_t>(b.bytes), size_t{1} << 20);
            for (size_t at = 0; at < static_cast<size_t>(b.bytes); at += filled)
                std::memcpy(own[0] + at, pools.at(b.type)->data(), std::min(filled, static_cast<size_t>(b.bytes) - at));
            written += rounded(b.bytes);
        } else {
            for (i64 c = 0; c < b.copies; ++c) {
                own.push_back(pools.at(b.type)->data() + next[b.type]);
                next[b.type] += rounded(b.bytes);
            }
        }
        copies.push_back(own);
    }
    std::vector<void*> all;
    for (i64 t = 0; t < turns; ++t)
        for (const auto& own : copies) all.push_back(own[static_cast<size_t>(t) % own.size()]);
    return all;
}

// Median seconds of a call in about `budget` seconds.
double median(const Call& call, void* workspace, double budget) {
    i64 turns = 1;
    for (const Buffer& b : call.buffers) turns = std::max(turns, b.copies);
    const std::vector<void*> pointers = places(call, turns);
    const size_t step = call.buffers.size();
    lum::IndexCheck check;
    i64 turn = 0;
    const auto run = [&](i64 times) {
        const double start = now();
        for (i64 i = 0; i < times; ++i, turn = turn + 1 == turns ? 0 : turn + 1)
            measured[call.kernel](pointers.data() + static_cast<size_t>(turn) * step, call.sizes.data(), workspace, &check);
        return (now() - start) / static_cast<double>(times);
    };
    const double first = std::min(run(1), run(1));
    const i64 each = std::max<i64>(1, static_cast<i64>(50e-6 / std::max(first, 1e-9)));
    std::vector<double> samples;
    const double end = now() + budget;
    do samples.push_back(run(each));
    while (samples.size() < 3 || (now() < end && samples.size() < 1000));
    std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2), samples.end());
    return samples[samples.size() / 2];
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 5) return 2;
    lum::set_threads(std::atoi(arguments[2]));
    const int rounds = std::atoi(arguments[3]);
    const double budget = std::atof(arguments[4]);
    std::ifstream list(arguments[1]);
    std::vector<Call> calls;
    std::map<std::string, size_t> most;
    size_t most_written = 4096;
    for (int kernel; list >> kernel;) {
        Call call;
        call.kernel = kernel;
        size_t n = 0;
        list >> n;
        call.sizes.resize(n);
        for (i64& s : call.sizes) list >> s;
        list >> n;
        call.buffers.resize(n);
        std::map<std::string, size_t> read;
        size_t written = 0;
        for (Buffer& b : call.buffers) {
            list >> b.type >> b.bytes >> b.copies >> b.written >> b.same;
            if (b.written != 0) written += rounded(b.bytes);
            else read[b.type] += static_cast<size_t>(b.copies) * rounded(b.bytes);
            most[b.type] = std::max(most[b.type], size_t{1} << 20);
        }
        for (const auto& [type, bytes] : read) most[type] = std::max(most[type], bytes);
        most_written = std::max(most_written, written);
        calls.push_back(call);
    }
    for (const auto& [type, bytes] : most) pools[type] = std::make_unique<Pool>(type, bytes);
    written_pool = std::make_unique<Pool>("f32", most_written);
    const size_t workspace_bytes = static_cast<size_t>(lum::gemm_workspace_bytes(lum::threads()));
    Pool workspace("f32", workspace_bytes);
    // Round by round: what disturbs the machine for a while disturbs one median of many calls, and the best counts.
    for (int round = 0; round < rounds; ++round)
        for (Call& call : calls) call.best = std::min(call.best, median(call, workspace.data(), budget));
    for (const Call& call : calls) std::printf("%.9e\n", call.best);
    return 0;
}
