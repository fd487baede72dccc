// Parameters, as the SDK hands them on.
#pragma once

#include "../greenroom/params.h"

// That the document is a map from names to values that parameters have.
gr_result params_check(const gr_params *params);
