// Binds a model's weights to a checkpoint. The model declares every tensor with the place where its pointer goes;
// bind() checks all of them, reports every difference at once, and fills the places. A tensor whose dtype and layout
// are already right is used where it lies in the mapped file; the others are converted or packed once, into a file
// that later starts reuse (weight_cache.h).
//
//     lum::WeightBinder binder;
//     binder.as_stored(&weights.embed, "model.embed_tokens.weight", {vocab, hidden});
//     for (int l = 0; l < layers; ++l) {
//         LayerWeights& layer = weights.layers[l];
//         binder.as_stored(&layer.norm, lum::at_layer("model.layers.%d.input_layernorm.weight", l), {hidden});
//         binder.packed<float>(&layer.wq, lum::at_layer("model.layers.%d.self_attn.q_proj.weight", l),
//                              {heads * head_dim, hidden}, "panels of 16 rows", packed_bytes,
//                              [](const float* source, float* destination) { ... });
//     }
//     lum::BindResult bound = binder.bind(path, {"weights.packed"});
//     if (!bound.ok()) ... bound.text() ...
//
// The binder owns the mappings: it must live as long as the pointers are used.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>

#include "weight_cache.h"
#include "weight_match.h"

namespace lum {

// "model.layers.%d.mlp" and 3 make "model.layers.3.mlp". Only the first %d is replaced.
inline std::string at_layer(std::string_view pattern, int64_t layer) {
    const size_t place = pattern.find("%d");
    if (place == std::string_view::npos) return std::string(pattern);
    return sentence({pattern.substr(0, place), layer, pattern.substr(place + 2)});
}

enum class Conversion { allowed, forbidden };

struct BindOptions {
    std::string cache_path;       // where converted weights are kept; empty: in memory only
    bool extra_is_error = false;  // tensors that the model doesn't use
    // Called while weights are converted, often enough to show progress.
    std::function<void(size_t done_bytes, size_t total_bytes, const std::string& tensor)> progress = nullptr;
};

struct BindResult {
    enum class Cache { not_needed, reused, written, in_memory };

    std::vector<Fault> problems;
    std::vector<std::string> notes;
    Cache cache = Cache::not_needed;
    size_t mapped_bytes = 0;     // used in place
    size_t converted_bytes = 0;  // converted or packed

    bool ok() const { return problems.empty(); }

    // All problems, one a paragraph, then the notes.
    std::string text() const {
        std::string text;
        for (const Fault& problem : problems) append(text, {problem.text(), "\n"});
        for (const std::string& note : notes) append(text, {"note: ", note, "\n"});
        return text;
    }
};

class WeightBinder {
 public:
    // The tensor as the file has it, in T. T's size is the only alignment that is promised.
    template <class T>
    void as_stored(const T** slot, std::string name, std::vector<int64_t> shape,
                   Conversion conversion = Conversion::allowed) {
        Declaration& declared = declare(dtype_of<T>, std::move(name), std::move(shape), conversion);
        declared.fill = [slot](const void* data) { *slot = static_cast<const T*>(data); };
    }

    // pack(const T* source, P* destination) writes `bytes` bytes, aligned to 64 and zero before. `layout` names the
    // arrangement with everything that changes it, such as block sizes: a cached file with another one is not used.
    template <class T, class P, class Pack>
    void packed(const P** slot, std::string name, std::vector<int64_t> shape, std::string layout, size_t bytes,
                Pack pack, Conversion conversion = Conversion::allowed) {
        Declaration& declared = declare(dtype_of<T>, std::move(name), std::move(shape), conversion);
        declared.fill = [slot](const void* data) { *slot = static_cast<const P*>(data); };
        declared.layout = std::move(layout);
        declared.packed_bytes = bytes;
        declared.pack = [pack](const void* source, void* destination) {
            pack(static_cast<const T*>(source), static_cast<P*>(destination));
        };
    }

    // Checks every declared tensor, converts and packs what needs it, fills the slots. After a problem no slot has
    // been touched.
    BindResult bind(const std::string& checkpoint_path, const BindOptions& options) {
        BindResult result;
        if (Fault fault = Checkpoint::open(checkpoint_path, checkpoint_)) return failed(result, std::move(fault));
        std::vector<RequiredTensor> required;
        for (const Declaration& declared : declarations_) required.push_back(declared.required);
        WeightMatch match = WeightMatcher::match(required, checkpoint_, options.extra_is_error);
        result.problems = std::move(match.problems);
        result.notes = std::move(match.notes);
        if (!result.ok()) return result;
        std::vector<const void*> places(declarations_.size(), nullptr);
        std::vector<Job> jobs;
        for (size_t i = 0; i < declarations_.size(); ++i) {
            const StoredTensor& tensor = *match.found[i];
            if (Fault fault = check_booleans(tensor)) return failed(result, std::move(fault));
            if (usable_in_place(declarations_[i], tensor)) {
                places[i] = checkpoint_.data(tensor);
                result.mapped_bytes += static_cast<size_t>(tensor.bytes);
            } else {
                jobs.push_back(make_job(declarations_[i], tensor, i));
                result.converted_bytes += jobs.back().bytes;
            }
        }
        if (Fault fault = run_jobs(jobs, options, result, places)) return failed(result, std::move(fault));
        for (size_t i = 0; i < declarations_.size(); ++i) declarations_[i].fill(places[i]);
        return result;
    }

