/* shuts_down - has a shutdown hook that says so in the log. The event "slow" makes the hook take for ever,
 * "stay" is an invocation that never ends and asks for the end itself. */
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include <narae/handler.h>
#include <narae/log.h>

static bool is_slow;
static int n_invocations;

static void shut_down(void)
{
    while (is_slow)
        pause();
    nr_log(NR_LOG_INFO, "shut down", nr_log_int("invocations", n_invocations));
}

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    n_invocations++;
    is_slow = nr_view_is(request->event, NR_VIEW("slow"));
    if (nr_view_is(request->event, NR_VIEW("stay"))) {
        kill(getpid(), SIGTERM);
        for (;;)
            pause();
    }
    return nr_reply_bytes(reply, request->event, NULL, err);
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "shuts_down", NULL, invoke, shut_down};
