#!/bin/sh
# Makes .venv with everything the lock names, and does nothing when it is there already.
#
#   setup.sh run          what the assistant runs with (requirements.lock)
#   setup.sh dev          the same plus the tools of the tests (requirements-dev.lock)
#   setup.sh large        what the assistant runs with, and the larger encoder
#   setup.sh lock         resolve pyproject.toml anew and write the lock files
#   setup.sh find-python  print the Python 3.10 that would be used
#
# KEFU_PYTHON names the interpreter to use; otherwise one is looked for, then installed.
set -eu
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*" >&2; }
fail() {
    printf '错误：%s\n' "$1" >&2
    printf 'Error: %s\n' "$2" >&2
    exit 1
}

# timeout(1) is missing on macOS; there the step runs without a limit.
bounded() {
    if command -v timeout >/dev/null 2>&1; then timeout "$@"; else shift && "$@"; fi
}

# --- Finding Python 3.10 ---------------------------------------------------------------

# A pyenv shim may exist and fail, so every candidate has to run.
is_310() {
    [ -n "$1" ] && "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null
}

candidates() {
    command -v python3.10 2>/dev/null || true
    for root in "$(pyenv root 2>/dev/null)" "${HOME:-/nonexistent}/.pyenv"; do
        for file in "$root"/versions/3.10*/bin/python3.10; do
            [ -x "$file" ] && echo "$file"
        done
    done
    UV_PYTHON_DOWNLOADS=never uv python find 3.10 2>/dev/null || true
    for root in "$(conda info --base 2>/dev/null)" "${CONDA_PREFIX:-}"; do
        for file in "$root"/bin/python3.10 "$root"/envs/*/bin/python3.10; do
            [ -x "$file" ] && echo "$file"
        done
    done
    command -v python3 2>/dev/null || true
}

first_working() {
    candidates | while IFS= read -r file; do
        if is_310 "$file"; then
            # The real file, not a shim that may point elsewhere tomorrow.
            "$file" -c 'import os, sys; print(os.path.realpath(sys.executable))'
            break
        fi
    done
}

apt_offers() {
    apt-cache madison "$1" 2>/dev/null | grep -q "^ *$1 "
}

apt_install() {
    command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ] || return 1
    apt_offers "$1" || bounded 120 apt-get update -qq >/dev/null 2>&1 || return 1
    for package in "$@"; do apt_offers "$package" || return 1; done
    say "安装 $* / installing $*"
    bounded 300 apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}

install_python() {
    apt_install python3.10 python3.10-venv && return
    if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; then
        say "用 uv 安装 Python 3.10 / installing Python 3.10 with uv"
        bounded 180 uv python install 3.10 >&2 && return
    fi
    if command -v conda >/dev/null 2>&1; then
        say "用 conda 安装 Python 3.10 / installing Python 3.10 with conda"
        bounded 300 conda create -y -q -n kefu-python python=3.10 >&2 && return
    fi
    if command -v pyenv >/dev/null 2>&1; then
        say "用 pyenv 编译 Python 3.10（几分钟）/ building Python 3.10 with pyenv (minutes)"
        bounded 900 pyenv install -s 3.10 >&2 && return
    fi
    return 0
}

find_python() {
    if [ -n "${KEFU_PYTHON:-}" ]; then
        is_310 "$KEFU_PYTHON" ||
            fail "KEFU_PYTHON=$KEFU_PYTHON 不是可运行的 Python 3.10，请改正或取消这个环境变量。" \
                "KEFU_PYTHON=$KEFU_PYTHON is not a working Python 3.10: correct or unset it."
        echo "$KEFU_PYTHON"
        return
    fi
    found=$(first_working)
    if [ -z "$found" ]; then
        install_python
        found=$(first_working)
    fi
    [ -n "$found" ] ||
        fail "没有找到 Python 3.10，也无法自动安装。请安装它（Ubuntu 22.04：apt-get install python3.10 python3.10-venv；其他系统：uv python install 3.10 或 pyenv install 3.10），或设置 KEFU_PYTHON=它的路径，再重试。" \
            "No Python 3.10 found, and it could not be installed. Install it (Ubuntu 22.04: apt-get install python3.10 python3.10-venv; elsewhere: uv python install 3.10 or pyenv install 3.10) or set KEFU_PYTHON to its path, then retry."
    echo "$found"
}

# --- The environment -------------------------------------------------------------------

make_venv() {
    is_310 .venv/bin/python && return
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        apt_install python3.10-venv ||
            fail "$python 缺少 venv 模块，请先执行：apt-get install python3.10-venv" \
                "$python lacks the venv module; first run: apt-get install python3.10-venv"
    fi
    say "建立 .venv（$python）/ creating .venv"
    rm -rf .venv
    "$python" -m venv .venv ||
        fail "无法建立 .venv，请检查磁盘空间和目录权限。" \
            "Cannot create .venv: check disk space and permissions."
}

# Print the value of a pip option: environment first, then pip's files.
pip_option() {
    for scope in ":env:" install global; do
        value=$(printf '%s\n' "$pip_config" |
            sed -n "s/^$scope\.$1='\(.*\)'\$/\1/p" | sed 's/\\n/ /g')
        if [ -n "$value" ]; then
            printf '%s\n' "$value"
            return
        fi
    done
}

# uv does not read pip's configuration, so what pip knows is handed over. Additional
# indexes and folders on this disk are left out: they may hold repackaged files, whose
# hashes are not those of the lock, and uv stops at the first index that has a version.
# pip, which goes on looking, still uses them when uv fails.
configure_uv() {
    pip_config=$(.venv/bin/python -m pip config list 2>/dev/null) || pip_config=
    remote=
    for url in $(pip_option extra-index-url); do
        case $url in file:*) ;; *) remote="$remote $url" ;; esac
    done
    export_unless_empty UV_DEFAULT_INDEX "${UV_DEFAULT_INDEX:-$(pip_option index-url)}"
    export_unless_empty UV_INDEX "${UV_INDEX:-${remote# }}"
    export_unless_empty UV_INSECURE_HOST "${UV_INSECURE_HOST:-$(pip_option trusted-host)}"
    export_unless_empty SSL_CERT_FILE "${SSL_CERT_FILE:-$(pip_option cert)}"
    export_unless_empty SSL_CLIENT_CERT "${SSL_CLIENT_CERT:-$(pip_option client-cert)}"
    export_unless_empty ALL_PROXY "${ALL_PROXY:-$(pip_option proxy)}"
    export_unless_empty UV_HTTP_TIMEOUT "${UV_HTTP_TIMEOUT:-$(pip_option timeout)}"
    case $(pip_option no-index) in
    1 | true | True | yes | on)
        export UV_NO_INDEX=1
        export_unless_empty UV_FIND_LINKS "$(pip_option find-links | tr ' ' ',')"
        ;;
    esac
    # The hashes of the lock make it safe to take a file from whichever index has it.
    export UV_INDEX_STRATEGY=unsafe-best-match
}

export_unless_empty() {
    if [ -n "$2" ]; then export "$1=$2"; fi
}

# The lock's own entry for uv, hashes included.
uv_requirement() {
    sed -n '/^uv==/,/^[^ ]/{/^uv==/p;/--hash/p;}' requirements-dev.lock
}

get_uv() {
    wanted=$(uv_requirement | sed -n 's/^uv==\([^ ;]*\).*/\1/p')
    case $(.venv/bin/uv --version 2>/dev/null || true) in "uv $wanted"*) return ;; esac
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip -q || return
    uv_requirement >.venv/uv.txt
    .venv/bin/python -m pip install -q --disable-pip-version-check --retries 1 \
        --require-hashes -r .venv/uv.txt 2>/dev/null
}

