#include "program.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/convert.h"
#include "runtime/npy.h"

void quit(const std::string& message) {
    std::fprintf(stderr, "%s\n", message.c_str());
    std::exit(1);
}

void check(const lum::Fault& fault) {
    if (fault) quit(fault.text());
}

Model::Model(const std::string& weights, const conv_options& options) {
    if (conv_create(weights.c_str(), &options, &model_) != 0) quit(conv_error(nullptr));
}

Buffer::Buffer(const Tensor& of, const std::vector<int64_t>& dims) : tensor(&of), shape(static_cast<size_t>(of.rank)) {
    of.sizes(dims.data(), shape.data());
    for (const int64_t size : shape) count *= size;
    bytes.resize(static_cast<size_t>(count) * static_cast<size_t>(of.element_bytes) + 1);  // never null
}

lum::DType Buffer::dtype() const {
    for (const lum::DTypeFacts& known : lum::kDTypes)
        if (std::strcmp(known.name, tensor->dtype) == 0) return known.dtype;
    quit(std::string("unknown dtype ") + tensor->dtype);
}

void Buffer::read(const std::string& path) {
    lum::NpyArray array;
    check(lum::read_npy(path, array));
    const lum::DType wanted = dtype();
    const bool converts = lum::is_convertible(array.dtype) && lum::is_convertible(wanted);
    if (array.shape != shape || (array.dtype != wanted && !converts)) {
        quit("LUM6003: " + std::string(tensor->name) + " is " + lum::facts(array.dtype).name +
             lum::shape_text(array.shape) + " in " + path + ", expected " + tensor->text + ", here " +
             lum::shape_text(shape));
    }
    lum::convert(array.dtype, array.data.data(), wanted, bytes.data(), count);
}

void Buffer::write(const std::string& path) const {
    if (*lum::facts(dtype()).npy != '\0') return check(lum::write_npy(path, dtype(), shape, bytes.data()));
    const std::vector<double> all = values();
    const std::vector<float> narrow(all.begin(), all.end());
    check(lum::write_npy(path, lum::DType::f32, shape, narrow.data()));
}

void Buffer::fill(uint32_t seed, int64_t below) {
    uint32_t state = seed;
    const auto next = [&] {
        state = state * 1664525u + 1013904223u;
        return state >> 8;
    };
    if (lum::is_convertible(dtype())) {
        std::vector<float> values(static_cast<size_t>(count));
        for (float& value : values) value = static_cast<float>(next()) / 8388608.0f - 1.0f;
        lum::convert(lum::DType::f32, reinterpret_cast<const unsigned char*>(values.data()), dtype(), bytes.data(), count);
        return;
    }
    const auto size = static_cast<size_t>(tensor->element_bytes);
    for (int64_t i = 0; i < count; ++i) {
        const int64_t value = static_cast<int64_t>(next()) % below;  // little-endian, as every machine that this runs on
        std::memcpy(&bytes[static_cast<size_t>(i) * size], &value, size);
    }
}

namespace {

template <class T>
std::vector<double> values_of(const Buffer& buffer) {
    std::vector<double> values;
    for (int64_t i = 0; i < buffer.count; ++i) {
        T value;
        std::memcpy(&value, &buffer.bytes[static_cast<size_t>(i) * sizeof(T)], sizeof(T));
        if constexpr (std::is_arithmetic_v<T>) values.push_back(static_cast<double>(value));
        else values.push_back(static_cast<double>(lum::to_float(value)));
    }
    return values;
}

int64_t whole_number(const std::string& what, const std::string& text) {
    char* end = nullptr;
    const long long number = std::strtoll(text.c_str(), &end, 10);
    if (text.empty() || *end != '\0') quit(what + " wants a whole number, found \"" + text + "\"");
    return number;
}

void print_progress(void*, uint64_t done, uint64_t total, const char* tensor) {
    static int last = -1;
    const int percent = total == 0 ? 100 : static_cast<int>(done * 100 / total);
    if (percent == last) return;
    last = percent;
    std::fprintf(stderr, "\rconverting weights %3d %%  %-48.48s%s", percent, tensor, percent == 100 ? "\n" : "");
}

}  // namespace

std::vector<double> Buffer::values() const {
    switch (dtype()) {
        case lum::DType::f64: return values_of<double>(*this);
        case lum::DType::f32: return values_of<float>(*this);
        case lum::DType::f16: return values_of<lum::f16>(*this);
        case lum::DType::bf16: return values_of<lum::bf16>(*this);
        case lum::DType::f8e4m3: return values_of<lum::f8e4m3>(*this);
        case lum::DType::f8e5m2: return values_of<lum::f8e5m2>(*this);
        case lum::DType::i64: return values_of<int64_t>(*this);
        case lum::DType::i32: return values_of<int32_t>(*this);
        case lum::DType::i16: return values_of<int16_t>(*this);
        case lum::DType::i8: return values_of<int8_t>(*this);
        default: return values_of<uint8_t>(*this);
    }
}

