// A small strict JSON reader for headers and index files that may be hostile: no key twice, limited
// depth, numbers kept as they were written, UTF-8 checked, nothing read past the end.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "fault.h"

namespace lum {

struct Json {
    enum class Kind : uint8_t { null, boolean, number, string, array, object };

    Kind kind = Kind::null;
    std::string text;               // a string's value, a number's digits, "true" or "false"
    std::vector<std::string> keys;  // of an object, one for each item
    std::vector<Json> items;        // of an array or an object, in the order of the text

    bool is(Kind k) const { return kind == k; }

    // The member of an object, or null.
    const Json* find(std::string_view key) const {
        for (size_t i = 0; i < keys.size(); ++i) {
            if (keys[i] == key) return &items[i];
        }
        return nullptr;
    }
};

// Parses exactly one value with white space around it.
class JsonReader {
 public:
    static constexpr int kMaxDepth = 64;
    // A value takes far more memory than its text: 100 MB of zeros must not become gigabytes.
    static constexpr size_t kMaxValues = 1048576;

    // `file` is for messages only.
    static Fault read(std::string_view text, const std::string& file, Json& out) {
        JsonReader reader(text);
        if (!is_utf8(text)) return malformed(file, 0, "not UTF-8");
        bool ok = reader.value(0, out);
        if (ok) {
            reader.skip_space();
            if (reader.at_ < text.size()) ok = reader.fail("more text after the end of the value");
        }
        if (ok) return {};
        if (!reader.duplicate_) return malformed(file, reader.at_, reader.reason_);
        return {"LUM6106", sentence({quoted(file), " says ", quoted(reader.reason_), " twice"}), kWriter};
    }

    static Fault malformed(const std::string& file, size_t at, const std::string& reason) {
        return {"LUM6104", sentence({"the JSON in ", quoted(file), " is malformed at byte ", at, ": ", reason}),
                kDamaged};
    }

 private:
    explicit JsonReader(std::string_view text) : text_(text) {}

    bool fail(const char* reason) {
        reason_ = reason;
        return false;
    }

    // The next character, or -1 at the end: a NUL in the text is not the end of it.
    int peek(size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? static_cast<unsigned char>(text_[at_ + ahead]) : -1;
    }

    void skip_space() {
        while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') ++at_;
    }

    bool value(int depth, Json& out) {
        if (++values_ > kMaxValues) return fail("too many values");
        if (depth > kMaxDepth) return fail("nested too deeply");
        skip_space();
        const int first = peek();
        if (first == '{') return object(depth, out);
        if (first == '[') return array(depth, out);
        if (first == '"') {
            out.kind = Json::Kind::string;
            return string(out.text);
        }
        if (first == '-' || is_digit(first)) return number(out);
        return word(out);
    }

    bool object(int depth, Json& out) {
        out.kind = Json::Kind::object;
        ++at_;
        skip_space();
        if (peek() == '}') return ++at_, true;
        for (bool ended = false; !ended;) {
            skip_space();
            if (peek() != '"') return fail("expected a name in quotes");
            out.keys.emplace_back();
            if (!string(out.keys.back())) return false;
            skip_space();
            if (peek() != ':') return fail("expected ':'");
            ++at_;
            out.items.emplace_back();
            if (!value(depth + 1, out.items.back())) return false;
            if (!ends_here('}', "expected ',' or '}'", ended)) return false;
        }
        return keys_differ(out);
    }

    bool keys_differ(const Json& object) {
        std::vector<std::string_view> sorted(object.keys.begin(), object.keys.end());
        std::sort(sorted.begin(), sorted.end());
        const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
        if (twice == sorted.end()) return true;
        duplicate_ = true;
        reason_ = *twice;
        return false;
    }

    bool array(int depth, Json& out) {
        out.kind = Json::Kind::array;
        ++at_;
        skip_space();
        if (peek() == ']') return ++at_, true;
        for (bool ended = false; !ended;) {
            out.items.emplace_back();
            if (!value(depth + 1, out.items.back())) return false;
            if (!ends_here(']', "expected ',' or ']'", ended)) return false;
        }
        return true;
    }

    // Steps over the closing character or over a comma.
    bool ends_here(char closing, const char* expected, bool& ended) {
        skip_space();
        ended = peek() == closing;
        if (!ended && peek() != ',') return fail(expected);
        ++at_;
        return true;
    }

