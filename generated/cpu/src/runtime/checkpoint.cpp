#include "checkpoint.h"

#include "gemm_operands.h"
#include "weights.h"

namespace lum {

namespace {

template <class T>
void declare(WeightBinder& binder, const WeightRequest& request) {
    const auto slot = static_cast<const T**>(request.slot);
    if (request.transform)
        return binder.packed<T>(slot, request.name, request.shape, request.layout, request.bytes, request.transform);
    if (request.columns == 0) return binder.as_stored(slot, request.name, request.shape);
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, bf16> || std::is_same_v<T, f16>) {
        using Panels = PackedB<T>;
        const i64 columns = request.columns, depth = request.depth;
        const bool contiguous = request.depth_is_contiguous;
        const std::string width = std::to_string(Panels::Width);
        const std::string layout = "panels of " + width + " columns, each [" + std::to_string(depth) + "][" + width + "]" +
                                   (contiguous ? "" : ", from [depth, columns]");
        const size_t bytes = static_cast<size_t>(packed_elements<Panels>(columns, depth)) * sizeof(T);
        binder.packed<T>(slot, request.name, request.shape, layout, bytes, [=](const T* source, T* destination) {
            const Strided<T> from = contiguous ? Strided<T>{source, depth, 1} : Strided<T>{source, 1, columns};
            pack_weights<Panels>(from, columns, depth, destination);
        });
    }
}

void declare(WeightBinder& binder, const WeightRequest& request) {
    switch (request.dtype) {
        case DType::f64: return declare<double>(binder, request);
        case DType::f32: return declare<float>(binder, request);
        case DType::f16: return declare<f16>(binder, request);
        case DType::bf16: return declare<bf16>(binder, request);
        case DType::f8e4m3: return declare<f8e4m3>(binder, request);
        case DType::f8e5m2: return declare<f8e5m2>(binder, request);
        case DType::i64: return declare<i64>(binder, request);
        case DType::i32: return declare<i32>(binder, request);
        case DType::i16: return declare<std::int16_t>(binder, request);
        case DType::i8: return declare<i8>(binder, request);
        case DType::u8: return declare<u8>(binder, request);
        case DType::boolean: return declare<bool>(binder, request);
        default: return;  // no element type of a model
    }
}

}  // namespace

struct BoundWeights::Owner {
    WeightBinder binder;
};

BoundWeights::BoundWeights() : owner_(std::make_unique<Owner>()) {}
BoundWeights::~BoundWeights() = default;

Fault BoundWeights::bind(const std::string& path, const std::string& cache_path, const Progress& progress) {
    for (const WeightRequest& request : requests_) declare(owner_->binder, request);
    BindOptions options;
    options.cache_path = cache_path;
    options.progress = progress;
    const BindResult bound = owner_->binder.bind(path, options);
    if (bound.ok()) return {};
    Fault all = bound.problems[0];
    for (size_t i = 1; i < bound.problems.size(); ++i) {
        all.message += (i == 1 ? "\n  " + all.help + "\n" : "\n") + bound.problems[i].text();
        all.help.clear();
    }
    return all;
}

}  // namespace lum
