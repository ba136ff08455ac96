// .npy files, versions 1.0 and 2.0, little endian: the program's inputs and outputs.
#pragma once

#include <cstdio>

#include "dtype.h"
#include "mapped_file.h"

namespace lum {

struct NpyArray {
    DType dtype = DType::f32;
    std::vector<int64_t> shape;
    std::vector<unsigned char> data;  // contiguous, last axis fastest, whatever the file's order was
};

// The header is a Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
class NpyReader {
 public:
    static Fault read(const std::string& path, NpyArray& out) {
        MappedFile file;
        if (Fault fault = MappedFile::open(path, file)) return fault;
        const auto not_npy = [&](const char* reason) -> Fault {
            return {"LUM6141", sentence({quoted(path), " is not an .npy file: ", reason}), kSave};
        };
        const unsigned char* bytes = file.data();
        if (file.size() < 10) return not_npy("it is cut off");
        if (std::memcmp(bytes, "\x93NUMPY", 6) != 0) return not_npy("it begins differently");
        if ((bytes[6] != 1 && bytes[6] != 2) || bytes[7] != 0) {
            return {"LUM6142",
                    sentence({quoted(path), " is .npy version ", bytes[6], ".", bytes[7], "; 1.0 and 2.0 are read"}),
                    kSave};
        }
        const size_t begin = bytes[6] == 1 ? 10 : 12;
        if (file.size() < begin) return not_npy("it is cut off");
        size_t length = bytes[8] | static_cast<size_t>(bytes[9]) << 8;
        if (begin == 12) length |= static_cast<size_t>(bytes[10]) << 16 | static_cast<size_t>(bytes[11]) << 24;
        if (length > file.size() - begin) return not_npy("it is cut off");
        NpyReader reader(path, std::string_view(reinterpret_cast<const char*>(bytes) + begin, length));
        if (Fault fault = reader.header(out)) return fault;
        return reader.take(bytes + begin + length, file.size() - begin - length, out);
    }

 private:
    static constexpr const char* kSave = "write it with numpy.save";
    static constexpr size_t kMaxRank = 64;  // numpy's limit

    NpyReader(const std::string& path, std::string_view text) : path_(path), text_(text) {}

    Fault header(NpyArray& out) {
        if (!dictionary(out)) {
            return {"LUM6143",
                    sentence({"the .npy header of ", quoted(path_), " is malformed at character ", at_, ": expected ",
                              expected_}),
                    kSave};
        }
        for (const DTypeFacts& candidate : kDTypes) {
            const std::string_view name = candidate.npy;
            // Byte order means nothing for single bytes, so '<' is as good as '|' there.
            if (name.empty() || descr_.size() != name.size() || descr_.substr(1) != name.substr(1)) continue;
            if (descr_[0] != name[0] && !(candidate.bytes == 1 && descr_[0] == '<')) continue;
            out.dtype = candidate.dtype;
            return {};
        }
        return {"LUM6144",
                sentence({quoted(path_), " holds the dtype ", descr_, "; known: ", known(), " (little endian)"}),
                "convert it in numpy with .astype before saving"};
    }

    static std::string known() {
        std::string names;
        for (const DTypeFacts& candidate : kDTypes) {
            if (*candidate.npy != '\0') append(names, {names.empty() ? "" : " ", candidate.npy + 1});
        }
        return names;
    }

    bool dictionary(NpyArray& out) {
        bool descr = false, order = false, shape = false;
        if (!symbol('{')) return false;
        while (!next_is('}')) {
            std::string key;
            if (!string(key) || !symbol(':')) return false;
            if (key == "descr" && !descr) {
                if (!(descr = string(descr_))) return false;
            } else if (key == "fortran_order" && !order) {
                if (!(order = boolean(fortran_order_))) return false;
            } else if (key == "shape" && !shape) {
                if (!(shape = tuple(out.shape))) return false;
            } else {
                return fail("descr, fortran_order and shape, each once");
            }
            if (!next_is('}') && !symbol(',')) return false;
        }
        ++at_;
        skip_space();
        if (at_ < text_.size()) return fail("the end");
        return (descr && order && shape) || fail("descr, fortran_order and shape, each once");
    }

    bool fail(const char* expected) {
        expected_ = expected;
        return false;
    }

    void skip_space() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    }

    bool next_is(char c) {
        skip_space();
        return at_ < text_.size() && text_[at_] == c;
    }

    bool symbol(char c) {
        if (!next_is(c)) return fail("other punctuation");
        ++at_;
        return true;
    }

