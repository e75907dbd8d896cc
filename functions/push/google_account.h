/* google_account.h - a Google service account's key file.
 *
 * Is:      the members that signing in needs, checked, each error naming setting and member.
 * Is not:  for user credentials, workload identity or refresh tokens.
 * Beware:  it holds a private key: never in a message, and wiped when it is done.
 * Source:  Google Identity, "Using OAuth 2.0 for Server to Server Applications" (HTTP/REST).
 */
#ifndef NARAE_PUSH_GOOGLE_ACCOUNT_H
#define NARAE_PUSH_GOOGLE_ACCOUNT_H

#include <narae/buf.h>
#include <narae/err.h>
#include <narae/view.h>

struct google_account {
    char project_id[128];
    char client_email[256];
    char private_key_id[128];
    char token_uri[512];
    struct nr_buf private_key; /* PEM; wiped by google_account_done() */
};

/* Read a service-account file.
 *
 * setting  in   where it came from, for messages: "NARAE_FCM_SERVICE_ACCOUNT"
 * text     in   borrowed for the call
 * out      out  the caller's, google_account_done()
 * Returns 0, or -1: INVALID, Function.InvalidSetting, naming setting and member, never the key. The key's
 * armour is checked here, its numbers at the first signature: decoding them would cost every cold start a
 * millisecond. */
int google_account_parse(const char *setting, struct nr_view text, struct google_account *out,
                         struct nr_err *err) NR_MUST_CHECK;
void google_account_done(struct google_account *account);

#endif
