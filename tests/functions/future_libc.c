/* future_libc - stands in for a libc of the future, at link time only: future_glibc is linked against it. */
int from_the_future(void);

int from_the_future(void)
{
    return 0;
}
