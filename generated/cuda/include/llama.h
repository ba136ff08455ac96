/*
 * Llama: the C interface of libllama.
 *
 * Every function that can fail returns 0 when all went well, else a number: 6007 is LUM6007. llama_error()
 * then gives the text. Tensors are row-major and contiguous; the caller owns inputs and outputs, and they must not
 * overlap. Calls on one model must not overlap in time; different models may be used at the same time.
 */
#ifndef LLAMA_H
#define LLAMA_H

#include <stdint.h>

#if defined(__GNUC__)
#define LLAMA_API __attribute__((visibility("default")))
#else
#define LLAMA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Weights, state and memory of one model. */
typedef struct llama_model llama_model;

/* All zeros is a good default. */
typedef struct {
    int32_t threads;         /* not used on a GPU */
    int32_t timings;         /* 1: measure every kernel, see llama_timings; 2: calls, "the call", from a cold cache */
    const char* cache_path;  /* not used on a GPU: weights go there as the checkpoint has them, at every create */
    /* Called while weights are copied to the device; may be NULL. */
    void (*progress)(void* user, uint64_t done_bytes, uint64_t total_bytes, const char* tensor);
    void* user;              /* handed to progress */
} llama_options;

/*
 * Makes a model, with all the memory that it will ever need.
 * weights: a .safetensors file, an index of shards, or a folder that holds either.
 * options: may be NULL.
 * The GPU is the calling thread's current device, the first visible one unless cudaSetDevice() chose another. Calls may
 * then come from any thread: they use that device, and leave the thread's own as it was.
 */
LLAMA_API int llama_create(const char* weights, const llama_options* options, llama_model** model);

/* Frees it all. NULL is fine. */
LLAMA_API void llama_destroy(llama_model* model);

/* What went wrong in the last call on this model that failed; with NULL, in this thread's last create that failed. */
LLAMA_API const char* llama_error(const llama_model* model);

/*
 * forward
 *   s: 1..8192
 *   pos: 0..8192 - s
 *   tokens: in, i32[s]
 *   logits: out, bf16[128256]
 */
LLAMA_API int llama_forward(llama_model* model, int64_t s, int64_t pos, const int32_t* tokens, uint16_t* logits);

/*
 * State: survives from call to call. bytes must be the size of the whole state.
 *   k_cache: bf16[32, 8192, 8, 128], 512 MiB
 *   v_cache: bf16[32, 8192, 8, 128], 512 MiB
 */
LLAMA_API int llama_read_state(llama_model* model, const char* name, void* data, int64_t bytes);
LLAMA_API int llama_write_state(llama_model* model, const char* name, const void* data, int64_t bytes);
/* Back to the value that it had at create; NULL: all of it. */
LLAMA_API int llama_reset_state(llama_model* model, const char* name);

/*
 * What the model looks like, for programs that take any: main.cpp, verify.cpp and bench.cpp use nothing else.
 */
typedef struct {
    const char* name;
    const char* dtype;      /* "f32", "bf16", "i32", ... */
    int32_t element_bytes;
    int32_t rank;
    const char* text;       /* "f32[s, 64]" */
    /* Fills shape[0..rank - 1], given the entry's dims in order. */
    void (*sizes)(const int64_t* dims, int64_t* shape);
} llama_tensor;

typedef struct {
    const char* name;
    const char* range; /* "0..8 - s" */
    /* Its bounds, both inclusive, given the dims before it. */
    void (*bounds)(const int64_t* dims, int64_t* low, int64_t* high);
} llama_dim;

typedef struct {
    const char* name;
    int32_t dim_count, input_count, output_count, tap_count;
    const llama_dim* dims;
    const llama_tensor* inputs;
    const llama_tensor* outputs;
    const llama_tensor* taps;
} llama_entry;

/* All entries; count may be NULL. */
LLAMA_API const llama_entry* llama_entries(int32_t* count);
LLAMA_API const llama_entry* llama_find_entry(const char* name);

/* Any entry by name. dims, inputs and outputs are in the order of its description. */
LLAMA_API int llama_run(llama_model* model, const char* entry, const int64_t* dims,
    const void* const* inputs, void* const* outputs);

/* Copies what the last call of the entry left in a tap; bytes is the room in data. */
LLAMA_API int llama_read_tap(llama_model* model, const char* entry, const char* name, void* data, int64_t bytes);

/* Time spent in a kernel since create or the last reset; needs options.timings. */
typedef struct {
    const char* kernel;
    int64_t calls;
    double seconds;
} llama_timing;

/* Fills at most `room` of them and returns how many kernels there are. */
LLAMA_API int32_t llama_timings(const llama_model* model, llama_timing* timings, int32_t room);
LLAMA_API void llama_reset_timings(llama_model* model);

#ifdef __cplusplus
}
#endif

#endif
