// .safetensors checkpoints, mapped and checked strictly: what is accepted here is safe to index.
// Format: 8 bytes header length (little endian), that many bytes of JSON
// {"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {...}}, then the data.
#pragma once

#include <dirent.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "dtype.h"
#include "json.h"
#include "mapped_file.h"

namespace lum {

struct StoredTensor {
    std::string name;
    DType dtype = DType::f32;
    std::vector<int64_t> shape;
    size_t file = 0;    // which of the checkpoint's files
    int64_t begin = 0;  // absolute position in that file
    int64_t bytes = 0;
};

class Checkpoint {
 public:
    // Opens a file, an index of shards, or a directory that holds either. Maps the files, reads no tensor data.
    static Fault open(const std::string& path, Checkpoint& out) {
        Checkpoint checkpoint;
        std::string found = path;
        if (Fault fault = locate(path, found)) return fault;
        const bool is_index = found.size() >= 5 && found.compare(found.size() - 5, 5, ".json") == 0;
        if (Fault fault = is_index ? checkpoint.open_index(found) : checkpoint.open_file(found)) return fault;
        out = std::move(checkpoint);
        return {};
    }

    const std::vector<StoredTensor>& tensors() const { return tensors_; }
    const std::vector<MappedFile>& files() const { return files_; }
    // Bytes of the header of files()[i], its length field included.
    size_t header_bytes(size_t i) const { return header_bytes_[i]; }

    // The tensor of that name, or null.
    const StoredTensor* find(const std::string& name) const {
        const auto found = by_name_.find(name);
        return found == by_name_.end() ? nullptr : &tensors_[found->second];
    }

    // The tensor's first byte in the mapping; only as aligned as the file is.
    const unsigned char* data(const StoredTensor& tensor) const { return files_[tensor.file].data() + tensor.begin; }

 private:
    static constexpr uint64_t kMaxHeaderBytes = 100000000;  // the reference implementation's limit

    // The file that a path means: itself, or in a directory the one that other loaders would take.
    static Fault locate(const std::string& path, std::string& found) {
        DIR* directory = ::opendir(path.c_str());
        if (directory == nullptr) return {};  // a file, or opening it says why not
        std::vector<std::string> indices, singles;
        bool usual_file = false, usual_index = false;
        while (const dirent* item = ::readdir(directory)) {
            const std::string name = item->d_name;
            usual_file |= name == "model.safetensors";
            usual_index |= name == "model.safetensors.index.json";
            if (ends_with(name, ".index.json")) indices.push_back(name);
            if (ends_with(name, ".safetensors")) singles.push_back(name);
        }
        ::closedir(directory);
        std::vector<std::string>& candidates = indices.empty() ? singles : indices;
        if (usual_file)
            candidates = {"model.safetensors"};
        else if (usual_index)
            candidates = {"model.safetensors.index.json"};
        if (candidates.empty()) {
            return {"LUM6117", sentence({quoted(path), " holds no .safetensors file and no index"}),
                    "name the file itself, or fetch model.safetensors into the directory"};
        }
        if (candidates.size() > 1) {
            std::sort(candidates.begin(), candidates.end());
            std::string names;
            for (const std::string& name : candidates) append(names, {names.empty() ? "" : ", ", name});
            return {"LUM6118", sentence({quoted(path), " holds several candidates: ", names}),
                    "name the one that is meant"};
        }
        found = sentence({path, "/", candidates[0]});
        return {};
    }

    static bool ends_with(const std::string& text, std::string_view end) {
        return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
    }

    Fault open_file(const std::string& path) {
        MappedFile file;
        if (Fault fault = MappedFile::open(path, file)) return fault;
        std::vector<StoredTensor> tensors;
        size_t header_bytes = 0;
        if (Fault fault = read_header(file, header_bytes, tensors)) return fault;
        add_file(std::move(file), header_bytes);
        for (StoredTensor& tensor : tensors) add_tensor(std::move(tensor));
        return {};
    }

    void add_file(MappedFile&& file, size_t header_bytes) {
        files_.push_back(std::move(file));
        header_bytes_.push_back(header_bytes);
    }

    void add_tensor(StoredTensor&& tensor) {
        tensor.file = files_.size() - 1;
        by_name_.emplace(tensor.name, tensors_.size());
        tensors_.push_back(std::move(tensor));
    }

