"""The credentials of a cluster: its certificate, and its users' tokens."""

from __future__ import annotations

import json
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

NODE = "node"

_USERS = {
    "admin": ("admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "proxy": ("system:kube-proxy", ""),
    "kubelet": (f"system:node:{NODE}", "system:nodes"),
}
"""User and group of each; Kubernetes itself knows their rights."""


@dataclass(frozen=True)
class Credentials:
    """Credentials as files below a directory.

    Users have tokens, because Spark's client reads only some kinds of client keys, and none of
    elliptic curves.
    """

    directory: Path

    @property
    def ca(self) -> Path:
        return self.directory / "ca.crt"

    @property
    def certificate(self) -> Path:
        """The API server's, for its clients and for the kubelet, whose client it is."""
        return self.directory / "server.crt"

    @property
    def key(self) -> Path:
        return self.directory / "server.key"

    @property
    def signing_key(self) -> Path:
        """Signs the tokens of service accounts."""
        return self.directory / "accounts.key"

    @property
    def tokens(self) -> Path:
        return self.directory / "tokens.csv"

    def kubeconfig(self, user: str) -> Path:
        return self.directory / f"{user}.kubeconfig"

    def write(self, url: str, addresses: list[str], names: list[str]) -> None:
        """Create all files, for an API server with these addresses and names."""
        self.directory.mkdir(mode=0o700)
        ca_key = str(self.directory / "ca.key")
        subject = ["IP:" + address for address in addresses] + ["DNS:" + name for name in names]
        new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        _openssl(*new, "-subj", "/CN=ca", "-keyout", ca_key, "-out", str(self.ca))
        _openssl(
            *new, "-CA", str(self.ca), "-CAkey", ca_key,
            "-subj", "/O=system:masters/CN=kube-apiserver",
            "-addext", "basicConstraints=critical,CA:FALSE",
            "-addext", "extendedKeyUsage=serverAuth,clientAuth",
            "-addext", f"subjectAltName={','.join(subject)}",
            "-keyout", str(self.key), "-out", str(self.certificate),
        )  # fmt: skip
        _openssl("genrsa", "-out", str(self.signing_key), "2048")
        rows = []
        for name, (user, group) in _USERS.items():
            token = secrets.token_urlsafe(24)
            rows.append(f'{token},{user},{name},"{group}"\n')
            self.kubeconfig(name).write_text(json.dumps(self._config(url, token)))
        self.tokens.write_text("".join(rows))

    def _config(self, url: str, token: str) -> dict[str, object]:
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "it", "cluster": {"server": url, "certificate-authority": str(self.ca)}}
            ],
            "users": [{"name": "me", "user": {"token": token}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me"}}],
            "current-context": "it",
        }


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
