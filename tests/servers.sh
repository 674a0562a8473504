# Sourced by ./test: the programs of the servers that tests talk to, installed where they are missing.

# The packages, as Debian calls them, of what is missing.
missing_servers() {
    [ -n "${REDIS_SERVER:-}" ] || command -v redis-server >/dev/null || command -v valkey-server >/dev/null ||
        echo redis-server
    local initdb psql
    initdb=$(command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' || true)
    psql=$(command -v psql || compgen -G '/usr/lib/postgresql/*/bin/psql' || true)
    [ -n "$initdb" ] && [ -n "$psql" ] || echo postgresql
}

# Tests kill, freeze and empty servers of their own, so the programs are needed also where REDIS_URL and DATABASE_URL are given.
install_servers() {
    local packages
    mapfile -t packages < <(missing_servers)
    [ ${#packages[@]} -gt 0 ] || return 0
    local root=()
    if [ "$(id -u)" != 0 ]; then
        root=(sudo -n)
        command -v sudo >/dev/null && sudo -n true 2>/dev/null || cannot_install "this user may not install packages"
    fi
    command -v apt-get >/dev/null || cannot_install "there is no apt-get on this system"
    echo "installing ${packages[*]}"
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive bash -euc "$(declare -f apt_without_services); apt_without_services \"\$@\"" \
        apt "${packages[@]}" || cannot_install "apt-get failed"
    mapfile -t packages < <(missing_servers)
    [ ${#packages[@]} -eq 0 ] || cannot_install "apt-get installed them, and they are still not found"
}

# Installs packages without starting the services that come with them: they would hold the ports and the memory of the
# machine after the tests.
apt_without_services() {
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
        trap "rm -f $policy" EXIT
    fi
    apt-get update -qq || echo "apt-get update failed; trying with what is known"
    apt-get install -y -qq --no-install-recommends "$@"
    if [ -d /run/systemd/system ]; then
        systemctl disable --quiet "${@/%/.service}"
    fi
}

cannot_install() {
    cat >&2 <<END

The tests talk to real servers, and these packages are missing: ${packages[*]}.
They cannot be installed here: $1. Install them by hand and run this again:
  Debian, Ubuntu: sudo apt-get install redis-server postgresql
  Fedora: sudo dnf install redis postgresql-server     macOS: brew install redis postgresql
Without them \`cargo test\` passes all the same, and names the tests that it skips.
END
    exit 1
}
