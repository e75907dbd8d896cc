"""How AWS's services say that somebody may not: status, code and words, in the protocol of each (moto answers all of them in XML)."""

import dataclasses
import json

from harness.policy import Ask

ROLE = "arn:aws:sts::123456789012:assumed-role/function/sandbox"
RDS_STATUS = 403
RDS_ERROR = ('<ErrorResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><Error><Type>Sender</Type><Code>{code}</Code>'
             "<Message>{message}</Message></Error><RequestId>0</RequestId></ErrorResponse>")
NOT_ALLOWED = "User: {role} is not authorized to perform: {ask} because no identity-based policy allows the {action} action"
NO_KEY = "The specified KMS key [{resource}] does not exist, is not enabled or you do not have permissions to access it."


@dataclasses.dataclass(frozen=True)
class Refusal:
    """One service's."""

    status: int
    code: str
    words: str = NOT_ALLOWED
    gist: str = "is not authorized to perform: {action}"  # what must be left of the words, whoever shortens or scrubs them

    def message(self, ask: Ask) -> str:
        return self._fill(self.words, ask)

    def what_counts(self, ask: Ask) -> str:
        return self._fill(self.gist, ask)

    def _fill(self, form: str, ask: Ask) -> str:
        return form.format(role=ROLE, ask=ask, action=ask.action, resource=ask.resource)

    def answer(self, ask: Ask) -> tuple[int, str, bytes]:
        if self.status == RDS_STATUS:
            return self.status, "text/xml", RDS_ERROR.format(code=self.code, message=self.message(ask)).encode()
        return self.status, "application/x-amz-json-1.1", json.dumps({"__type": self.code, "Message": self.message(ask)}).encode()


# (service, whose action was refused)
REFUSALS = {
    ("sqs", "sqs"): Refusal(400, "com.amazon.coral.service#AccessDeniedException"),
    ("secretsmanager", "secretsmanager"): Refusal(400, "AccessDeniedException"),
    ("secretsmanager", "kms"): Refusal(400, "AccessDeniedException", "Access to KMS is not allowed", "Access to KMS is not allowed"),
    ("kinesis", "kinesis"): Refusal(400, "AccessDeniedException"),
    ("kinesis", "kms"): Refusal(400, "KMSAccessDeniedException"),
    ("rds", "rds"): Refusal(RDS_STATUS, "AccessDenied"),
    ("rds", "kms"): Refusal(RDS_STATUS, "KMSKeyNotAccessibleFault", NO_KEY, "The specified KMS key"),
}
