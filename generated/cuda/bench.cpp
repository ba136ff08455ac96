// Timings of Llama: an entry in all, then kernel by kernel.
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <memory>

#include "program.h"

namespace {

constexpr char kUsage[] =
    "llama_bench [--weights PATH] [--entry NAME] [--dim NAME=VALUE]... [--runs N] [--json]\n"
    "    [--sets N] [--below N] [--first NAME=VALUE]... [--only WHAT]\n"
    "  A dim that isn't given has its lowest value. Calls take N sets of inputs in turn, 4 by default: floats from -1 to 1,\n"
    "  integers below N, which is 1 by default. --first: dims of a call made once before, for a state that holds something.\n"
    "  --only: calls (with the copies of inputs and outputs), device (without, by events, from a cold cache) or kernels.\n";

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Seconds: the middle one, and how far the middle half reaches.
struct Spread {
    double median, low, high;
};

Spread spread(std::vector<double> times) {
    std::sort(times.begin(), times.end());
    const size_t n = times.size();
    return {times[n / 2], times[n / 4], times[n - 1 - n / 4]};
}

struct Row {
    std::string kernel;
    int64_t calls;  // in one run
    Spread seconds;
};

// One entry at given dims, with several sets of inputs that its calls take in turn.
class Calls {
 public:
    Calls(const Entry& entry, const std::vector<int64_t>& dims, int64_t sets, int64_t below) {
        for (int64_t set = 0; set < std::max<int64_t>(1, sets); ++set) {
            sessions_.push_back(std::make_unique<Session>(entry, dims));
            for (Buffer& input : sessions_.back()->inputs) input.fill(seed_++, below);
        }
    }
    void run(const Model& model) { sessions_[next_++ % sessions_.size()]->run(model); }
    const Session& any() const { return *sessions_[0]; }

 private:
    std::vector<std::unique_ptr<Session>> sessions_;
    uint32_t seed_ = 1;
    size_t next_ = 0;
};

std::vector<Row> time_kernels(const Model& model, Calls& calls, int64_t runs) {
    const auto count = static_cast<size_t>(llama_timings(model.get(), nullptr, 0));
    std::vector<llama_timing> timings(count);
    std::vector<std::vector<double>> seconds(count);
    for (int64_t run = 0; run < runs; ++run) {
        llama_reset_timings(model.get());
        calls.run(model);
        llama_timings(model.get(), timings.data(), static_cast<int32_t>(count));
        for (size_t i = 0; i < count; ++i) seconds[i].push_back(timings[i].seconds);
    }
    std::vector<Row> rows;
    for (size_t i = 0; i < count; ++i)
        if (timings[i].calls > 0) rows.push_back({timings[i].kernel, timings[i].calls, spread(seconds[i])});
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return a.seconds.median > b.seconds.median; });
    return rows;
}

// Seconds of a call on the device: what the model itself has measured of each.
Spread time_device(const Model& model, Calls& calls, int64_t runs) {
    std::vector<llama_timing> timings(static_cast<size_t>(llama_timings(model.get(), nullptr, 0)));
    std::vector<double> times;
    for (int64_t run = 0; run < runs; ++run) {
        llama_reset_timings(model.get());
        calls.run(model);
        llama_timings(model.get(), timings.data(), static_cast<int32_t>(timings.size()));
        times.push_back(timings.back().seconds);
    }
    return spread(std::move(times));
}

Spread time_all(const Model& model, Calls& calls, int64_t runs) {
    std::vector<double> times;
    for (int64_t run = 0; run < runs; ++run) {
        const double start = now();
        calls.run(model);
        times.push_back(now() - start);
    }
    return spread(std::move(times));
}

struct Findings {
    Spread calls{};
    Spread device{};
    std::vector<Row> kernels;
};

void print_text(const Session& session, const Findings& found) {
    std::printf("%s:", session.entry().name);
    for (size_t i = 0; i < session.dims().size(); ++i)
        std::printf(" %s=%" PRId64, session.entry().dims[i].name, session.dims()[i]);
    std::printf(" %.3f ms (%.3f..%.3f)\n", found.calls.median * 1e3, found.calls.low * 1e3, found.calls.high * 1e3);
    std::printf("  on the device, from a cold cache: %.4f ms (%.4f..%.4f)\n", found.device.median * 1e3, found.device.low * 1e3,
                found.device.high * 1e3);
    double sum = 0;
    for (const Row& row : found.kernels) sum += row.seconds.median;
    for (const Row& row : found.kernels)
        std::printf("  %-40s %4" PRId64 "x %10.3f ms %5.1f %%\n", row.kernel.c_str(), row.calls, row.seconds.median * 1e3,
                    100 * row.seconds.median / (sum > 0 ? sum : 1));
}

void print_spread(const Spread& s) {
    std::printf("\"median_ms\": %.6f, \"low_ms\": %.6f, \"high_ms\": %.6f", s.median * 1e3, s.low * 1e3, s.high * 1e3);
}

void print_json(const Session& session, const Findings& found, int64_t runs) {
    std::printf("{\"model\": \"Llama\", \"entry\": \"%s\", \"dims\": {", session.entry().name);
    for (size_t i = 0; i < session.dims().size(); ++i)
        std::printf("%s\"%s\": %" PRId64, i == 0 ? "" : ", ", session.entry().dims[i].name, session.dims()[i]);
    std::printf("}, \"runs\": %" PRId64 ", ", runs);
    print_spread(found.calls);
    std::printf(", \"device\": {");
    print_spread(found.device);
    std::printf("}");
    std::printf(", \"kernels\": [");
    for (size_t i = 0; i < found.kernels.size(); ++i) {
        const Row& row = found.kernels[i];
        std::printf("%s{\"kernel\": \"%s\", \"calls\": %" PRId64 ", ", i == 0 ? "" : ", ", row.kernel.c_str(), row.calls);
        print_spread(row.seconds);
        std::printf("}");
    }
    std::printf("]}\n");
}

}  // namespace

int main(int count, char** values) {
    Arguments arguments(count, values, kUsage);
    const std::string weights = arguments.value("--weights", "");
    const Entry& entry = entry_named(arguments.value("--entry", ""));
    const int64_t sets = arguments.number("--sets", 4);
    const int64_t below = std::max<int64_t>(1, arguments.number("--below", 1));
    Calls calls(entry, arguments.dims(entry, true), sets, below);
    std::vector<int64_t> first;
    if (arguments.has("--first")) first = arguments.dims(entry, true, "--first");
    const int64_t runs = std::max<int64_t>(1, arguments.number("--runs", 20));
    const std::string only = arguments.value("--only", "");
    const bool json = arguments.flag("--json");
    llama_options options = arguments.options();
    arguments.end();

    // A model that measures what `timings` says, after the first call.
    const auto measured = [&](const char* what, int32_t timings, const auto& measure) {
        if (!only.empty() && only != what) return;
        options.timings = timings;
        const Model model(weights, options);
        if (!first.empty()) Calls(entry, first, 1, below).run(model);
        calls.run(model);
        measure(model);
    };
    Findings found;
    measured("kernels", 1, [&](const Model& model) { found.kernels = time_kernels(model, calls, runs); });
    measured("device", 2, [&](const Model& model) { found.device = time_device(model, calls, runs); });
    measured("calls", 0, [&](const Model& model) { found.calls = time_all(model, calls, runs); });
    if (json) print_json(calls.any(), found, runs);
    else print_text(calls.any(), found);
    return 0;
}
