#include <narae/tls.h>

void nr_tls_setup(void)
{
}