 private:
    struct Declaration {
        RequiredTensor required;
        std::function<void(const void* data)> fill;
        std::string layout;  // of packed tensors
        size_t packed_bytes = 0;
        std::function<void(const void* source, void* destination)> pack;
    };

    // A tensor that can't be used where it lies.
    struct Job {
        const Declaration* declared;
        const StoredTensor* source;
        size_t declaration;
        size_t bytes;
        i64 count;
    };

    struct Free {
        void operator()(void* memory) const { std::free(memory); }
    };
    using Buffer = std::unique_ptr<void, Free>;

    // Zeroed memory at a multiple of 64 bytes.
    static Fault allocate(size_t bytes, Buffer& out) {
        const size_t rounded = (bytes + 63) / 64 * 64 + (bytes == 0 ? 64 : 0);
        out.reset(std::aligned_alloc(64, rounded));
        if (out == nullptr) {
            return {"LUM6151", sentence({"no memory for ", bytes, " bytes of converted weights"}),
                    "let the program write its cache file, or free memory"};
        }
        std::memset(out.get(), 0, rounded);
        return {};
    }

    Declaration& declare(DType dtype, std::string name, std::vector<int64_t> shape, Conversion conversion) {
        declarations_.emplace_back();
        declarations_.back().required = {std::move(name), std::move(shape), dtype, conversion == Conversion::allowed};
        return declarations_.back();
    }

    static BindResult failed(BindResult& result, Fault fault) {
        result.problems.push_back(std::move(fault));
        return std::move(result);
    }

    // Any other byte than 0 and 1 read as a bool is undefined behaviour.
    Fault check_booleans(const StoredTensor& tensor) const {
        if (tensor.dtype != DType::boolean) return {};
        const unsigned char* bytes = checkpoint_.data(tensor);
        const unsigned char* wrong = std::find_if(bytes, bytes + tensor.bytes, [](unsigned char b) { return b > 1; });
        if (wrong == bytes + tensor.bytes) return {};
        return {"LUM6136", sentence({"tensor ", quoted(tensor.name), " is bool, but holds the byte ", *wrong}),
                "write it again with 0 for false and 1 for true"};
    }

    bool usable_in_place(const Declaration& declared, const StoredTensor& tensor) const {
        return !declared.pack && has_right_elements(declared, tensor);
    }

    bool has_right_elements(const Declaration& declared, const StoredTensor& tensor) const {
        const auto address = reinterpret_cast<uintptr_t>(checkpoint_.data(tensor));
        return tensor.dtype == declared.required.dtype && address % facts(tensor.dtype).bytes == 0;
    }

    static Job make_job(const Declaration& declared, const StoredTensor& tensor, size_t declaration) {
        const i64 count = tensor.bytes / static_cast<i64>(facts(tensor.dtype).bytes);
        const size_t converted = static_cast<size_t>(count) * facts(declared.required.dtype).bytes;
        return {&declared, &tensor, declaration, declared.pack ? declared.packed_bytes : converted, count};
    }

    Fault run_jobs(const std::vector<Job>& jobs, const BindOptions& options, BindResult& result,
                   std::vector<const void*>& places) {
        if (jobs.empty()) return {};
        Progress progress{options, result.converted_bytes, 0};
        if (!options.cache_path.empty()) {
            if (use_cache(jobs, options.cache_path, progress, result)) {
                for (size_t i = 0; i < jobs.size(); ++i) places[jobs[i].declaration] = cache_.block(i);
                return {};
            }
        }
        result.cache = BindResult::Cache::in_memory;
        progress.done = 0;
        for (const Job& job : jobs) {
            Buffer memory;
            if (Fault fault = allocate(job.bytes, memory)) return fault;
            unsigned char* next = static_cast<unsigned char*>(memory.get());
            Fault fault = produce(job, progress, result, [&](const void* data, size_t size) -> Fault {
                std::memcpy(next, data, size);
                next += size;
                return {};
            });
            if (fault) return fault;
            places[job.declaration] = memory.get();
            memory_.push_back(std::move(memory));
        }
        return {};
    }

    struct Progress {
        const BindOptions& options;
        size_t total;
        size_t done;

        void advance(size_t bytes, const std::string& tensor) {
            done += bytes;
            if (options.progress) options.progress(done, total, tensor);
        }
    };

