// Runs the C++ runtime's readers and its weight binder on what the tests give it.
//   probe headers     paths on stdin, one a line → "ok" or the code of the fault
//   probe npy         the same for .npy files; after "ok" dtype, shape and the bytes in hexadecimal
//   probe write-npy   IN OUT: reads one file and writes it again
//   probe match       CHECKPOINT, then required tensors on stdin: name dtype rank sizes... converts(0|1)
//   probe bind        CHECKPOINT CACHE LAYOUT [kill-at]: see below
//   probe mask        CHECKPOINT: binds the bool tensor "mask" of two elements
//   probe rebuild     CHECKPOINT CACHE: binds with alternating layouts until it is killed
#include <csignal>
#include <iostream>
#include <sstream>

#include "npy.h"
#include "weights.h"

namespace {

void print_hex(const void* data, size_t size) {
    const unsigned char* bytes = static_cast<const unsigned char*>(data);
    for (size_t i = 0; i < size; ++i) std::printf("%02x", bytes[i]);
}

int headers() {
    for (std::string path; std::getline(std::cin, path);) {
        lum::Checkpoint checkpoint;
        const lum::Fault fault = lum::Checkpoint::open(path, checkpoint);
        std::printf("%s\n", fault ? fault.code.c_str() : "ok");
    }
    return 0;
}

int npy() {
    for (std::string path; std::getline(std::cin, path);) {
        lum::NpyArray array;
        if (const lum::Fault fault = lum::read_npy(path, array)) {
            std::printf("%s\n", fault.code.c_str());
            continue;
        }
        std::printf("ok %s%s ", lum::facts(array.dtype).name, lum::shape_text(array.shape).c_str());
        print_hex(array.data.data(), array.data.size());
        std::printf("\n");
    }
    return 0;
}

int write_npy(const char* in, const char* out) {
    lum::NpyArray array;
    lum::Fault fault = lum::read_npy(in, array);
    if (!fault) fault = lum::write_npy(out, array.dtype, array.shape, array.data.data());
    std::printf("%s\n", fault ? fault.code.c_str() : "ok");
    return 0;
}

lum::DType dtype_named(const std::string& name) {
    for (const lum::DTypeFacts& facts : lum::kDTypes) {
        if (name == facts.name) return facts.dtype;
    }
    std::abort();
}

int match(const char* path, bool extra_is_error) {
    std::vector<lum::RequiredTensor> required;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string dtype;
        size_t rank = 0;
        lum::RequiredTensor tensor;
        words >> tensor.name >> dtype >> rank;
        tensor.dtype = dtype_named(dtype);
        tensor.shape.resize(rank);
        for (int64_t& size : tensor.shape) words >> size;
        words >> tensor.converts;
        required.push_back(tensor);
    }
    lum::Checkpoint checkpoint;
    if (const lum::Fault fault = lum::Checkpoint::open(path, checkpoint)) return std::puts(fault.text().c_str()), 1;
    const lum::WeightMatch found = lum::WeightMatcher::match(required, checkpoint, extra_is_error);
    for (const lum::Fault& fault : found.problems) std::printf("%s %s\n", fault.code.c_str(), fault.message.c_str());
    for (const std::string& note : found.notes) std::printf("note %s\n", note.c_str());
    return 0;
}

// Every tensor of the checkpoint that has one axis is bound as stored and in each floating-point dtype, or packed by
// reversal, as an emitted model would.
struct Bound {
    std::string name;
    int64_t count = 0;
    const float* f32 = nullptr;
    const double* f64 = nullptr;
    const lum::f16* f16 = nullptr;
    const lum::bf16* bf16 = nullptr;
    const float* packed = nullptr;
};

