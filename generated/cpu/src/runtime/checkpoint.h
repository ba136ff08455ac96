// Binding a model's weights, behind an interface that is small to include: the work is in weights.h.
#pragma once

#include <functional>
#include <memory>

#include "dtype.h"

namespace lum {

// One tensor that the model needs, and where its pointer goes.
struct WeightRequest {
    void* slot;  // a `const T**`, with T the element type of `dtype`
    DType dtype;
    std::string name;
    std::vector<int64_t> shape;
    // A matrix that contractions read in panels of columns; columns = 0: row-major, as stored. It is stored as
    // [columns, depth] where the depth is contiguous, else as [depth, columns].
    int64_t columns = 0, depth = 0;
    bool depth_is_contiguous = true;
    // Where given, makes what the slot points at from the stored tensor: `bytes` bytes, zero before. `layout` names
    // all that it depends on.
    std::function<void(const void* source, void* destination)> transform{};
    size_t bytes = 0;
    std::string layout{};
};

// Owns what the pointers lead to: the mapped checkpoint and converted memory.
class BoundWeights {
 public:
    BoundWeights();
    BoundWeights(const BoundWeights&) = delete;
    BoundWeights& operator=(const BoundWeights&) = delete;
    ~BoundWeights();

    template <class T>
    void as_stored(const T** slot, std::string name, std::vector<int64_t> shape) {
        requests_.push_back({slot, dtype_of<T>, std::move(name), std::move(shape)});
    }

    template <class T>
    void in_panels(const T** slot, std::string name, std::vector<int64_t> shape, int64_t columns, int64_t depth,
                   bool depth_is_contiguous) {
        requests_.push_back({slot, dtype_of<T>, std::move(name), std::move(shape), columns, depth, depth_is_contiguous});
    }

    // By `transform`, a function of the stored elements with bytes() and layout().
    template <class T, class Transform>
    void transformed(const T** slot, std::string name, std::vector<int64_t> shape, Transform transform) {
        WeightRequest request{slot, dtype_of<T>, std::move(name), std::move(shape)};
        request.bytes = transform.bytes();
        request.layout = transform.layout();
        request.transform = [transform](const void* source, void* destination) {
            transform(static_cast<const T*>(source), static_cast<T*>(destination));
        };
        requests_.push_back(std::move(request));
    }

    using Progress = std::function<void(size_t done_bytes, size_t total_bytes, const std::string& tensor)>;

    // Fills every slot. What was converted or packed is kept in `cache_path`; "" keeps it in memory. The fault's
    // message names every tensor that is missing or doesn't fit; its code is that of the first.
    Fault bind(const std::string& path, const std::string& cache_path, const Progress& progress);

 private:
    struct Owner;
    std::unique_ptr<Owner> owner_;
    std::vector<WeightRequest> requests_;
};

}  // namespace lum
