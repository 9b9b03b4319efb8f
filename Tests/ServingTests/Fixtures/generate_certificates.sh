#!/bin/sh
# Another certificate with its key, and a key that has a passphrase, for the tests of Serving.
# Run in this folder. Made with OpenSSL 3.0.19; none of them guards anything.
set -e
openssl ecparam -name prime256v1 -genkey -noout |
    openssl pkcs8 -topk8 -nocrypt -out other-key.pem
openssl req -new -x509 -key other-key.pem -sha256 -days 27000 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -out other-certificate.pem
openssl pkcs8 -topk8 -in key.pem -passout pass:secret -out locked-key.pem