# Its list of two hundred installed packages would push everything else off the screen.
uv_install() {
    configure_uv
    {
        .venv/bin/uv pip install --python .venv/bin/python --require-hashes -r "$1" 2>&1
        echo $? >.venv/.uv-status
    } | grep -v '^ [-+~] ' >&2 || true
    [ "$(cat .venv/.uv-status)" = 0 ]
}

install_without_lock() {
    say "锁文件只适用于 Linux x86_64，这里按 pyproject.toml 安装 / the lock is for Linux x86_64, installing from pyproject.toml"
    get_uv
    configure_uv
    case $1 in
    requirements-dev.lock) extras="--extra encoder --extra dev" ;;
    requirements-encoder-large.lock) extras="--extra encoder --extra encoder-large" ;;
    *) extras="--extra encoder" ;;
    esac
    # shellcheck disable=SC2086
    .venv/bin/uv pip install --python .venv/bin/python -r pyproject.toml $extras
}

install() {
    if [ "$(uname -sm)" != "Linux x86_64" ]; then
        install_without_lock "$1"
        return
    fi
    get_uv && uv_install "$1" && return
    say "改用 pip 安装 / falling back to pip"
    .venv/bin/python -m pip install -q --disable-pip-version-check --retries 2 \
        --require-hashes -r "$1" ||
        fail "依赖没有装上：请看上面的提示，检查网络、pip 的镜像和证书设置，再重试。" \
            "Dependencies could not be installed: see above, check the network and pip's index and certificate settings, then retry."
}

