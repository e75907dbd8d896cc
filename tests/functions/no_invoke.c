/* no_invoke - a table that cannot do anything. */
#include <narae/handler.h>

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "no_invoke", NULL, NULL, NULL};
