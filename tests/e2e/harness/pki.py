"""The certificates of tools/test_pki.sh, which tools/with_postgres.sh made for this run."""

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def _file(name: str) -> Path:
    folder = os.environ.get("NARAE_TEST_PKI", "")
    assert folder, "NARAE_TEST_PKI is not set: run under tools/with_postgres.sh, as ./build.sh test does"
    return Path(folder) / name


def root() -> Path:
    """The authority that functions are told to trust."""
    return _file("ca.pem")


def pair(name: str) -> tuple[Path, Path]:
    """Certificate and key: server (good), expired, wronghost, other (of an authority that nobody trusts)."""
    return _file(f"{name}.pem"), _file(f"{name}.key")


def rsa_key_pem() -> tuple[str, str]:
    """A service account's key: private and public half."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()