    static bool is_digit(int c) { return c >= '0' && c <= '9'; }

    size_t digits() {
        size_t count = 0;
        for (; is_digit(peek()); ++at_) ++count;
        return count;
    }

    bool number(Json& out) {
        const size_t begin = at_;
        if (peek() == '-') ++at_;
        const bool zero = peek() == '0';
        const size_t whole = zero ? (++at_, 1) : digits();
        if (whole == 0) return fail("expected digits");
        if (peek() == '.' && is_digit(peek(1))) ++at_, digits();
        if (peek() == 'e' || peek() == 'E') {
            const size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
            if (is_digit(peek(1 + sign))) at_ += 1 + sign, digits();
        }
        out.kind = Json::Kind::number;
        out.text = text_.substr(begin, at_ - begin);
        return true;
    }

    bool word(Json& out) {
        for (const std::string_view candidate : {"true", "false", "null"}) {
            if (text_.substr(at_, candidate.size()) != candidate) continue;
            at_ += candidate.size();
            out.kind = candidate == "null" ? Json::Kind::null : Json::Kind::boolean;
            out.text = candidate;
            return true;
        }
        return fail("expected a value");
    }

    bool string(std::string& out) {
        ++at_;
        for (;;) {
            const int c = peek();
            if (c < 0) return fail("the text ends inside a string");
            if (c == '"') return ++at_, true;
            if (c < 0x20) return fail("control character in a string");
            if (c == '\\') {
                if (!escape(out)) return false;
            } else {
                out += static_cast<char>(c);
                ++at_;
            }
        }
    }

    bool escape(std::string& out) {
        static constexpr std::string_view kLetters = "\"\\/bfnrt";
        static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        const int letter = peek(1);
        const size_t known = letter < 0 ? std::string_view::npos : kLetters.find(static_cast<char>(letter));
        if (known != std::string_view::npos) {
            out += kMeanings[known];
            at_ += 2;
            return true;
        }
        uint32_t code = 0;
        if (!unit(code)) return fail("unknown escape");
        if (code >= 0xd800 && code <= 0xdfff) {
            uint32_t low = 0;
            if (code > 0xdbff || !unit(low) || low < 0xdc00 || low > 0xdfff) return fail("half of a surrogate pair");
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        append_utf8(code, out);
        return true;
    }

    // \uXXXX
    bool unit(uint32_t& out) {
        if (peek() != '\\' || peek(1) != 'u') return false;
        out = 0;
        for (size_t i = 2; i < 6; ++i) {
            const int c = peek(i);
            const int lower = c | 0x20;
            if (!is_digit(c) && !(lower >= 'a' && lower <= 'f')) return false;
            out = out * 16 + static_cast<uint32_t>(is_digit(c) ? c - '0' : lower - 'a' + 10);
        }
        at_ += 6;
        return true;
    }

    static void append_utf8(uint32_t code, std::string& out) {
        const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
        if (code < 0x80) {
            out += static_cast<char>(code);
        } else if (code < 0x800) {
            out += static_cast<char>(0xc0 | (code >> 6));
            tail(0);
        } else if (code < 0x10000) {
            out += static_cast<char>(0xe0 | (code >> 12));
            tail(6), tail(0);
        } else {
            out += static_cast<char>(0xf0 | (code >> 18));
            tail(12), tail(6), tail(0);
        }
    }

    // Well-formed by table 3-7 of the Unicode standard: no overlong forms, no surrogates.
    static bool is_utf8(std::string_view text) {
        for (size_t i = 0; i < text.size();) {
            const auto at = [&](size_t k) {
                return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u;
            };
            const unsigned lead = at(0);
            const size_t length = lead < 0x80   ? 1
                                  : lead < 0xc2 ? 0
                                  : lead < 0xe0 ? 2
                                  : lead < 0xf0 ? 3
                                  : lead < 0xf5 ? 4
                                                : 0;
            if (length == 0) return false;
            const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
            const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
            if (length > 1 && (at(1) < low || at(1) > high)) return false;
            for (size_t k = 2; k < length; ++k) {
                if (at(k) < 0x80 || at(k) > 0xbf) return false;
            }
            i += length;
        }
        return true;
    }

    std::string_view text_;
    size_t at_ = 0;
    size_t values_ = 0;
    bool duplicate_ = false;
    std::string reason_;
};

}  // namespace lum
