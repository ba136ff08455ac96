// What a kernel sees of the machine when it runs on the CPU: its place in the grid, barriers, warp operations, copies
// into shared memory and the tensor core's instructions. lum_device.cuh wraps these; emitted sources never call them.
//
// Every CUDA thread of a block is a fiber with a stack of its own, and the fibers of a block take turns on one OS
// thread, in the order of their numbers, each running until it has to wait: runs repeat exactly. Blocks are spread over
// OS threads. What is checked where:
//   - always: barriers under divergence, warp operations that lack a lane, accesses made by the wrappers (16-byte
//     loads and stores, copies, ldmatrix, atomics);
//   - every other access of a kernel, where its source is compiled with -fsanitize=thread (and linked without it:
//     simt/access.cpp defines the functions that this inserts): bounds, alignment, uninitialized shared memory, races.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "cuda_runtime.h"

namespace simt {

// This thread's place.
int thread();
int threads();
int block();
int grid();

// Waits for `count` threads (a multiple of 32) at barrier `id`; line is where in the source. Barrier 0 with
// count = threads() is __syncthreads().
void barrier(int id, int count, int line);
// Counts as there, but doesn't wait.
void barrier_arrive(int id, int count, int line);
void warp_barrier(std::uint32_t mask);

// The lanes in `mask` meet; each gets the bits that `source` gave, those of its own where source isn't a lane in 0 … 31.
std::uint64_t shuffle(std::uint32_t mask, std::uint64_t bits, int source);
std::uint32_t ballot(std::uint32_t mask, bool vote);

// The dynamic shared memory from byte `offset` on, which must lie inside.
void* shared(std::size_t offset);

// A plain access of `bytes` = 1, 2, 4, 8 or 16, checked.
void load(void* value, const void* from, std::size_t bytes);
void store(void* to, const void* value, std::size_t bytes);

// cp.async: the first `count` bytes from `from`, zeros for the rest; they land when the copy's group is waited for.
void copy_async(void* shared_to, const void* from, int bytes, int count);
void copy_async_commit();
void copy_async_wait(int groups_left);  // -1: every copy, in groups or not

// ldmatrix: lanes 8 i … 8 i + 7 give the addresses of the 8 rows (16 bytes each) of matrix i < count. In matrix i, lane l
// gets elements 2 (l % 4) and 2 (l % 4) + 1 of row l / 4, or of column l / 4 where transposed.
void ldmatrix(std::uint32_t* registers, int count, bool transposed, const void* row);

// mma.sync with f32 sums, D += A B, in the fragment layouts of the PTX manual.
enum Operand : int { kF16, kBf16 };
void mma_m16n8k16(Operand, float* d, const std::uint32_t* a, const std::uint32_t* b);
void mma_m16n8k8_tf32(float* d, const std::uint32_t* a, const std::uint32_t* b);

// Read-modify-write of 4 or 8 bytes, against other threads of any block. `apply` makes the new value of the old one.
void atomic(void* address, std::size_t bytes, void (*apply)(void* value, const void* operand), const void* operand,
            void* old);

// What a kernel was launched with; the kernel may read `arguments`.
struct Launch {
    void (*run)(const void* arguments);
    std::shared_ptr<const void> arguments;
    std::size_t argument_bytes;
    unsigned grid, block;
    std::size_t shared_bytes;
    const void* kernel;
};
cudaError_t launch(const Launch&, cudaStream_t);

// The description of the last fault that a kernel was stopped by, "" if none; its first word is the kind (see fault.h).
const char* last_fault();
void clear_fault();

// Names a part of an allocation, so that faults can tell it; accesses outside of every named part of an allocation that
// has any are faults, too. A part ends with its allocation.
void name_region(const void* pointer, std::size_t bytes, const char* name);

}  // namespace simt
