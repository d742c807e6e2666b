#!/bin/sh
# Installs the servers and clients of the distribution that the tests use, where root or sudo allows it.
# Without them the tests that need them are skipped by name.
set -eu
packages="postgresql mariadb-server mariadb-client mariadb-test-data sqlsmith pgbouncer"
missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "tests: not a Debian system; tests that need$missing are skipped" >&2
    exit 0
fi
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "tests: neither root nor sudo; tests that need$missing are skipped" >&2
    exit 0
fi
echo "tests: installing$missing" >&2
# The packages must not start services of their own: the tests start servers in temporary folders.
policy=/usr/sbin/policy-rc.d
placed=""
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | $as_root tee $policy >/dev/null
    $as_root chmod 755 $policy
    placed=yes
fi
status=0
{ $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing; } >/dev/null || status=$?
[ -z "$placed" ] || $as_root rm -f $policy
if [ "$status" != 0 ]; then
    echo "tests: installation failed (status $status); tests that need$missing are skipped where absent" >&2
fi
exit 0
