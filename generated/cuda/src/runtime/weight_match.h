// What the model needs against what the checkpoint holds: one report that names every difference.
#pragma once

#include <set>
#include <unordered_set>

#include "convert.h"
#include "safetensors.h"

namespace lum {

struct RequiredTensor {
    std::string name;
    std::vector<int64_t> shape;
    DType dtype = DType::f32;
    bool converts = true;  // whether another floating-point dtype may be converted
};

struct WeightMatch {
    std::vector<const StoredTensor*> found;  // for each required tensor, null where there is none
    std::vector<Fault> problems;
    std::vector<std::string> notes;  // what was accepted though it differs, and what is not used
};

// "model.layers.3.mlp" is the pattern "model.layers." "." "mlp" at number 3.
struct NumberedName {
    std::string before, after;
    int64_t number = -1;  // -1: no component of the name is a number
};

inline NumberedName split_number(const std::string& name) {
    for (size_t begin = 0; begin <= name.size();) {
        const size_t end = std::min(name.find('.', begin), name.size());
        const bool digits = end > begin && end - begin <= 9 && name.find_first_not_of("0123456789", begin) >= end;
        if (digits) return {name.substr(0, begin), name.substr(end), std::stoll(name.substr(begin, end - begin))};
        begin = end + 1;
    }
    return {name, "", -1};
}

// Entries that differ only in a layer's number, as one: "model.layers.{0..31}.mlp.up_proj.weight".
class NameGroups {
 public:
    // `rest` is what else must be equal: shapes, dtypes. Returns the group's place.
    void add(const std::string& name, const std::string& rest) {
        const NumberedName numbered = split_number(name);
        std::string key =
            sentence({numbered.before, "\n", numbered.after, "\n", rest, numbered.number < 0 ? "\n" : ""});
        const auto [place, is_new] = places_.emplace(std::move(key), groups_.size());
        if (is_new) groups_.push_back({name, rest, numbered, {}});
        groups_[place->second].numbers.push_back(numbered.number);
    }

    // fn(text that names the whole group, first name, rest), in the order of the first names.
    template <class Fn>
    void each(const Fn& fn) const {
        for (const Group& group : groups_) fn(spelled(group), group.first, group.rest);
    }

 private:
    struct Group {
        std::string first, rest;
        NumberedName numbered;
        std::vector<int64_t> numbers;
    };

    static std::string spelled(const Group& group) {
        std::vector<int64_t> sorted = group.numbers;
        std::sort(sorted.begin(), sorted.end());
        if (sorted.front() == sorted.back()) return group.first;
        std::string runs;
        for (size_t i = 0; i < sorted.size();) {
            size_t last = i;
            while (last + 1 < sorted.size() && sorted[last + 1] <= sorted[last] + 1) ++last;
            append(runs, {runs.empty() ? "" : ", ", sorted[i]});
            if (last > i) append(runs, {"..", sorted[last]});
            i = last + 1;
        }
        return sentence({group.numbered.before, "{", runs, "}", group.numbered.after});
    }

    std::vector<Group> groups_;
    std::unordered_map<std::string, size_t> places_;
};

// Levenshtein's distance, or limit + 1 when it is larger than that.
inline size_t edit_distance(const std::string& a, const std::string& b, size_t limit) {
    if (a.size() > b.size() + limit || b.size() > a.size() + limit) return limit + 1;
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0], least = row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
            least = std::min(least, row[j]);
        }
        if (least > limit) return limit + 1;
    }
    return std::min(row[b.size()], limit + 1);
}

// Whether one dotted name is the other with something in front.
inline bool is_dotted_suffix(const std::string& name, const std::string& suffix) {
    return name.size() > suffix.size() && name[name.size() - suffix.size() - 1] == '.' &&
           name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0;
}

