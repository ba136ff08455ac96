/*
 * Halves: the C interface of libhalves.
 *
 * Every function that can fail returns 0 when all went well, else a number: 6007 is LUM6007. halves_error()
 * then gives the text. Tensors are row-major and contiguous; the caller owns inputs and outputs, and they must not
 * overlap. Calls on one model must not overlap in time; different models may be used at the same time.
 */
#ifndef HALVES_H
#define HALVES_H

#include <stdint.h>

#if defined(__GNUC__)
#define HALVES_API __attribute__((visibility("default")))
#else
#define HALVES_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Weights, state and memory of one model. */
typedef struct halves_model halves_model;

/* All zeros is a good default. */
typedef struct {
    int32_t threads;         /* how many threads a call may use; 0: one for each processor */
    int32_t timings;         /* 1: measure every kernel, see halves_timings */
    const char* cache_path;  /* file that keeps converted and packed weights; NULL: <weights>.halves.packed; "": memory only */
    /* Called while weights are converted; may be NULL. */
    void (*progress)(void* user, uint64_t done_bytes, uint64_t total_bytes, const char* tensor);
    void* user;              /* handed to progress */
} halves_options;

/*
 * Makes a model, with all the memory that it will ever need.
 * weights: a .safetensors file, an index of shards, or a folder that holds either.
 * options: may be NULL.
 */
HALVES_API int halves_create(const char* weights, const halves_options* options, halves_model** model);

/* Frees it all. NULL is fine. */
HALVES_API void halves_destroy(halves_model* model);

/* What went wrong in the last call on this model that failed; with NULL, in this thread's last create that failed. */
HALVES_API const char* halves_error(const halves_model* model);

/*
 * forward
 *   n: 1..32
 *   x: in, bf16[n, 24]
 *   y: out, bf16[n, 16]
 */
HALVES_API int halves_forward(halves_model* model, int64_t n, const uint16_t* x, uint16_t* y);

/*
 * State: survives from call to call; this model has none. bytes must be the size of the whole state.
 */
HALVES_API int halves_read_state(halves_model* model, const char* name, void* data, int64_t bytes);
HALVES_API int halves_write_state(halves_model* model, const char* name, const void* data, int64_t bytes);
/* Back to the value that it had at create; NULL: all of it. */
HALVES_API int halves_reset_state(halves_model* model, const char* name);

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
} halves_tensor;

typedef struct {
    const char* name;
    const char* range; /* "0..8 - s" */
    /* Its bounds, both inclusive, given the dims before it. */
    void (*bounds)(const int64_t* dims, int64_t* low, int64_t* high);
} halves_dim;

typedef struct {
    const char* name;
    int32_t dim_count, input_count, output_count, tap_count;
    const halves_dim* dims;
    const halves_tensor* inputs;
    const halves_tensor* outputs;
    const halves_tensor* taps;
} halves_entry;

/* All entries; count may be NULL. */
HALVES_API const halves_entry* halves_entries(int32_t* count);
HALVES_API const halves_entry* halves_find_entry(const char* name);

/* Any entry by name. dims, inputs and outputs are in the order of its description. */
HALVES_API int halves_run(halves_model* model, const char* entry, const int64_t* dims,
    const void* const* inputs, void* const* outputs);

/* Copies what the last call of the entry left in a tap; bytes is the room in data. */
HALVES_API int halves_read_tap(halves_model* model, const char* entry, const char* name, void* data, int64_t bytes);

/* Time spent in a kernel since create or the last reset; needs options.timings. */
typedef struct {
    const char* kernel;
    int64_t calls;
    double seconds;
} halves_timing;

/* Fills at most `room` of them and returns how many kernels there are. */
HALVES_API int32_t halves_timings(const halves_model* model, halves_timing* timings, int32_t room);
HALVES_API void halves_reset_timings(halves_model* model);

#ifdef __cplusplus
}
#endif

#endif
