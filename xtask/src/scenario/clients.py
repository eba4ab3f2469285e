"""Clients written for Azure and Defender get tokens from our server and use them. Run by `cargo xtask scenario clients`.

Arguments: a JSON file with url, tenant, app, secret, ca, nenrin, dataDir; and `direct` (the server's own address) or
`fixed` (Microsoft's host names, which a hosts file leads to our server). Prints `client: calls ok/all` for each.
"""

import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.parse
from datetime import datetime, timedelta, timezone

config = json.load(open(sys.argv[1]))
MODE = sys.argv[2]
os.environ["REQUESTS_CA_BUNDLE"] = config["ca"]
# Azure's SDK looks for tokens of its own environment first; there is none.
os.environ["AZURE_IDENTITY_DISABLE_MULTITENANTAUTH"] = "true"

import azure.identity
import jwt
import msal
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

RESOURCE = "https://api.securitycenter.microsoft.com"
SCOPE = RESOURCE + "/.default"
FIXED = MODE == "fixed"
LOGIN = "https://login.microsoftonline.com" if FIXED else config["url"]
API = RESOURCE if FIXED else config["url"]
TENANT, APP, SECRET = config["tenant"], config["app"], config["secret"]
results = {}


def check(client, name, call):
    """Runs a call; one that raises has failed, and why is printed."""
    ok, n_calls = results.setdefault(client, [0, 0])
    try:
        call()
        ok += 1
    except Exception as error:
        print(f"{client}, {name}: {type(error).__name__}: {error}", file=sys.stderr)
    results[client] = [ok, n_calls + 1]


def use(token):
    """The token opens the hunting API."""
    body = {"Query": "DeviceProcessEvents | take 1"}
    head = {"Authorization": "Bearer " + token}
    for path in ["/api/advancedqueries/run", "/api/v1/devices"]:
        if path.endswith("run"):
            answer = requests.post(API + path, json=body, headers=head, timeout=30)
            assert answer.status_code == 200 and "Schema" in answer.json(), answer.text
        else:
            # Machine.Read.All was not granted.
            answer = requests.get(API + path, headers=head, timeout=30)
            assert answer.status_code == 403, answer.text


