// What the programs share: an entry with memory for its inputs and outputs, and arguments like --dim s=4.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "llama.h"
#include "runtime/dtype.h"

using Entry = llama_entry;
using Tensor = llama_tensor;

[[noreturn]] void quit(const std::string& message);
void check(const lum::Fault& fault);

// Owns a model. Quits when it can't be made, or when a call failed.
class Model {
 public:
    Model(const std::string& weights, const llama_options& options);
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;
    ~Model() { llama_destroy(model_); }

    llama_model* get() const { return model_; }
    void check(int code) const {
        if (code != 0) quit(llama_error(model_));
    }

 private:
    llama_model* model_ = nullptr;
};

// A tensor with memory of its own.
struct Buffer {
    const Tensor* tensor;
    std::vector<int64_t> shape;
    int64_t count = 1;
    std::vector<unsigned char> bytes;

    Buffer(const Tensor& of, const std::vector<int64_t>& dims);

    lum::DType dtype() const;
    // Takes an .npy file's values; floating-point dtypes are converted.
    void read(const std::string& path);
    // Writes an .npy file; what numpy lacks goes as f32.
    void write(const std::string& path) const;
    // Floats from -1 to 1 and integers from 0 to below - 1, the same ones in every run with the same seed.
    void fill(uint32_t seed, int64_t below);
    std::vector<double> values() const;
};

// An entry at given dims, with memory for its inputs and outputs.
class Session {
 public:
    Session(const Entry& entry, std::vector<int64_t> dims);

    void run(const Model& model) {
        model.check(llama_run(model.get(), entry_.name, dims_.data(), input_data_.data(), output_data_.data()));
    }

    const Entry& entry() const { return entry_; }
    const std::vector<int64_t>& dims() const { return dims_; }

    std::vector<Buffer> inputs, outputs;

 private:
    const Entry& entry_;
    std::vector<int64_t> dims_;
    std::vector<const void*> input_data_;
    std::vector<void*> output_data_;
};

// The entry of that name; with "" the first.
const Entry& entry_named(const std::string& name);

// The words of a command line: --name value pairs, of which --dim and --input may come several times. Whoever asks
// for an option takes it from the list.
class Arguments {
 public:
    // Prints `usage` and ends at --help.
    Arguments(int count, char** values, const char* usage);

    std::string value(const std::string& option, const std::string& fallback);
    int64_t number(const std::string& option, int64_t fallback);
    bool flag(const std::string& option);
    std::vector<std::string> every(const std::string& option);
    // --option name=value
    std::vector<std::pair<std::string, std::string>> pairs(const std::string& option);
    // The entry's dims from --dim name=value; one that isn't given gets its lowest value where `fill`.
    std::vector<int64_t> dims(const Entry& entry, bool fill, const std::string& option = "--dim");
    bool has(const std::string& option) const;
    // What --threads says, and a line of progress while weights are converted.
    llama_options options();
    // Every option has been asked for: what is left is a mistake.
    void end() const;

 private:
    std::vector<std::string> words_;
    const char* usage_;
};
