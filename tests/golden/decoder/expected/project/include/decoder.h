/*
 * Decoder: the C interface of libdecoder.
 *
 * Every function that can fail returns 0 when all went well, else a number: 6007 is LUM6007. decoder_error()
 * then gives the text. Tensors are row-major and contiguous; the caller owns inputs and outputs, and they must not
 * overlap. Calls on one model must not overlap in time; different models may be used at the same time.
 */
#ifndef DECODER_H
#define DECODER_H

#include <stdint.h>

#if defined(__GNUC__)
#define DECODER_API __attribute__((visibility("default")))
#else
#define DECODER_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Weights, state and memory of one model. */
typedef struct decoder_model decoder_model;

/* All zeros is a good default. */
typedef struct {
    int32_t threads;         /* how many threads a call may use; 0: one for each processor */
    int32_t timings;         /* 1: measure every kernel, see decoder_timings */
    const char* cache_path;  /* file that keeps converted and packed weights; NULL: <weights>.decoder.packed; "": memory only */
    /* Called while weights are converted; may be NULL. */
    void (*progress)(void* user, uint64_t done_bytes, uint64_t total_bytes, const char* tensor);
    void* user;              /* handed to progress */
} decoder_options;

/*
 * Makes a model, with all the memory that it will ever need.
 * weights: a .safetensors file, an index of shards, or a folder that holds either.
 * options: may be NULL.
 */
DECODER_API int decoder_create(const char* weights, const decoder_options* options, decoder_model** model);

/* Frees it all. NULL is fine. */
DECODER_API void decoder_destroy(decoder_model* model);

/* What went wrong in the last call on this model that failed; with NULL, in this thread's last create that failed. */
DECODER_API const char* decoder_error(const decoder_model* model);

/*
 * forward
 *   s: 1..8
 *   pos: 0..8 - s
 *   tokens: in, i32[s]
 *   logits: out, f32[32]
 */
DECODER_API int decoder_forward(decoder_model* model, int64_t s, int64_t pos, const int32_t* tokens, float* logits);

/*
 * State: survives from call to call. bytes must be the size of the whole state.
 *   k: f32[2, 8, 2, 8], 1.0 KiB
 *   v: f32[2, 8, 2, 8], 1.0 KiB
 */
DECODER_API int decoder_read_state(decoder_model* model, const char* name, void* data, int64_t bytes);
DECODER_API int decoder_write_state(decoder_model* model, const char* name, const void* data, int64_t bytes);
/* Back to the value that it had at create; NULL: all of it. */
DECODER_API int decoder_reset_state(decoder_model* model, const char* name);

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
} decoder_tensor;

typedef struct {
    const char* name;
    const char* range; /* "0..8 - s" */
    /* Its bounds, both inclusive, given the dims before it. */
    void (*bounds)(const int64_t* dims, int64_t* low, int64_t* high);
} decoder_dim;

typedef struct {
    const char* name;
    int32_t dim_count, input_count, output_count, tap_count;
    const decoder_dim* dims;
    const decoder_tensor* inputs;
    const decoder_tensor* outputs;
    const decoder_tensor* taps;
} decoder_entry;

/* All entries; count may be NULL. */
DECODER_API const decoder_entry* decoder_entries(int32_t* count);
DECODER_API const decoder_entry* decoder_find_entry(const char* name);

/* Any entry by name. dims, inputs and outputs are in the order of its description. */
DECODER_API int decoder_run(decoder_model* model, const char* entry, const int64_t* dims,
    const void* const* inputs, void* const* outputs);

/* Copies what the last call of the entry left in a tap; bytes is the room in data. */
DECODER_API int decoder_read_tap(decoder_model* model, const char* entry, const char* name, void* data, int64_t bytes);

/* Time spent in a kernel since create or the last reset; needs options.timings. */
typedef struct {
    const char* kernel;
    int64_t calls;
    double seconds;
} decoder_timing;

/* Fills at most `room` of them and returns how many kernels there are. */
DECODER_API int32_t decoder_timings(const decoder_model* model, decoder_timing* timings, int32_t room);
DECODER_API void decoder_reset_timings(decoder_model* model);

#ifdef __cplusplus
}
#endif

#endif
