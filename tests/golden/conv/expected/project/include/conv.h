/*
 * Conv: the C interface of libconv.
 *
 * Every function that can fail returns 0 when all went well, else a number: 6007 is LUM6007. conv_error()
 * then gives the text. Tensors are row-major and contiguous; the caller owns inputs and outputs, and they must not
 * overlap. Calls on one model must not overlap in time; different models may be used at the same time.
 */
#ifndef CONV_H
#define CONV_H

#include <stdint.h>

#if defined(__GNUC__)
#define CONV_API __attribute__((visibility("default")))
#else
#define CONV_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Weights, state and memory of one model. */
typedef struct conv_model conv_model;

/* All zeros is a good default. */
typedef struct {
    int32_t threads;         /* how many threads a call may use; 0: one for each processor */
    int32_t timings;         /* 1: measure every kernel, see conv_timings */
    const char* cache_path;  /* file that keeps converted and packed weights; NULL: <weights>.conv.packed; "": memory only */
    /* Called while weights are converted; may be NULL. */
    void (*progress)(void* user, uint64_t done_bytes, uint64_t total_bytes, const char* tensor);
    void* user;              /* handed to progress */
} conv_options;

/*
 * Makes a model, with all the memory that it will ever need.
 * weights: a .safetensors file, an index of shards, or a folder that holds either.
 * options: may be NULL.
 */
CONV_API int conv_create(const char* weights, const conv_options* options, conv_model** model);

/* Frees it all. NULL is fine. */
CONV_API void conv_destroy(conv_model* model);

/* What went wrong in the last call on this model that failed; with NULL, in this thread's last create that failed. */
CONV_API const char* conv_error(const conv_model* model);

/*
 * forward
 *   x: in, f32[1, 3, 11, 9]
 *   pooled: out, f32[1, 8, 6, 5]
 */
CONV_API int conv_forward(conv_model* model, const float* x, float* pooled);

/*
 * State: survives from call to call; this model has none. bytes must be the size of the whole state.
 */
CONV_API int conv_read_state(conv_model* model, const char* name, void* data, int64_t bytes);
CONV_API int conv_write_state(conv_model* model, const char* name, const void* data, int64_t bytes);
/* Back to the value that it had at create; NULL: all of it. */
CONV_API int conv_reset_state(conv_model* model, const char* name);

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
} conv_tensor;

typedef struct {
    const char* name;
    const char* range; /* "0..8 - s" */
    /* Its bounds, both inclusive, given the dims before it. */
    void (*bounds)(const int64_t* dims, int64_t* low, int64_t* high);
} conv_dim;

typedef struct {
    const char* name;
    int32_t dim_count, input_count, output_count, tap_count;
    const conv_dim* dims;
    const conv_tensor* inputs;
    const conv_tensor* outputs;
    const conv_tensor* taps;
} conv_entry;

/* All entries; count may be NULL. */
CONV_API const conv_entry* conv_entries(int32_t* count);
CONV_API const conv_entry* conv_find_entry(const char* name);

/* Any entry by name. dims, inputs and outputs are in the order of its description. */
CONV_API int conv_run(conv_model* model, const char* entry, const int64_t* dims,
    const void* const* inputs, void* const* outputs);

/* Copies what the last call of the entry left in a tap; bytes is the room in data. */
CONV_API int conv_read_tap(conv_model* model, const char* entry, const char* name, void* data, int64_t bytes);

/* Time spent in a kernel since create or the last reset; needs options.timings. */
typedef struct {
    const char* kernel;
    int64_t calls;
    double seconds;
} conv_timing;

/* Fills at most `room` of them and returns how many kernels there are. */
CONV_API int32_t conv_timings(const conv_model* model, conv_timing* timings, int32_t room);
CONV_API void conv_reset_timings(conv_model* model);

#ifdef __cplusplus
}
#endif

#endif