    // False, with a line on stderr, when the weights have to stay in memory.
    bool use_cache(const std::vector<Job>& jobs, const std::string& path, Progress& progress, BindResult& result) {
        WeightCache::Plan plan;
        plan.key = cache_key(jobs);
        for (const Job& job : jobs) plan.sizes.push_back(job.bytes);
        result.cache = BindResult::Cache::reused;
        const Fault stale = WeightCache::load(path, plan, cache_);
        if (!stale) return true;
        if (::access(path.c_str(), F_OK) == 0) result.notes.push_back(stale.message);
        result.cache = BindResult::Cache::written;
        const Fault fault = WeightCache::build(
            path, plan,
            [&](size_t i, const WeightCache::Sink& sink) { return produce(jobs[i], progress, result, sink); }, cache_);
        if (!fault) return true;
        const std::string line = sentence({fault.message, "; converted weights stay in memory"});
        std::fprintf(stderr, "%s\n", line.c_str());
        result.notes.push_back(line);
        return false;
    }

    // Everything that the blocks depend on. A source is known by its size, time and header: reading all of it would
    // take as long as converting it.
    std::string cache_key(const std::vector<Job>& jobs) const {
        std::string key;
        for (size_t i = 0; i < checkpoint_.files().size(); ++i) {
            const MappedFile& file = checkpoint_.files()[i];
            append(key, {"file ", file.size(), " ", file.modified_ns(), " ",
                         Checksum::of(file.data(), checkpoint_.header_bytes(i)), "\n"});
        }
        for (const Job& job : jobs) {
            append(key, {job.source->name, " at ", job.source->file, ":", job.source->begin, " ",
                         facts(job.source->dtype).name, shape_text(job.source->shape), " as ",
                         facts(job.declared->required.dtype).name, " ",
                         job.declared->pack ? job.declared->layout : "as stored", " ", job.bytes, "\n"});
        }
        return key;
    }

    Fault produce(const Job& job, Progress& progress, BindResult& result, const WeightCache::Sink& sink) const {
        i64 overflowed = 0;
        Fault fault = job.declared->pack ? pack(job, overflowed, progress, sink)
                                         : convert_in_pieces(job, overflowed, progress, sink);
        if (overflowed > 0) {
            result.notes.push_back(sentence({overflowed, " values of ", job.source->name, " are too large for ",
                                             facts(job.declared->required.dtype).name, " and became infinite"}));
        }
        return fault;
    }

    Fault convert_in_pieces(const Job& job, i64& overflowed, Progress& progress, const WeightCache::Sink& sink) const {
        constexpr i64 kPiece = i64{1} << 20;  // elements
        const DType to = job.declared->required.dtype;
        Buffer piece;
        if (Fault fault = allocate(static_cast<size_t>(std::min(kPiece, job.count)) * facts(to).bytes, piece)) {
            return fault;
        }
        for (i64 begin = 0; begin < job.count; begin += kPiece) {
            const i64 count = std::min(kPiece, job.count - begin);
            const size_t skipped = static_cast<size_t>(begin) * facts(job.source->dtype).bytes;
            const size_t bytes = static_cast<size_t>(count) * facts(to).bytes;
            overflowed += convert(job.source->dtype, checkpoint_.data(*job.source) + skipped, to, piece.get(), count);
            if (Fault fault = sink(piece.get(), bytes)) return fault;
            progress.advance(bytes, job.source->name);
        }
        return {};
    }

    Fault pack(const Job& job, i64& overflowed, Progress& progress, const WeightCache::Sink& sink) const {
        const unsigned char* source = checkpoint_.data(*job.source);
        const DType to = job.declared->required.dtype;
        Buffer converted, packed;
        if (!has_right_elements(*job.declared, *job.source)) {
            if (Fault fault = allocate(static_cast<size_t>(job.count) * facts(to).bytes, converted)) return fault;
            overflowed += convert(job.source->dtype, source, to, converted.get(), job.count);
            source = static_cast<const unsigned char*>(converted.get());
        }
        if (Fault fault = allocate(job.bytes, packed)) return fault;
        job.declared->pack(source, packed.get());
        if (Fault fault = sink(packed.get(), job.bytes)) return fault;
        progress.advance(job.bytes, job.source->name);
        return {};
    }

    Checkpoint checkpoint_;
    WeightCache cache_;
    std::vector<Buffer> memory_;
    std::vector<Declaration> declarations_;
};

// A progress callback for programs: a line that is rewritten on a terminal, one line a tenth elsewhere.
inline void print_bind_progress(size_t done, size_t total, const std::string& tensor) {
    const int percent =
        total == 0 ? 100 : static_cast<int>(static_cast<double>(done) * 100 / static_cast<double>(total));
    static int last_tenth = -1;
    if (::isatty(STDERR_FILENO) != 0) {
        std::fprintf(stderr, "\rpacking weights %3d %%  %-60.60s%s", percent, tensor.c_str(),
                     done == total ? "\n" : "");
    } else if (percent / 10 != last_tenth) {
        last_tenth = percent / 10;
        std::fprintf(stderr, "packing weights %3d %%\n", percent);
    }
}

}  // namespace lum
