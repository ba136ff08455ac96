// Timings of Llama: an entry in all, then kernel by kernel.
#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <cstdio>

#include "program.h"

namespace {

constexpr char kUsage[] =
    "llama_bench [--weights PATH] [--entry NAME] [--dim NAME=VALUE]... [--runs N] [--threads N] [--json]\n"
    "  A dim that isn't given has its lowest value. Inputs are zeros (integers) or values from -1 to 1.\n";

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

// Runs it once without timings and `runs` times with them.
std::vector<Row> time_kernels(const Model& model, Session& session, int64_t runs) {
    const auto count = static_cast<size_t>(llama_timings(model.get(), nullptr, 0));
    std::vector<llama_timing> timings(count);
    std::vector<std::vector<double>> seconds(count);
    session.run(model);
    for (int64_t run = 0; run < runs; ++run) {
        llama_reset_timings(model.get());
        session.run(model);
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

Spread time_all(const Model& model, Session& session, int64_t runs) {
    std::vector<double> times;
    for (int64_t run = 0; run < runs; ++run) {
        const double start = now();
        session.run(model);
        times.push_back(now() - start);
    }
    return spread(std::move(times));
}

void print_text(const Session& session, const Spread& all, const std::vector<Row>& rows) {
    std::printf("%s:", session.entry().name);
    for (size_t i = 0; i < session.dims().size(); ++i)
        std::printf(" %s=%" PRId64, session.entry().dims[i].name, session.dims()[i]);
    std::printf(" %.3f ms (%.3f..%.3f)\n", all.median * 1e3, all.low * 1e3, all.high * 1e3);
    double sum = 0;
    for (const Row& row : rows) sum += row.seconds.median;
    for (const Row& row : rows)
        std::printf("  %-40s %4" PRId64 "x %10.3f ms %5.1f %%\n", row.kernel.c_str(), row.calls, row.seconds.median * 1e3,
                    100 * row.seconds.median / (sum > 0 ? sum : 1));
}

void print_spread(const Spread& s) {
    std::printf("\"median_ms\": %.6f, \"low_ms\": %.6f, \"high_ms\": %.6f", s.median * 1e3, s.low * 1e3, s.high * 1e3);
}

void print_json(const Session& session, const Spread& all, const std::vector<Row>& rows, int64_t runs) {
    std::printf("{\"model\": \"Llama\", \"entry\": \"%s\", \"dims\": {", session.entry().name);
    for (size_t i = 0; i < session.dims().size(); ++i)
        std::printf("%s\"%s\": %" PRId64, i == 0 ? "" : ", ", session.entry().dims[i].name, session.dims()[i]);
    std::printf("}, \"runs\": %" PRId64 ", ", runs);
    print_spread(all);
    std::printf(", \"kernels\": [");
    for (size_t i = 0; i < rows.size(); ++i) {
        std::printf("%s{\"kernel\": \"%s\", \"calls\": %" PRId64 ", ", i == 0 ? "" : ", ", rows[i].kernel.c_str(), rows[i].calls);
        print_spread(rows[i].seconds);
        std::printf("}");
    }
    std::printf("]}\n");
}

}  // namespace

int main(int count, char** values) {
    Arguments arguments(count, values, kUsage);
    const std::string weights = arguments.value("--weights", "");
    const Entry& entry = entry_named(arguments.value("--entry", ""));
    Session session(entry, arguments.dims(entry, true));
    const int64_t runs = std::max<int64_t>(1, arguments.number("--runs", 20));
    const bool json = arguments.flag("--json");
    llama_options options = arguments.options();
    arguments.end();

    for (Buffer& input : session.inputs) input.fill();
    std::vector<Row> rows;
    {
        options.timings = 1;
        const Model model(weights, options);
        rows = time_kernels(model, session, runs);
    }
    options.timings = 0;
    const Model model(weights, options);
    session.run(model);
    const Spread all = time_all(model, session, runs);
    if (json) print_json(session, all, rows, runs);
    else print_text(session, all, rows);
    return 0;
}
