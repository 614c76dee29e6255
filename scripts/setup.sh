#!/bin/sh
# Makes .venv and installs Parfocal into it, with the exact requirements of a lock file:
#
#   scripts/setup.sh        what running Parfocal needs
#   scripts/setup.sh dev    that, and what its checks and tests need
#
# PYTHON                    the interpreter to use and no other
# PARFOCAL_SETUP_MEGABYTES  the disk space to ask for instead of the measured one
set -eu
cd "$(dirname "$0")/.."

# Measured on Linux with Python 3.11 to 3.13: 250 MB to run, 580 MB with the tools for development.
megabytes=${PARFOCAL_SETUP_MEGABYTES:-600}
unfinished=.venv/.installing

main() {
    is_whole || rm -rf .venv
    check_free_space
    [ -d .venv ] || make_virtual_environment
    if [ "${1:-}" = dev ]; then install requirements-dev.lock; else install requirements.lock; fi
    write_stamps "$@"
}

# Half a package would later pass for a whole one, so what was broken off halfway is made anew.
# So is a .venv that was moved, or whose interpreter is gone.
is_whole() {
    [ ! -e "$unfinished" ] || return 1
    [ ! -e .venv/.installed ] || [ "$(cat .venv/.installed)" = "$(pwd -P)" ] || return 1
    version=$(version_of .venv/bin/python) || return 1
    is_new_enough "$version" && .venv/bin/python -m pip --version >/dev/null 2>&1
}

check_free_space() {
    needed=$((megabytes - $(used_megabytes)))
    free=$(df -Pk . | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free" -ge "$needed" ] ||
        fail "parfocal needs $needed MB of free disk space to install; $(pwd) has $free MB: free some or clone elsewhere"
}

used_megabytes() {
    if [ -d .venv ]; then du -sk .venv | awk '{ print int($1 / 1024) }'; else echo 0; fi
}

make_virtual_environment() {
    choose_interpreter
    mkdir .venv
    touch "$unfinished"
    "$interpreter" -m venv .venv
    rm "$unfinished"
}

# Sets `interpreter` to the first candidate that will do.
choose_interpreter() {
    if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3 python3.14 python3.13 python3.12 python3.11; fi
    needs="parfocal needs Python 3.11 or newer"
    advice="run make PYTHON=/path/to/python3.11 demo"
    complaint="$needs; $1 is missing here or does not start: install one or $advice"
    for interpreter; do
        version=$(version_of "$interpreter") || continue
        if ! is_new_enough "$version"; then
            complaint="$needs; $interpreter here is $version: install a newer one or $advice"
        elif ! "$interpreter" -c "import ensurepip, venv" 2>/dev/null; then
            complaint="$needs with its venv module; $interpreter here lacks it: install it (Debian: python3-venv) or $advice"
        else
            return 0
        fi
    done
    fail "$complaint"
}

version_of() {
    "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null
}

is_new_enough() {
    major=${1%%.*}
    rest=${1#*.}
    minor=${rest%%.*}
    [ "$major" -gt 3 ] || { [ "$major" -eq 3 ] && [ "$minor" -ge 11 ]; }
}

install() {
    echo "Installing what $1 pins into .venv: a minute or so the first time." >&2
    # Wheels alone: nothing is compiled and no package's own code runs on the way in.
    pip_install --require-hashes --only-binary :all: --requirement "$1"
    pip_install --no-index --no-deps --no-build-isolation --editable .
}

# The mark stays behind where pip was killed or failed halfway. A pip that failed before it wrote anything, as without
# a network, did no harm.
pip_install() {
    touch "$unfinished"
    if .venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check "$@"; then
        rm "$unfinished"
        return
    fi
    [ -n "$(find .venv -type f -newer "$unfinished" | head -n 1)" ] || rm "$unfinished"
    fail "parfocal is not installed yet: pip says why above; run make again once that is mended"
}

# The lock for development holds the other one whole, so it counts for both.
write_stamps() {
    pwd -P >.venv/.installed
    if [ "${1:-}" = dev ]; then pwd -P >.venv/.installed-dev; fi
}

fail() {
    echo "$1" >&2
    exit 1
}

main "$@"
