/* secret_remote.h - secrets that lie with AWS, kept for a while.
 *
 * Is:      Secrets Manager's GetSecretValue and Parameter Store's GetParameter, with a cache of a few
 *          references.
 * Beware:  a rotated secret is seen 5 minutes late, unless an authentication failure makes the caller forget
 *          it.
 */
#ifndef NARAE_AWS_SECRET_REMOTE_H
#define NARAE_AWS_SECRET_REMOTE_H

#include <stdint.h>

#include <narae/attr.h>
#include <narae/buf.h>
#include <narae/err.h>

/* "arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-xxxxxx[#json.key]" */
int secret_remote_secretsmanager(const char *setting, const char *reference, int64_t deadline_mono_ms,
                                 struct nr_buf *out, struct nr_err *err) NR_MUST_CHECK;

/* "ssm:/name"; SecureString parameters are decrypted. */
int secret_remote_ssm(const char *setting, const char *reference, int64_t deadline_mono_ms,
                      struct nr_buf *out, struct nr_err *err) NR_MUST_CHECK;

void secret_remote_forget(const char *reference);

#endif
