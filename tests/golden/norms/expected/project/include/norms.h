/*
 * Norms: the C interface of libnorms.
 *
 * Every function that can fail returns 0 when all went well, else a number: 6007 is LUM6007. norms_error()
 * then gives the text. Tensors are row-major and contiguous; the caller owns inputs and outputs, and they must not
 * overlap. Calls on one model must not overlap in time; different models may be used at the same time.
 */
#ifndef NORMS_H
#define NORMS_H

#include <stdint.h>

#if defined(__GNUC__)
#define NORMS_API __attribute__((visibility("default")))
#else
#define NORMS_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Weights, state and memory of one model. */
typedef struct norms_model norms_model;

/* All zeros is a good default. */
typedef struct {
    int32_t threads;         /* how many threads a call may use; 0: one for each processor */
    int32_t timings;         /* 1: measure every kernel, see norms_timings */
    const char* cache_path;  /* file that keeps converted and packed weights; NULL: <weights>.norms.packed; "": memory only */
    /* Called while weights are converted; may be NULL. */
    void (*progress)(void* user, uint64_t done_bytes, uint64_t total_bytes, const char* tensor);
    void* user;              /* handed to progress */
} norms_options;

/*
 * Makes a model, with all the memory that it will ever need.
 * weights: a .safetensors file, an index of shards, or a folder that holds either; not read, this model has none.
 * options: may be NULL.
 */
NORMS_API int norms_create(const char* weights, const norms_options* options, norms_model** model);

/* Frees it all. NULL is fine. */
NORMS_API void norms_destroy(norms_model* model);

/* What went wrong in the last call on this model that failed; with NULL, in this thread's last create that failed. */
NORMS_API const char* norms_error(const norms_model* model);

/*
 * forward
 *   n: 1..40
 *   x: in, f32[n, 24]
 *   w: in, f32[24]
 *   b: in, f32[24]
 *   y: out, f32[n, 24]
 */
NORMS_API int norms_forward(norms_model* model, int64_t n, const float* x, const float* w, const float* b, float* y);

/*
 * State: survives from call to call; this model has none. bytes must be the size of the whole state.
 */
NORMS_API int norms_read_state(norms_model* model, const char* name, void* data, int64_t bytes);
NORMS_API int norms_write_state(norms_model* model, const char* name, const void* data, int64_t bytes);
/* Back to the value that it had at create; NULL: all of it. */
NORMS_API int norms_reset_state(norms_model* model, const char* name);

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
} norms_tensor;

typedef struct {
    const char* name;
    const char* range; /* "0..8 - s" */
    /* Its bounds, both inclusive, given the dims before it. */
    void (*bounds)(const int64_t* dims, int64_t* low, int64_t* high);
} norms_dim;

typedef struct {
    const char* name;
    int32_t dim_count, input_count, output_count, tap_count;
    const norms_dim* dims;
    const norms_tensor* inputs;
    const norms_tensor* outputs;
    const norms_tensor* taps;
} norms_entry;

/* All entries; count may be NULL. */
NORMS_API const norms_entry* norms_entries(int32_t* count);
NORMS_API const norms_entry* norms_find_entry(const char* name);

/* Any entry by name. dims, inputs and outputs are in the order of its description. */
NORMS_API int norms_run(norms_model* model, const char* entry, const int64_t* dims,
    const void* const* inputs, void* const* outputs);

/* Copies what the last call of the entry left in a tap; bytes is the room in data. */
NORMS_API int norms_read_tap(norms_model* model, const char* entry, const char* name, void* data, int64_t bytes);

/* Time spent in a kernel since create or the last reset; needs options.timings. */
typedef struct {
    const char* kernel;
    int64_t calls;
    double seconds;
} norms_timing;

/* Fills at most `room` of them and returns how many kernels there are. */
NORMS_API int32_t norms_timings(const norms_model* model, norms_timing* timings, int32_t room);
NORMS_API void norms_reset_timings(norms_model* model);

#ifdef __cplusplus
}
#endif

#endif
