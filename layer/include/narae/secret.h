/* secret.h - a setting that names a secret instead of holding it.
 *
 * Is:      `env:NAME`, `file:PATH`, a Secrets Manager ARN (optionally `ARN#json.key`), `ssm:/name` -> the
 *          secret's text; remote ones are kept for 5 minutes.
 * Is not:  a place to write secrets, and nothing here is ever logged.
 * Beware:  remote references cost a round trip at first use. The buffer holds a secret: wipe it with
 *          nr_secret_done().
 */
#ifndef NARAE_SECRET_H
#define NARAE_SECRET_H

#include <stdint.h>

#include <narae/attr.h>
#include <narae/buf.h>
#include <narae/err.h>

enum { NR_SECRET_MAX_BYTES = 65536 }; /* Secrets Manager's own limit for SecretString */

/* Read the secret that the environment variable `setting` refers to.
 *
 * setting           in   variable name, e.g. "NARAE_DATABASE"; required to be set
 * deadline_mono_ms  in   for remote references; NR_CLOCK_NEVER_MS = the default time-outs alone
 * out               out  replaced by the secret; init it with NR_SECRET_MAX_BYTES, release with
 *                        nr_secret_done()
 *
 * Returns 0, or -1, naming setting and reference: INVALID Function.MissingSetting (not set),
 * Function.InvalidSetting (form), NOT_FOUND Function.MissingSecret (no such variable, file, secret or key),
 * DENIED, or a transient kind (remote). */
int nr_secret_read(const char *setting, int64_t deadline_mono_ms, struct nr_buf *out,
                   struct nr_err *err) NR_MUST_CHECK;

/* Forget what is kept for `setting`: the next read asks again. For use after an authentication failure. */
void nr_secret_forget(const char *setting);

/* Wipe and release. */
void nr_secret_done(struct nr_buf *secret);

#define NR_SECRET_AUTO NR_AUTO(nr_secret_done) struct nr_buf

#endif