lum::BindResult bind_all(const std::string& path, const std::string& cache, const std::string& layout, int64_t kill_at,
                         lum::WeightBinder& binder, std::vector<Bound>& tensors) {
    lum::Checkpoint checkpoint;
    lum::BindResult result;
    if (lum::Fault fault = lum::Checkpoint::open(path, checkpoint)) {
        result.problems.push_back(fault);
        return result;
    }
    for (const lum::StoredTensor& tensor : checkpoint.tensors()) {
        Bound bound;
        bound.name = tensor.name;
        bound.count = tensor.shape[0];
        tensors.push_back(bound);
    }
    const float sign = layout == "negated" ? -1.0f : 1.0f;
    for (Bound& bound : tensors) {
        const int64_t count = bound.count;
        binder.as_stored(&bound.f32, bound.name, {count});
        binder.as_stored(&bound.f64, bound.name, {count});
        binder.as_stored(&bound.f16, bound.name, {count});
        binder.as_stored(&bound.bf16, bound.name, {count});
        binder.packed<float>(&bound.packed, bound.name, {count}, layout, static_cast<size_t>(count) * sizeof(float),
                             [count, sign](const float* source, float* destination) {
                                 for (int64_t i = 0; i < count; ++i) destination[i] = sign * source[count - 1 - i];
                             });
    }
    lum::BindOptions options;
    options.cache_path = cache == "-" ? "" : cache;
    int64_t steps = 0;
    options.progress = [&](size_t, size_t, const std::string&) {
        if (++steps == kill_at) std::raise(SIGKILL);
    };
    return binder.bind(path, options);
}

int print_bound(const lum::BindResult& result, const std::vector<Bound>& tensors) {
    if (!result.ok()) return std::printf("%s", result.text().c_str()), 0;
    constexpr const char* kCaches[] = {"not_needed", "reused", "written", "in_memory"};
    std::printf("cache %s\n", kCaches[static_cast<int>(result.cache)]);
    for (const std::string& note : result.notes) std::printf("note %s\n", note.c_str());
    for (const Bound& bound : tensors) {
        const size_t count = static_cast<size_t>(bound.count);
        const std::pair<const void*, size_t> all[] = {
            {bound.f64, 8}, {bound.f32, 4}, {bound.f16, 2}, {bound.bf16, 2}, {bound.packed, 4}};
        std::printf("tensor %s", bound.name.c_str());
        for (const auto& [data, bytes] : all) std::printf(" "), print_hex(data, count * bytes);
        std::printf("\n");
    }
    return 0;
}

int mask(const char* path) {
    lum::WeightBinder binder;
    const bool* slot = nullptr;
    binder.as_stored(&slot, "mask", {2});
    const lum::BindResult result = binder.bind(path, {});
    if (!result.ok()) return std::printf("%s", result.text().c_str()), 0;
    return std::printf("%d %d\n", slot[0], slot[1]), 0;
}

int rebuild(const char* path, const char* cache) {
    for (int i = 0;; ++i) {
        lum::WeightBinder binder;
        std::vector<Bound> tensors;
        const lum::BindResult result = bind_all(path, cache, i % 2 == 0 ? "plain" : "negated", 0, binder, tensors);
        if (!result.ok()) return std::printf("%s", result.text().c_str()), 1;
    }
}

}  // namespace

int main(int count, char** arguments) {
    const std::vector<std::string> args(arguments, arguments + count);
    const std::string command = count > 1 ? args[1] : "";
    if (command == "headers") return headers();
    if (command == "npy") return npy();
    if (command == "write-npy" && count == 4) return write_npy(arguments[2], arguments[3]);
    if (command == "match" && count == 4) return match(arguments[2], args[3] == "strict");
    if (command == "mask" && count == 3) return mask(arguments[2]);
    if (command == "rebuild" && count == 4) return rebuild(arguments[2], arguments[3]);
    if (command == "bind" && count >= 5) {
        lum::WeightBinder binder;
        std::vector<Bound> tensors;
        const int64_t kill_at = count > 5 ? std::stoll(args[5]) : 0;
        return print_bound(bind_all(args[2], args[3], args[4], kill_at, binder, tensors), tensors);
    }
    std::fprintf(stderr, "usage: see the comment at the top of probe.cpp\n");
    return 2;
}
