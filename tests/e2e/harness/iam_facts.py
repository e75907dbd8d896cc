"""What AWS knows of resources when it judges a call: asked of moto, with keys that may do everything."""

import boto3

REGION = "us-east-1"


class Facts:
    """What AWS knows of resources, asked of moto with keys of its own."""

    def __init__(self, endpoint: str, keys: dict):
        """endpoint: moto's; keys: as boto3 takes them."""
        self._endpoint, self._keys, self._clients = endpoint, keys, {}

    def client(self, service: str, region: str = REGION):
        """Kept: boto3 takes long to make one."""
        if (service, region) not in self._clients:
            self._clients[service, region] = boto3.client(service, endpoint_url=self._endpoint, region_name=region, **self._keys)
        return self._clients[service, region]

    def secret_key(self, arn: str) -> str | None:
        """None: the key that AWS manages, which asks nobody."""
        return self.client("secretsmanager").describe_secret(SecretId=arn).get("KmsKeyId")

    def stream_key(self, arn: str) -> str | None:
        about = self.client("kinesis").describe_stream_summary(StreamARN=arn)["StreamDescriptionSummary"]
        return about.get("KeyId") if about.get("EncryptionType") == "KMS" else None

    def snapshot(self, arn: str) -> dict:
        """Empty: there is none, as RDS will say itself."""
        rds = self.client("rds", arn.split(":")[3])
        try:
            found = rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=arn.rsplit(":", 1)[-1])
        except rds.exceptions.DBClusterSnapshotNotFoundFault:
            return {}
        return found["DBClusterSnapshots"][0]