// At most three names close to `name`: same ending first, then by edit distance.
inline std::vector<std::string> nearest_names(const std::string& name, const std::vector<std::string>& candidates) {
    const size_t limit = std::max<size_t>(2, name.size() / 3);
    std::vector<std::pair<size_t, std::string>> close;
    for (const std::string& candidate : candidates) {
        if (candidate.size() > 256) continue;
        const bool same_end = is_dotted_suffix(candidate, name) || is_dotted_suffix(name, candidate);
        const size_t distance = same_end ? 0 : edit_distance(name, candidate, limit);
        if (distance <= limit) close.emplace_back(distance, candidate);
    }
    std::sort(close.begin(), close.end());
    std::vector<std::string> names;
    for (size_t i = 0; i < close.size() && i < 3; ++i) names.push_back(close[i].second);
    return names;
}

// How the model's names become the checkpoint's: a prefix in front, or one taken away.
struct PrefixChange {
    bool added = true;
    std::string prefix;

    std::string apply(const std::string& name) const {
        if (added) return prefix + name;
        return name.compare(0, prefix.size(), prefix) == 0 ? name.substr(prefix.size()) : name;
    }
};

class WeightMatcher {
 public:
    static WeightMatch match(const std::vector<RequiredTensor>& required, const Checkpoint& checkpoint,
                             bool extra_is_error) {
        WeightMatcher matcher(required, checkpoint);
        matcher.resolve();
        matcher.compare(extra_is_error);
        return std::move(matcher.result_);
    }

 private:
    static constexpr size_t kMaxSuggestions = 50;  // more missing names than that are another model
    static constexpr size_t kMaxCandidates = 5000;

    WeightMatcher(const std::vector<RequiredTensor>& required, const Checkpoint& checkpoint)
        : required_(required), checkpoint_(checkpoint) {}

    void resolve() {
        std::vector<PrefixChange> changes;
        for (const RequiredTensor& tensor : required_) {
            if (checkpoint_.find(tensor.name) != nullptr) continue;
            changes = usable_changes(tensor.name);
            break;
        }
        if (changes.size() == 1) {
            result_.notes.push_back(sentence({"all names match with the prefix ", quoted(changes[0].prefix),
                                              changes[0].added ? " added" : " removed"}));
        } else if (changes.size() > 1) {
            std::string prefixes;
            for (const PrefixChange& change : changes) {
                append(prefixes, {prefixes.empty() ? "" : ", ", quoted(change.prefix)});
            }
            ambiguous_ = true;
            result_.problems.push_back({"LUM6135",
                                        sentence({"the names would match with any of the prefixes ", prefixes}),
                                        "write the prefix that is meant into the .lum file"});
        }
        for (const RequiredTensor& tensor : required_) {
            const StoredTensor* found = checkpoint_.find(tensor.name);
            if (found == nullptr && changes.size() == 1) found = checkpoint_.find(changes[0].apply(tensor.name));
            result_.found.push_back(found);
        }
    }

    // Prefixes that `missing` suggests and that make every name match, none of them in two ways.
    std::vector<PrefixChange> usable_changes(const std::string& missing) const {
        std::set<std::string> added;
        for (const StoredTensor& tensor : checkpoint_.tensors()) {
            if (is_dotted_suffix(tensor.name, missing)) {
                added.insert(tensor.name.substr(0, tensor.name.size() - missing.size()));
            }
        }
        std::vector<PrefixChange> usable;
        for (const std::string& prefix : added) {
            if (matches_all({true, prefix})) usable.push_back({true, prefix});
        }
        for (size_t dot = missing.find('.'); dot != std::string::npos; dot = missing.find('.', dot + 1)) {
            const PrefixChange change{false, missing.substr(0, dot + 1)};
            if (matches_all(change)) usable.push_back(change);
        }
        return usable;
    }

    bool matches_all(const PrefixChange& change) const {
        for (const RequiredTensor& tensor : required_) {
            const std::string changed = change.apply(tensor.name);
            const bool as_is = checkpoint_.find(tensor.name) != nullptr;
            const bool by_prefix = changed != tensor.name && checkpoint_.find(changed) != nullptr;
            if (as_is == by_prefix) return false;
        }
        return true;
    }

