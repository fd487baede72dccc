/// similarity: how alike vectors are, for agents in any language.
#include <library.h>

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static float length(const float *of, size_t n) {
    float sum = 0;
    for (size_t i = 0; i < n; i++) sum += of[i] * of[i];
    return sqrtf(sum);
}

// What is handed over belongs to this function, and what it answers with to whoever asked.
void exports_example_vectors_similarity_cosines(library_list_f32_t *of, library_list_f32_t *among, library_list_f32_t *ret) {
    assert(of->len > 0 && among->len % of->len == 0);
    size_t n = of->len, count = among->len / n;
    float *cosines = malloc(count * sizeof *cosines);
    assert(cosines || count == 0);
    float length_of = length(of->ptr, n);
    for (size_t i = 0; i < count; i++) {
        const float *other = among->ptr + i * n;
        float dot = 0, lengths = length_of * length(other, n);
        for (size_t k = 0; k < n; k++) dot += of->ptr[k] * other[k];
        cosines[i] = lengths > 0 ? dot / lengths : 0;
    }
    *ret = (library_list_f32_t){cosines, count};
    library_list_f32_free(of);
    library_list_f32_free(among);
}