# A path file and a starter do what an editable install would, without building anything.
add_project() {
    here=$(pwd)
    echo "$here" >.venv/lib/python3.10/site-packages/kefu.pth
    # Half shell, half Python, as the path may hold spaces or be too long for a first line.
    cat >.venv/bin/kefu <<EOF
#!/bin/sh
'''exec' "$here/.venv/bin/python" "\$0" "\$@"
' '''
import sys

from kefu.cli import main

sys.exit(main())
EOF
    chmod +x .venv/bin/kefu
}

# The tests of the pages need a browser; without one they say so and are skipped.
add_browser() {
    for name in "${KEFU_CHROMIUM:-}" chromium chromium-browser google-chrome; do
        if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then return; fi
    done
    apt_install chromium fonts-noto-cjk ||
        say "没有装上 Chromium，页面的测试会跳过 / no Chromium, tests of the pages will be skipped"
}

# --- Commands --------------------------------------------------------------------------

fingerprint() {
    cksum <"$1"
    pwd
}

set_up() {
    case $1 in
    dev) lock=requirements-dev.lock ;;
    large) lock=requirements-encoder-large.lock ;;
    *) lock=requirements.lock ;;
    esac
    if [ "$1" = dev ]; then add_browser; fi
    stamp=.venv/.installed-$1
    if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(fingerprint "$lock")" ]; then
        return
    fi
    make_venv
    say "安装依赖（$lock）/ installing dependencies"
    install "$lock"
    add_project
    # The other locks hold all of this one.
    if [ "$1" != run ]; then fingerprint requirements.lock >.venv/.installed-run; fi
    fingerprint "$lock" >"$stamp"
    say "环境已就绪 / environment ready"
}

compile() {
    target=$1
    shift
    .venv/bin/uv pip compile pyproject.toml --no-config --python-version 3.10 \
        --python-platform x86_64-unknown-linux-gnu --generate-hashes --no-header --quiet \
        --output-file "$target" "$@"
}

write_locks() {
    make_venv
    get_uv
    configure_uv
    # Additional indexes stay out of the lock: it must resolve alike everywhere.
    unset UV_INDEX
    say "requirements.lock"
    compile requirements.lock --extra encoder "$@"
    say "requirements-encoder-large.lock"
    compile requirements-encoder-large.lock --extra encoder --extra encoder-large \
        --constraint requirements.lock "$@"
    say "requirements-dev.lock"
    compile requirements-dev.lock --extra encoder --extra dev --constraint requirements.lock "$@"
}

case ${1:-run} in
run | dev | large) set_up "${1:-run}" ;;
find-python) find_python ;;
lock)
    shift
    write_locks "$@"
    ;;
*) fail "用法：setup.sh run|dev|large|lock|find-python" "Usage: setup.sh run|dev|large|lock|find-python" ;;
esac