    void compare(bool extra_is_error) {
        NameGroups missing, transposed, misshapen, mistyped, converted, extra;
        std::unordered_set<const StoredTensor*> used;
        for (size_t i = 0; i < required_.size(); ++i) {
            const RequiredTensor& wanted = required_[i];
            const StoredTensor* found = result_.found[i];
            used.insert(found);
            if (found == nullptr) {
                missing.add(wanted.name, sentence({facts(wanted.dtype).name, shape_text(wanted.shape)}));
                continue;
            }
            if (found->shape != wanted.shape) {
                NameGroups& group = is_transposed(found->shape, wanted.shape) ? transposed : misshapen;
                group.add(wanted.name, both(shape_text(found->shape), shape_text(wanted.shape)));
            }
            if (found->dtype == wanted.dtype) continue;
            const bool possible = is_convertible(found->dtype) && is_convertible(wanted.dtype);
            if (possible && wanted.converts) {
                converted.add(wanted.name, sentence({facts(found->dtype).name, " to ", facts(wanted.dtype).name}));
            } else {
                mistyped.add(wanted.name, both(facts(found->dtype).name, facts(wanted.dtype).name));
            }
        }
        for (const StoredTensor& tensor : checkpoint_.tensors()) {
            if (used.count(&tensor) == 0)
                extra.add(tensor.name, sentence({facts(tensor.dtype).name, shape_text(tensor.shape)}));
        }
        report_missing(missing, used);
        report(transposed, "LUM6133", "misshapen",
               "the two are transposes of each other: swap the sizes in the declaration");
        report(misshapen, "LUM6133", "misshapen",
               "the model was built with other sizes than the checkpoint was trained with");
        report(mistyped, "LUM6134", "mistyped",
               "only f64, f32, f16 and bf16 convert into each other, and only where the model allows it");
        converted.each([&](const std::string& names, const std::string&, const std::string& change) {
            result_.notes.push_back(sentence({"converted: ", names, " from ", change}));
        });
        extra.each([&](const std::string& names, const std::string&, const std::string& found) {
            const std::string text = sentence({"extra: ", names, " ", found, " is not used by the model"});
            if (!extra_is_error) return result_.notes.push_back(text);
            result_.problems.push_back({"LUM6132", text, "nothing to do if the model leaves it out on purpose"});
        });
    }

    void report_missing(const NameGroups& missing, const std::unordered_set<const StoredTensor*>& used) {
        if (ambiguous_) return;
        std::vector<std::string> candidates;
        for (const StoredTensor& tensor : checkpoint_.tensors()) {
            if (candidates.size() < kMaxCandidates && used.count(&tensor) == 0) candidates.push_back(tensor.name);
        }
        size_t suggested = 0;
        missing.each([&](const std::string& names, const std::string& first, const std::string& wanted) {
            std::string nearest;
            if (suggested++ < kMaxSuggestions) {
                for (const std::string& name : nearest_names(first, candidates)) {
                    append(nearest, {nearest.empty() ? "; nearest: " : ", ", name});
                }
            }
            result_.problems.push_back({"LUM6131", sentence({"missing: ", names, " ", wanted, nearest}),
                                        "the checkpoint belongs to another model, or the name is spelled differently"});
        });
    }

    void report(const NameGroups& groups, const char* code, const char* kind, const char* help) {
        groups.each([&](const std::string& names, const std::string&, const std::string& difference) {
            result_.problems.push_back({code, sentence({kind, ": ", names, " is ", difference}), help});
        });
    }

    static std::string both(const std::string& found, const std::string& wanted) {
        return sentence({found, " in the checkpoint, ", wanted, " in the model"});
    }

    // The last two sizes swapped, and not equal.
    static bool is_transposed(std::vector<int64_t> found, const std::vector<int64_t>& wanted) {
        if (found.size() < 2) return false;
        std::swap(found[found.size() - 1], found[found.size() - 2]);
        return found == wanted;
    }

    const std::vector<RequiredTensor>& required_;
    const Checkpoint& checkpoint_;
    WeightMatch result_;
    bool ambiguous_ = false;
};

}  // namespace lum