def certificate():
    """A self-signed certificate with an RSA key, registered for the app: (key PEM, certificate PEM, certificate)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=30)).sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = made.public_bytes(serialization.Encoding.PEM).decode()
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(public)
        file.flush()
        command = [config["nenrin"], "--data-dir", config["dataDir"], "app", "certificate", APP, file.name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return private, public, made


def msal_app(credential, **more):
    # Instance discovery asks Microsoft about hosts it does not know; with fixed hosts we are the one that is asked.
    more.setdefault("authority", f"{LOGIN}/{TENANT}")
    if not FIXED:
        more["instance_discovery"] = False
    return msal.ConfidentialClientApplication(APP, client_credential=credential, **more)


def msal_token(app):
    answer = app.acquire_token_for_client(scopes=[SCOPE])
    assert "access_token" in answer, answer
    return answer


def test_msal(private, public, made):
    app = msal_app(SECRET)
    check("msal", "secret", lambda: use(msal_token(app)["access_token"]))

    def cached():
        assert msal_token(app).get("token_source") == "cache"

    check("msal", "from its cache", cached)
    sha256 = made.fingerprint(hashes.SHA256()).hex()
    sha1 = made.fingerprint(hashes.SHA1()).hex()
    for name, credential in [
        ("certificate by SHA-256", {"private_key": private, "thumbprint": None, "public_certificate": public}),
        ("certificate by SHA-1", {"private_key": private, "thumbprint": sha1}),
        ("certificate with chain", {"private_key": private, "thumbprint": sha1, "public_certificate": public}),
    ]:
        credential = {key: value for key, value in credential.items() if value is not None}
        check("msal", name, lambda: use(msal_token(msal_app(credential))["access_token"]))
    assert len(sha256) == 64

    def wrong():
        answer = msal_app("wrong").acquire_token_for_client(scopes=[SCOPE])
        assert answer["error"] == "invalid_client" and answer["error_codes"] == [7000215], answer

    check("msal", "wrong secret", wrong)
    if not FIXED:
        oidc = {"authority": None, "oidc_authority": f"{LOGIN}/{TENANT}/v2.0"}
        check("msal", "OIDC authority", lambda: use(msal_token(msal_app(SECRET, **oidc))["access_token"]))


def test_azure_identity(private, public):
    more = {} if FIXED else {"authority": LOGIN, "disable_instance_discovery": True}

    def secret():
        use(azure.identity.ClientSecretCredential(TENANT, APP, SECRET, **more).get_token(SCOPE).token)

    def by_certificate():
        pem = (private + public).encode()
        use(azure.identity.CertificateCredential(TENANT, APP, certificate_data=pem, **more).get_token(SCOPE).token)

    def by_environment():
        os.environ.update(AZURE_TENANT_ID=TENANT, AZURE_CLIENT_ID=APP, AZURE_CLIENT_SECRET=SECRET)
        use(azure.identity.EnvironmentCredential(**more).get_token(SCOPE).token)

    def wrong():
        try:
            azure.identity.ClientSecretCredential(TENANT, APP, "wrong", **more).get_token(SCOPE)
        except azure.core.exceptions.ClientAuthenticationError as error:
            assert "AADSTS7000215" in str(error), error
        else:
            raise AssertionError("a wrong secret was taken")

    for name, call in [("secret", secret), ("certificate", by_certificate), ("environment", by_environment), ("wrong secret", wrong)]:
        check("azure-identity", name, call)


def test_pyjwt():
    """An outside library finds the key of a token in our key set, and its claims right."""

    def verify():
        token = msal_token(msal_app(SECRET))["access_token"]
        document = requests.get(f"{LOGIN}/{TENANT}/v2.0/.well-known/openid-configuration", timeout=30).json()
        keys = jwt.PyJWKSet.from_dict(requests.get(document["jwks_uri"], timeout=30).json())
        header = jwt.get_unverified_header(token)
        assert header["typ"] == "at+jwt", header
        key = next(key for key in keys.keys if key.key_id == header["kid"])
        claims = jwt.decode(token, key.key, algorithms=["ES256"], audience=RESOURCE, issuer=document["issuer"])
        assert claims["roles"] == ["AdvancedQuery.Read.All"] and claims["tid"] == TENANT, claims

    check("pyjwt", "key set", verify)


def raw(host, port, request_head, body):
    """One request as bytes; with Expect the body waits for the interim answer, as .NET Framework does."""
    context = ssl.create_default_context(cafile=config["ca"])
    with socket.create_connection((host, port), timeout=30) as tcp, context.wrap_socket(tcp, server_hostname=host) as tls:
        tls.sendall(request_head)
        received = b""
        if b"100-continue" in request_head:
            while b"\r\n\r\n" not in received:
                received += tls.recv(4096)
            interim, received = received.split(b"\r\n\r\n", 1)
            assert interim.startswith(b"HTTP/1.1 100"), interim
        tls.sendall(body)
        while chunk := tls.recv(65536):
            received += chunk
            if b"\r\n\r\n" in received:
                head, rest = received.split(b"\r\n\r\n", 1)
                lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                if lengths and len(rest) >= int(lengths[0].split(b":")[1]):
                    return head.split(b"\r\n")[0].decode(), json.loads(rest)
    raise AssertionError("no whole answer")


def test_powershell():
    """The bytes that Invoke-RestMethod of Windows PowerShell 5.1 and of PowerShell 7 send."""
    login, api = urllib.parse.urlsplit(LOGIN), urllib.parse.urlsplit(API)
    form = "&".join(f"{name}={urllib.parse.quote(value, safe='')}" for name, value in [
        ("resource", RESOURCE), ("client_id", APP), ("client_secret", SECRET), ("grant_type", "client_credentials"),
    ]).encode()
    agents = {
        "5.1": ("Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.20348.2849", "Expect: 100-continue\r\n"),
        "7": ("Mozilla/5.0 (Windows NT 10.0; Microsoft Windows 10.0.20348; en-US) PowerShell/7.5.2", ""),
    }
    for version, (agent, expect) in agents.items():
        def call(agent=agent, expect=expect):
            head = (
                f"POST /{TENANT}/oauth2/token HTTP/1.1\r\nUser-Agent: {agent}\r\n"
                f"Content-Type: application/x-www-form-urlencoded\r\nHost: {login.netloc}\r\n"
                f"Content-Length: {len(form)}\r\n{expect}Connection: Keep-Alive\r\n\r\n"
            )
            status, answer = raw(login.hostname, login.port or 443, head.encode(), form)
            assert status == "HTTP/1.1 200 OK" and answer["expires_in"] == "3599", (status, answer)
            query = json.dumps({"Query": "DeviceProcessEvents | take 1"}).encode()
            head = (
                f"POST /api/advancedqueries/run HTTP/1.1\r\nContent-Type: application/json\r\n"
                f"Accept: application/json\r\nAuthorization: Bearer {answer['access_token']}\r\nUser-Agent: {agent}\r\n"
                f"Host: {api.netloc}\r\nContent-Length: {len(query)}\r\n{expect}\r\n"
            )
            status, answer = raw(api.hostname, api.port or 443, head.encode(), query)
            assert status == "HTTP/1.1 200 OK" and "Results" in answer, (status, answer)

        check("powershell", version, call)


def main():
    private, public, made = certificate()
    test_msal(private, public, made)
    test_azure_identity(private, public)
    test_pyjwt()
    test_powershell()
    for client, (ok, n_calls) in results.items():
        print(f"{client} ({MODE}): {ok}/{n_calls}")
    sys.exit(0 if all(ok == n_calls for ok, n_calls in results.values()) else 1)


main()