Session::Session(const Entry& entry, std::vector<int64_t> dims) : entry_(entry), dims_(std::move(dims)) {
    for (int32_t i = 0; i < entry.dim_count; ++i) {
        int64_t low = 0, high = 0;
        entry.dims[i].bounds(dims_.data(), &low, &high);
        const int64_t value = dims_[static_cast<size_t>(i)];
        if (value >= low && value <= high) continue;
        const std::string ends = std::to_string(low) + ".." + std::to_string(high);
        quit("LUM6002: " + std::string(entry.name) + ": " + entry.dims[i].name + " = " + std::to_string(value) +
             " is outside of " + entry.dims[i].range + (ends == entry.dims[i].range ? "" : ", here " + ends));
    }
    for (int32_t i = 0; i < entry.input_count; ++i) inputs.emplace_back(entry.inputs[i], dims_);
    for (int32_t i = 0; i < entry.output_count; ++i) outputs.emplace_back(entry.outputs[i], dims_);
    for (Buffer& buffer : inputs) input_data_.push_back(buffer.bytes.data());
    for (Buffer& buffer : outputs) output_data_.push_back(buffer.bytes.data());
}

const Entry& entry_named(const std::string& name) {
    int32_t count = 0;
    const Entry* entries = conv_entries(&count);
    if (name.empty()) return entries[0];
    const Entry* entry = conv_find_entry(name.c_str());
    if (entry != nullptr) return *entry;
    std::string known;
    for (int32_t i = 0; i < count; ++i) known += std::string(i == 0 ? "" : ", ") + entries[i].name;
    quit("LUM6004: no entry \"" + name + "\"; known: " + known);
}

Arguments::Arguments(int count, char** values, const char* usage) : usage_(usage) {
    for (int i = 1; i < count; ++i) words_.emplace_back(values[i]);
    if (!flag("--help")) return;
    std::printf("%s", usage);
    std::exit(0);
}

std::string Arguments::value(const std::string& option, const std::string& fallback) {
    const std::vector<std::string> all = every(option);
    return all.empty() ? fallback : all.back();
}

int64_t Arguments::number(const std::string& option, int64_t fallback) {
    const std::string text = value(option, "");
    return text.empty() ? fallback : whole_number(option, text);
}

bool Arguments::flag(const std::string& option) {
    for (size_t i = 0; i < words_.size(); ++i) {
        if (words_[i] != option) continue;
        words_.erase(words_.begin() + static_cast<long>(i));
        return true;
    }
    return false;
}

std::vector<std::string> Arguments::every(const std::string& option) {
    std::vector<std::string> values;
    for (size_t i = 0; i < words_.size();) {
        if (words_[i] != option) {
            ++i;
            continue;
        }
        if (i + 1 == words_.size()) quit(option + " needs a value\n" + usage_);
        values.push_back(words_[i + 1]);
        words_.erase(words_.begin() + static_cast<long>(i), words_.begin() + static_cast<long>(i) + 2);
    }
    return values;
}

std::vector<std::pair<std::string, std::string>> Arguments::pairs(const std::string& option) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const std::string& text : every(option)) {
        const size_t equals = text.find('=');
        if (equals == std::string::npos) quit(option + " wants name=value, found " + text);
        all.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    return all;
}

bool Arguments::has(const std::string& option) const {
    for (const std::string& word : words_)
        if (word == option) return true;
    return false;
}

std::vector<int64_t> Arguments::dims(const Entry& entry, bool fill, const std::string& option) {
    std::vector<int64_t> dims(static_cast<size_t>(entry.dim_count), 0);
    std::vector<bool> known(dims.size(), false);
    for (const auto& [name, text] : pairs(option)) {
        size_t i = 0;
        while (i < dims.size() && name != entry.dims[i].name) ++i;
        if (i == dims.size()) quit("LUM6004: " + std::string(entry.name) + " has no dim \"" + name + "\"");
        dims[i] = whole_number(option + " " + name, text);
        known[i] = true;
    }
    for (size_t i = 0; i < dims.size(); ++i) {
        if (known[i]) continue;
        if (!fill) quit(option + " " + entry.dims[i].name + "=... is missing: " + entry.dims[i].range);
        int64_t low = 0, high = 0;
        entry.dims[i].bounds(dims.data(), &low, &high);
        dims[i] = low;
    }
    return dims;
}

conv_options Arguments::options() {
    conv_options options{};
    options.threads = static_cast<int32_t>(number("--threads", 0));
    options.progress = print_progress;
    return options;
}

void Arguments::end() const {
    if (!words_.empty()) quit("unknown argument " + words_[0] + "\n" + usage_);
}
