"""Keys, tokens and a certificate that another implementation made, for the tests of Serving.

Run in this folder: python3 generate_tokens.py
Made with joserfc 1.6.5 and cryptography 48.0.0. Keys and tokens are new at each run; none of them
guards anything.
"""

import base64
import datetime
import ipaddress
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

END = 4_102_444_800  # 2100-01-01


def main():
    rsa = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
    elliptic = [
        ECKey.generate_key(curve, {"kid": name, "use": "sig", "alg": algorithm})
        for curve, name, algorithm in [
            ("P-256", "p256", "ES256"), ("P-384", "p384", "ES384"), ("P-521", "p521", "ES512")]
    ]
    stranger = RSAKey.generate_key(2048, {"kid": "rsa"})
    keys = {"keys": [key.as_dict(private=False) for key in [rsa, *elliptic]]}

    def token(algorithm, key, **changes):
        header = {"alg": algorithm, "kid": key.kid}
        claims = {"sub": "alice", "iss": "https://issuer.example", "aud": "tenor",
                  "iat": 1_700_000_000, "exp": END} | changes
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(header, claims, key, algorithms=[algorithm])

    def unsigned(algorithm):
        def part(value):
            return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
        claims = {"sub": "alice", "iss": "https://issuer.example", "aud": "tenor", "exp": END}
        return f"{part({'alg': algorithm, 'kid': 'rsa'})}.{part(claims)}."

    # The classic confusion: the public key's text as the shared secret of an HMAC.
    secret = OctKey.import_key(
        base64.b64encode(rsa.as_pem(private=False)).decode(), {"kid": "rsa"})
    good = token("RS256", rsa)
    head, body, signature = good.split(".")
    other = token("RS256", rsa, sub="mallory").split(".")[1]
    valid = {algorithm: token(algorithm, rsa)
             for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]}
    valid |= {key.alg: token(key.alg, key) for key in elliptic}
    valid["audiences"] = token("RS256", rsa, aud=["other", "tenor"])
    refused = {
        "none": unsigned("none"), "None": unsigned("None"), "empty": unsigned(""),
        "public key as secret": jwt.encode(
            {"alg": "HS256", "kid": "rsa"}, {"sub": "alice", "aud": "tenor", "exp": END}, secret,
            algorithms=["HS256"]),
        "another key": token("RS256", stranger),
        "another subject": f"{head}.{other}.{signature}",
        "no signature": f"{head}.{body}.",
        "expired": token("RS256", rsa, exp=1_600_000_000),
        "no expiry": token("RS256", rsa, exp=None),
        "no subject": token("RS256", rsa, sub=None),
        "another audience": token("RS256", rsa, aud="somebody"),
        "no audience": token("RS256", rsa, aud=None),
        "another issuer": token("RS256", rsa, iss="https://elsewhere.example"),
        "not yet": token("RS256", rsa, nbf=END - 1),
        "two parts": f"{head}.{body}", "four parts": good + ".x", "nothing": "",
        "padding": good + "=", "not base64": good.replace(".", ".!", 1),
    }
    with open("tokens.json", "w") as file:
        json.dump({"keys": keys, "valid": valid, "refused": refused}, file, indent=1)

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2024, 1, 1))
        .not_valid_after(datetime.datetime(2100, 1, 1))
        .add_extension(x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256()))
    with open("certificate.pem", "wb") as file:
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
    with open("key.pem", "wb") as file:
        file.write(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))


main()
