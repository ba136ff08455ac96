// Host side: one way to launch a kernel, on a device and under the SIMT layer.
#pragma once

#include "lum_device.cuh"

#if defined(LUM_SIMT)
#include <tuple>
#endif

namespace lum {

// Threads of a grid at most: loops that step by so many count in int as long as no size is within that of 2^31.
constexpr i64 kMostThreads = i64{1} << 24;

// kernel(arguments…) on `grid` blocks of `block` threads with `shared_bytes` of dynamic shared memory, in the order of
// `stream`. Returns the launch's own error; what happens in the kernel shows at the next synchronisation.
template <class... Parameters, class... Arguments>
cudaError_t launch(void (*kernel)(Parameters...), i64 grid, int block, std::size_t shared_bytes, cudaStream_t stream,
                   Arguments... arguments) {
    if (grid > kMostThreads / block) return cudaErrorInvalidConfiguration;
#if defined(LUM_SIMT)
    struct Call {
        void (*kernel)(Parameters...);
        std::tuple<Parameters...> arguments;
    };
    const auto call = std::make_shared<const Call>(Call{kernel, std::tuple<Parameters...>(static_cast<Parameters>(arguments)...)});
    const auto run = [](const void* from) {
        const Call& made = *static_cast<const Call*>(from);
        std::apply(made.kernel, made.arguments);
    };
    return simt::launch(simt::Launch{run, call, sizeof(Call), static_cast<unsigned>(grid), static_cast<unsigned>(block),
                                     shared_bytes, reinterpret_cast<const void*>(kernel)},
                        stream);
#else
    if (shared_bytes > 48 * 1024) {  // more than every kernel may have without asking
        const cudaError_t allowed = cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                                         static_cast<int>(shared_bytes));
        if (allowed != cudaSuccess) return allowed;
    }
    // kernel<<<grid, block, shared_bytes, stream>>>(arguments…), whose status isn't mixed with that of calls before it.
    cudaLaunchConfig_t shape{};
    shape.gridDim = dim3(static_cast<unsigned>(grid));
    shape.blockDim = dim3(static_cast<unsigned>(block));
    shape.dynamicSmemBytes = shared_bytes;
    shape.stream = stream;
    return cudaLaunchKernelEx(&shape, kernel, static_cast<Parameters>(arguments)...);
#endif
}

}  // namespace lum
