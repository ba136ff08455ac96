// Checks Llama against recorded vectors, tensor by tensor.
//
// A folder with cases, run in the order of their names on one model, so that state goes from one to the next:
//   verify/01-prefill/case.json    {"entry": "forward", "dims": {"s": 4, "pos": 0}, "tolerance": 1e-4}
//   verify/01-prefill/in.NAME.npy  for each input
//   verify/01-prefill/out.NAME.npy for each output: what is expected
#include <dirent.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "program.h"
#include "runtime/json.h"
#include "runtime/mapped_file.h"

namespace {

constexpr char kUsage[] =
    "llama_verify [--weights PATH] [--cases DIR] [--tolerance T]\n"
    "  An output passes when the largest error, relative to the largest expected value, is at most the tolerance.\n";

std::vector<std::string> cases_in(const std::string& directory) {
    std::vector<std::string> names;
    DIR* open = ::opendir(directory.c_str());
    if (open == nullptr) return names;
    while (const dirent* item = ::readdir(open)) {
        const std::string name = item->d_name;
        lum::FileHandle file(::open((directory + "/" + name + "/case.json").c_str(), O_RDONLY | O_CLOEXEC));
        if (name[0] != '.' && file.is_open()) names.push_back(name);
    }
    ::closedir(open);
    std::sort(names.begin(), names.end());
    return names;
}

struct Case {
    std::string entry;
    std::vector<std::pair<std::string, int64_t>> dims;
    double tolerance = 1e-4;
};

Case read_case(const std::string& path) {
    lum::MappedFile file;
    check(lum::MappedFile::open(path, file));
    lum::Json json;
    check(lum::JsonReader::read({reinterpret_cast<const char*>(file.data()), file.size()}, path, json));
    Case read;
    if (const lum::Json* entry = json.find("entry")) read.entry = entry->text;
    if (const lum::Json* dims = json.find("dims"))
        for (size_t i = 0; i < dims->items.size(); ++i)
            read.dims.emplace_back(dims->keys[i], std::strtoll(dims->items[i].text.c_str(), nullptr, 10));
    if (const lum::Json* tolerance = json.find("tolerance")) read.tolerance = std::strtod(tolerance->text.c_str(), nullptr);
    return read;
}

std::vector<int64_t> dims_of(const Case& read, const Entry& entry) {
    std::vector<int64_t> dims;
    for (int32_t i = 0; i < entry.dim_count; ++i) {
        const auto same = [&](const auto& dim) { return dim.first == entry.dims[i].name; };
        const auto found = std::find_if(read.dims.begin(), read.dims.end(), same);
        if (found == read.dims.end()) quit("the case gives no dim " + std::string(entry.dims[i].name));
        dims.push_back(found->second);
    }
    return dims;
}

// Largest difference, and the same relative to the largest expected value. A NaN that isn't expected counts as infinite.
struct Difference {
    double absolute = 0, relative = 0;
};

Difference compare(const std::vector<double>& found, const std::vector<double>& expected) {
    Difference worst;
    double largest = 0;
    for (size_t i = 0; i < found.size(); ++i) {
        if (found[i] == expected[i] || (std::isnan(found[i]) && std::isnan(expected[i]))) continue;
        const double difference = std::fabs(found[i] - expected[i]);
        worst.absolute = std::max(worst.absolute, std::isnan(difference) ? HUGE_VAL : difference);
    }
    for (const double value : expected)
        if (std::isfinite(value)) largest = std::max(largest, std::fabs(value));
    worst.relative = worst.absolute == 0 ? 0 : worst.absolute / std::max(largest, 1e-30);
    return worst;
}

// Whether every output of the case is near enough.
bool verify(const Model& model, const std::string& directory, const std::string& name, double tolerance) {
    const std::string place = directory + "/" + name + "/";
    const Case read = read_case(place + "case.json");
    const Entry& entry = entry_named(read.entry);
    Session session(entry, dims_of(read, entry));
    for (Buffer& input : session.inputs) input.read(place + "in." + input.tensor->name + ".npy");
    session.run(model);
    bool good = true;
    const double allowed = tolerance >= 0 ? tolerance : read.tolerance;
    for (const Buffer& output : session.outputs) {
        Buffer expected(*output.tensor, session.dims());
        expected.read(place + "out." + output.tensor->name + ".npy");
        const Difference worst = compare(output.values(), expected.values());
        const bool passes = worst.relative <= allowed;
        good = good && passes;
        std::printf("%-4s %s %s %s: max abs error %.3g, relative %.3g (allowed %.3g)\n", passes ? "ok" : "FAIL",
                    name.c_str(), output.tensor->name, output.tensor->text, worst.absolute, worst.relative, allowed);
    }
    return good;
}

}  // namespace

int main(int count, char** values) {
    Arguments arguments(count, values, kUsage);
    const std::string weights = arguments.value("--weights", "");
    const std::string directory = arguments.value("--cases", "verify");
    const std::string tolerance = arguments.value("--tolerance", "-1");
    llama_options options = arguments.options();
    arguments.end();

    const std::vector<std::string> names = cases_in(directory);
    if (names.empty()) quit("no cases in " + directory + ": record some with `lumc verify`, or by hand as verify.cpp says");
    const Model model(weights, options);
    bool good = true;
    for (const std::string& name : names) good = verify(model, directory, name, std::strtod(tolerance.c_str(), nullptr)) && good;
    std::printf(good ? "all %zu cases pass\n" : "some of %zu cases FAIL\n", names.size());
    return good ? 0 : 1;
}