    // The index decides: a tensor that it doesn't list is not part of the checkpoint.
    Fault open_index(const std::string& path) {
        std::map<std::string, std::vector<std::string>> names_by_shard;
        if (Fault fault = read_weight_map(path, names_by_shard)) return fault;
        const size_t slash = path.rfind('/');
        const std::string directory = slash == std::string::npos ? "" : path.substr(0, slash + 1);
        for (const auto& [shard, names] : names_by_shard) {
            MappedFile file;
            if (Fault fault = MappedFile::open(directory + shard, file)) return fault;
            std::vector<StoredTensor> tensors;
            size_t header_bytes = 0;
            if (Fault fault = read_header(file, header_bytes, tensors)) return fault;
            add_file(std::move(file), header_bytes);
            std::unordered_map<std::string, StoredTensor*> held;
            for (StoredTensor& tensor : tensors) held.emplace(tensor.name, &tensor);
            for (const std::string& name : names) {
                const auto tensor = held.find(name);
                if (tensor != held.end()) add_tensor(std::move(*tensor->second));
            }
        }
        for (const auto& [shard, names] : names_by_shard) {
            for (const std::string& name : names) {
                if (find(name) != nullptr) continue;
                return {"LUM6115",
                        sentence({"the index ", quoted(path), " puts tensor ", quoted(name), " into ", quoted(shard),
                                  ", which does not hold it"}),
                        "index and shards come from different versions: fetch them together"};
            }
        }
        return {};
    }

    static Fault read_weight_map(const std::string& path, std::map<std::string, std::vector<std::string>>& out) {
        MappedFile file;
        if (Fault fault = MappedFile::open(path, file)) return fault;
        if (file.size() > kMaxHeaderBytes) return bad_index(path, "is too large");
        Json root;
        const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
        if (Fault fault = JsonReader::read(text, path, root)) return fault;
        const Json* map = root.find("weight_map");
        if (map == nullptr || !map->is(Json::Kind::object)) return bad_index(path, "has no object \"weight_map\"");
        for (size_t i = 0; i < map->items.size(); ++i) {
            const Json& shard = map->items[i];
            if (!shard.is(Json::Kind::string))
                return bad_index(path, sentence({"maps ", quoted(map->keys[i]), " to no file name"}));
            if (!is_plain_name(shard.text)) {
                return {"LUM6116",
                        sentence({"the index ", quoted(path), " names the shard ", quoted(shard.text),
                                  "; only plain file names beside the index are allowed"}),
                        "put the shards beside the index"};
            }
            out[shard.text].push_back(map->keys[i]);
        }
        return {};
    }

    static Fault bad_index(const std::string& path, const std::string& reason) {
        return {"LUM6114", sentence({"the index ", quoted(path), " ", reason}),
                "an index is {\"weight_map\": {\"tensor name\": \"shard.safetensors\", ...}}"};
    }

    // A name that cannot lead out of the index's directory.
    static bool is_plain_name(const std::string& name) {
        return !name.empty() && name != "." && name != ".." &&
               name.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos;
    }

    static Fault read_header(const MappedFile& file, size_t& header_bytes, std::vector<StoredTensor>& out) {
        const std::string& path = file.path();
        const auto truncated = [&](uint64_t needed) -> Fault {
            return {"LUM6102",
                    sentence({quoted(path), " is truncated: ", file.size(), " bytes, but its header needs ", needed}),
                    kDamaged};
        };
        if (file.size() < 8) return truncated(8);
        uint64_t length = 0;
        std::memcpy(&length, file.data(), 8);
        if (length > kMaxHeaderBytes) {
            return {"LUM6103",
                    sentence({quoted(path), " states a header of ", length, " bytes; at most ", kMaxHeaderBytes,
                              " are allowed"}),
                    "this is probably not a .safetensors file: its first 8 bytes are not a header length"};
        }
        if (length > file.size() - 8) return truncated(8 + length);
        header_bytes = 8 + static_cast<size_t>(length);
        const std::string_view text(reinterpret_cast<const char*>(file.data()) + 8, static_cast<size_t>(length));
        Json root;
        if (!text.empty() && text[0] == '{') {
            if (Fault fault = JsonReader::read(text, path, root)) return fault;
        } else {
            return JsonReader::malformed(path, 0, "the header must begin with '{'");
        }
        const int64_t available = static_cast<int64_t>(file.size() - header_bytes);
        for (size_t i = 0; i < root.items.size(); ++i) {
            if (root.keys[i] == "__metadata__") {
                if (Fault fault = check_metadata(path, root.items[i])) return fault;
                continue;
            }
            StoredTensor tensor;
            tensor.name = root.keys[i];
            if (Fault fault = read_entry(path, root.items[i], available, tensor)) return fault;
            out.push_back(std::move(tensor));
        }
        if (Fault fault = check_coverage(path, available, out)) return fault;
        for (StoredTensor& tensor : out) tensor.begin += static_cast<int64_t>(header_bytes);
        return {};
    }

    static Fault check_metadata(const std::string& path, const Json& metadata) {
        const std::string message = sentence({"\"__metadata__\" in ", quoted(path), " must map names to strings"});
        if (!metadata.is(Json::Kind::object)) return {"LUM6113", message, kWriter};
        for (size_t i = 0; i < metadata.items.size(); ++i) {
            if (metadata.items[i].is(Json::Kind::string)) continue;
            return {"LUM6113", sentence({message, "; ", quoted(metadata.keys[i]), " does not"}), kWriter};
        }
        return {};
    }

