#!/usr/bin/env bash
# Puts what the strangers need into target/strangers, out of Debian's archive, PyPI and npm:
#
#   sudo apt-get install -y python3-gi gir1.2-nice-0.1 python3-aioice          # libnice, aioice: all that CI has
#   sudo apt-get install -y chromium firefox-esr nodejs npm python3-venv golang-go golang-github-pion-ice.v2-dev
#   tests/strangers/install.sh
#
# webrtc-ice is a dev-dependency and is built with the tests.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
to=${STRANGERS:-$here/../../target/strangers}
mkdir -p "$to/js"
to=$(cd "$to" && pwd)

# aioice of today; Debian's is of 2022.
python3 -m venv "$to/py"
"$to/py/bin/pip" install --quiet aioice

# libjuice within libdatachannel; werift.
npm install --prefix "$to/js" --no-audit --no-fund --loglevel error node-datachannel@0.33 werift@0.24

# pion, from Debian's sources: no module is fetched.
(cd "$here/pion" && GO111MODULE=off GOPATH=/usr/share/gocode go build -o "$to/pion" .)

echo "in $to: $(ls "$to" | tr '\n' ' ')"
