/*
 * Mlp: the C interface of libmlp.
 *
 * Every function that can fail returns 0 when all went well, else a number: 6007 is LUM6007. mlp_error()
 * then gives the text. Tensors are row-major and contiguous; the caller owns inputs and outputs, and they must not
 * overlap. Calls on one model must not overlap in time; different models may be used at the same time.
 */
#ifndef MLP_H
#define MLP_H

#include <stdint.h>

#if defined(__GNUC__)
#define MLP_API __attribute__((visibility("default")))
#else
#define MLP_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Weights, state and memory of one model. */
typedef struct mlp_model mlp_model;

/* All zeros is a good default. */
typedef struct {
    int32_t threads;         /* how many threads a call may use; 0: one for each processor */
    int32_t timings;         /* 1: measure every kernel, see mlp_timings */
    const char* cache_path;  /* file that keeps converted and packed weights; NULL: <weights>.mlp.packed; "": memory only */
    /* Called while weights are converted; may be NULL. */
    void (*progress)(void* user, uint64_t done_bytes, uint64_t total_bytes, const char* tensor);
    void* user;              /* handed to progress */
} mlp_options;

/*
 * Makes a model, with all the memory that it will ever need.
 * weights: a .safetensors file, an index of shards, or a folder that holds either.
 * options: may be NULL.
 */
MLP_API int mlp_create(const char* weights, const mlp_options* options, mlp_model** model);

/* Frees it all. NULL is fine. */
MLP_API void mlp_destroy(mlp_model* model);

/* What went wrong in the last call on this model that failed; with NULL, in this thread's last create that failed. */
MLP_API const char* mlp_error(const mlp_model* model);

/*
 * forward
 *   batch: 1..64
 *   x: in, f32[batch, 20]
 *   logits: out, f32[batch, 10]
 */
MLP_API int mlp_forward(mlp_model* model, int64_t batch, const float* x, float* logits);

/*
 * State: survives from call to call; this model has none. bytes must be the size of the whole state.
 */
MLP_API int mlp_read_state(mlp_model* model, const char* name, void* data, int64_t bytes);
MLP_API int mlp_write_state(mlp_model* model, const char* name, const void* data, int64_t bytes);
/* Back to the value that it had at create; NULL: all of it. */
MLP_API int mlp_reset_state(mlp_model* model, const char* name);

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
} mlp_tensor;

typedef struct {
    const char* name;
    const char* range; /* "0..8 - s" */
    /* Its bounds, both inclusive, given the dims before it. */
    void (*bounds)(const int64_t* dims, int64_t* low, int64_t* high);
} mlp_dim;

typedef struct {
    const char* name;
    int32_t dim_count, input_count, output_count, tap_count;
    const mlp_dim* dims;
    const mlp_tensor* inputs;
    const mlp_tensor* outputs;
    const mlp_tensor* taps;
} mlp_entry;

/* All entries; count may be NULL. */
MLP_API const mlp_entry* mlp_entries(int32_t* count);
MLP_API const mlp_entry* mlp_find_entry(const char* name);

/* Any entry by name. dims, inputs and outputs are in the order of its description. */
MLP_API int mlp_run(mlp_model* model, const char* entry, const int64_t* dims,
    const void* const* inputs, void* const* outputs);

/* Copies what the last call of the entry left in a tap; bytes is the room in data. */
MLP_API int mlp_read_tap(mlp_model* model, const char* entry, const char* name, void* data, int64_t bytes);

/* Time spent in a kernel since create or the last reset; needs options.timings. */
typedef struct {
    const char* kernel;
    int64_t calls;
    double seconds;
} mlp_timing;

/* Fills at most `room` of them and returns how many kernels there are. */
MLP_API int32_t mlp_timings(const mlp_model* model, mlp_timing* timings, int32_t room);
MLP_API void mlp_reset_timings(mlp_model* model);

#ifdef __cplusplus
}
#endif

#endif