    // One header entry; `begin` is still relative to the data.
    static Fault read_entry(const std::string& path, const Json& entry, int64_t available, StoredTensor& out) {
        const std::string where = sentence({"tensor ", quoted(out.name)});
        const auto malformed = [&](const std::string& reason) -> Fault {
            return {"LUM6105", sentence({"the header of ", quoted(path), ": ", where, " ", reason}), kWriter};
        };
        if (!entry.is(Json::Kind::object)) return malformed("is not an object");
        for (const char* field : {"dtype", "shape", "data_offsets"}) {
            if (entry.find(field) == nullptr) return malformed(sentence({"lacks ", quoted(field)}));
        }
        if (entry.items.size() != 3) return malformed("has an unknown field");
        if (!known_dtype(*entry.find("dtype"), out.dtype)) {
            return {
                "LUM6107",
                sentence({where, " in ", quoted(path), " has the unknown dtype ", quoted(entry.find("dtype")->text)}),
                "convert the tensor to a known dtype and write the file again"};
        }
        const auto bad_size = [&](const std::string& what) -> Fault {
            return {"LUM6108",
                    sentence({where, " in ", quoted(path), ": ", what, " must be a whole number from 0 to 2^53 - 1"}),
                    kWriter};
        };
        std::vector<int64_t> offsets;
        if (!read_sizes(*entry.find("shape"), out.shape)) return bad_size("each size of the shape");
        if (!read_sizes(*entry.find("data_offsets"), offsets)) return bad_size("each data offset");
        if (offsets.size() != 2) return malformed(sentence({"has ", offsets.size(), " data offsets, not 2"}));
        if (offsets[0] > offsets[1] || offsets[1] > available) {
            return {"LUM6109",
                    sentence({where, " in ", quoted(path), " claims bytes ", offsets[0], "..", offsets[1], " of ",
                              available}),
                    kDamaged};
        }
        int64_t expected = 0;
        if (!byte_count(out.shape, out.dtype, expected)) return bad_size("its byte count");
        out.begin = offsets[0];
        out.bytes = offsets[1] - offsets[0];
        if (out.bytes == expected) return {};
        return {"LUM6112",
                sentence({where, " in ", quoted(path), " has ", out.bytes, " bytes, but ", facts(out.dtype).name,
                          shape_text(out.shape), " takes ", expected}),
                kWriter};
    }

    static bool known_dtype(const Json& name, DType& out) {
        for (const DTypeFacts& candidate : kDTypes) {
            if (!name.is(Json::Kind::string) || name.text != candidate.safetensors) continue;
            out = candidate.dtype;
            return true;
        }
        return false;
    }

    static bool read_sizes(const Json& list, std::vector<int64_t>& out) {
        if (!list.is(Json::Kind::array)) return false;
        for (const Json& item : list.items) {
            if (!item.is(Json::Kind::number) || item.text.size() > 16) return false;
            int64_t size = 0;
            for (const char c : item.text) {
                if (c < '0' || c > '9') return false;
                size = size * 10 + (c - '0');
            }
            if (size > kMaxSize) return false;
            out.push_back(size);
        }
        return true;
    }

    // The tensors must tile the data exactly: no byte twice, none left over.
    static Fault check_coverage(const std::string& path, int64_t available, const std::vector<StoredTensor>& tensors) {
        std::vector<const StoredTensor*> sorted;
        for (const StoredTensor& tensor : tensors) sorted.push_back(&tensor);
        std::stable_sort(sorted.begin(), sorted.end(), [](const StoredTensor* a, const StoredTensor* b) {
            return a->begin != b->begin ? a->begin < b->begin : a->bytes < b->bytes;
        });
        const auto unclaimed = [&](int64_t begin, int64_t end) -> Fault {
            return {"LUM6111",
                    sentence({"bytes ", begin, "..", end, " of the data in ", quoted(path), " belong to no tensor"}),
                    "the header and the data do not belong together: fetch or write the file again"};
        };
        int64_t covered = 0;
        const StoredTensor* previous = nullptr;
        for (const StoredTensor* tensor : sorted) {
            if (tensor->begin < covered) {
                return {"LUM6110",
                        sentence({"tensors ", quoted(previous->name), " and ", quoted(tensor->name), " in ",
                                  quoted(path), " overlap at byte ", tensor->begin}),
                        kWriter};
            }
            if (tensor->begin > covered) return unclaimed(covered, tensor->begin);
            covered += tensor->bytes;
            previous = tensor;
        }
        if (covered < available) return unclaimed(covered, available);
        return {};
    }

    std::vector<MappedFile> files_;
    std::vector<size_t> header_bytes_;
    std::vector<StoredTensor> tensors_;
    std::unordered_map<std::string, size_t> by_name_;
};

}  // namespace lum