    bool string(std::string& out) {
        if (!next_is('\'') && !next_is('"')) return fail("a string");
        const char quote = text_[at_++];
        out.clear();
        for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
            if (text_[at_] < ' ' || text_[at_] > '~' || text_[at_] == '\\') return fail("a plain character");
            out += text_[at_];
        }
        if (at_ == text_.size()) return fail("the end of the string");
        ++at_;
        return true;
    }

    bool boolean(bool& out) {
        skip_space();
        out = text_.substr(at_, 4) == "True";
        if (!out && text_.substr(at_, 5) != "False") return fail("True or False");
        at_ += out ? 4 : 5;
        return true;
    }

    // (), (3,), (3, 4)
    bool tuple(std::vector<int64_t>& out) {
        out.clear();
        if (!symbol('(')) return false;
        while (!next_is(')')) {
            int64_t size = 0;
            if (!whole_number(size)) return false;
            out.push_back(size);
            if (out.size() > kMaxRank) return fail("at most 64 axes");
            if (next_is(')') && out.size() > 1) break;
            if (!symbol(',')) return false;
        }
        ++at_;
        return true;
    }

    bool whole_number(int64_t& out) {
        skip_space();
        const size_t begin = at_;
        for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && at_ - begin < 16; ++at_) {
            out = out * 10 + (text_[at_] - '0');
        }
        return (at_ > begin && out <= kMaxSize) || fail("a whole number up to 2^53 - 1");
    }

    Fault take(const unsigned char* data, size_t available, NpyArray& out) const {
        int64_t expected = 0;
        if (!byte_count(out.shape, out.dtype, expected)) {
            return {"LUM6143",
                    sentence({"the .npy header of ", quoted(path_), " is malformed at character 0: its shape ",
                              shape_text(out.shape), " is too large"}),
                    kSave};
        }
        if (static_cast<size_t>(expected) != available) {
            return {"LUM6145",
                    sentence({quoted(path_), " has ", available, " bytes of data, but its shape ",
                              shape_text(out.shape), " takes ", expected}),
                    kDamaged};
        }
        out.data.resize(available);
        if (available == 0) return {};
        if (fortran_order_) {
            from_fortran_order(data, out);
        } else {
            std::memcpy(out.data.data(), data, available);
        }
        return {};
    }

    // Walks the destination in its order and keeps the source's position, in which the first axis is fastest.
    static void from_fortran_order(const unsigned char* source, NpyArray& out) {
        const size_t bytes = facts(out.dtype).bytes;
        const size_t rank = out.shape.size();
        std::vector<size_t> stride(rank, bytes), index(rank, 0);
        for (size_t axis = 1; axis < rank; ++axis) {
            stride[axis] = stride[axis - 1] * static_cast<size_t>(out.shape[axis - 1]);
        }
        size_t from = 0;
        for (size_t to = 0; to < out.data.size(); to += bytes) {
            std::memcpy(&out.data[to], source + from, bytes);
            for (size_t axis = rank; axis-- > 0;) {
                from += stride[axis];
                if (++index[axis] < static_cast<size_t>(out.shape[axis])) break;
                from -= stride[axis] * index[axis];
                index[axis] = 0;
            }
        }
    }

    const std::string& path_;
    std::string_view text_;
    size_t at_ = 0;
    const char* expected_ = "";
    std::string descr_;
    bool fortran_order_ = false;
};

inline Fault read_npy(const std::string& path, NpyArray& out) {
    NpyArray array;
    if (Fault fault = NpyReader::read(path, array)) return fault;
    out = std::move(array);
    return {};
}

// Writes a contiguous tensor, last axis fastest. The dtype must be one that the format has: not bf16 or 8-bit floats.
inline Fault write_npy(const std::string& path, DType dtype, const std::vector<int64_t>& shape, const void* data) {
    const auto cannot_write = [&](const std::string& reason) -> Fault {
        return {"LUM6120", sentence({"cannot write ", quoted(path), ": ", reason}),
                "check the directory, its permissions and the free space"};
    };
    int64_t bytes = 0;
    if (*facts(dtype).npy == '\0') return cannot_write(sentence({".npy has no ", facts(dtype).name}));
    if (!byte_count(shape, dtype, bytes))
        return cannot_write(sentence({"the shape ", shape_text(shape), " is too large"}));
    std::string text = sentence({"{'descr': '", facts(dtype).npy, "', 'fortran_order': False, 'shape': ("});
    for (size_t i = 0; i < shape.size(); ++i) append(text, {i == 0 ? "" : ", ", shape[i]});
    text += shape.size() == 1 ? ",), }" : "), }";
    text.append((64 - (10 + text.size() + 1) % 64) % 64, ' ');
    text += '\n';
    std::string head("\x93NUMPY\x01\x00", 8);
    head += static_cast<char>(text.size() & 0xff);
    head += static_cast<char>(text.size() >> 8);
    head += text;
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) return cannot_write(system_reason());
    const size_t size = static_cast<size_t>(bytes);
    bool good = std::fwrite(head.data(), 1, head.size(), file) == head.size();
    good = good && (size == 0 || std::fwrite(data, 1, size, file) == size);
    const std::string reason = good ? "" : system_reason();
    if (std::fclose(file) != 0 && good) return cannot_write(system_reason());
    return good ? Fault{} : cannot_write(reason);
}

}  // namespace lum
