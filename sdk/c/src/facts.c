// Item facts of one type.
#include "../greenroom/memory.h"
#include "../greenroom/room.h"

gr_memory_result gr_gather_f32s(gr_u32s rows, const char *field, gr_f32s *facts) {
    gr_columns columns;
    gr_string name = gr_text(field);
    gr_memory_result failed = gr_gather(rows, (gr_strings){&name, 1}, &columns);
    *facts = (gr_f32s){0};
    if (failed) return failed;
    if (columns.len == 1 && columns.ptr[0].values.kind == GR_F32S) {
        *facts = columns.ptr[0].values.f32s;
        return NULL;
    }
    gr_memory_error *error = gr_new(gr_memory_error, 1);
    *error = (gr_memory_error){.problem = GR_NOT_FOUND, .message = gr_format("`%s` is no number of an item", field)};
    return error;
}
