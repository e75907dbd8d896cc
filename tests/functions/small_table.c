/* small_table - a table that ends before what the first ABI had. */
#include <narae/handler.h>

const struct nr_handler handler = {.abi = NR_ABI, .struct_bytes = 8, .name = "small_table"};
