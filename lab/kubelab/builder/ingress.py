"""The real ingress-nginx controller's root file system: Debian's nginx, the module's files, small Lua stand-ins.

Debian 12's nginx is too old for the controller's template, so this one image is of Debian 13. What Debian's nginx
lacks of upstream's is bridged here: modules are loaded explicitly; the stream block goes (no stream-lua), not its port.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from ..places import CACHE, LAB_FOLDER
from ..process import run
from . import debian
from .golang import INGRESS_MODULE, folder_of, module_folder
from .image import write_root_layer
from .target import Target

LAYER_TARGET = "layer with ingress-nginx"
LAYER = CACHE / "layers" / LAYER_TARGET.replace(" ", "-")
CONFIG = {
    "Entrypoint": ["/usr/bin/dumb-init", "--"],
    "Cmd": ["/nginx-ingress-controller"],
    "User": "www-data",
    "WorkingDir": "/etc/nginx",
    "StopSignal": "SIGTERM",
}
_SUITE = "trixie"
_PACKAGES = (
    "nginx",
    "libnginx-mod-http-lua",
    "libnginx-mod-http-headers-more-filter",
    "lua-cjson",
    "lua-nginx-cookie",
    "lua-nginx-dns",
    "dumb-init",
    "procps",
    "libmimalloc3",
    "ca-certificates",
)
_LUA = LAB_FOLDER / "images" / "lua"
_PROGRAMS = "ingress-nginx v1.11.0"
_USER, _GROUP = 101, 82  # as the manifests run it
_NGINX_MODULES = ("ndk_http_module", "ngx_http_lua_module", "ngx_http_headers_more_filter_module")
_OWNED = ("etc/ingress-controller", "etc/nginx", "tmp/nginx", "var/log/nginx", "var/lib/nginx")
_UNWANTED = (
    "etc/nginx/lua/test",
    "etc/nginx/lua/plugins/hello_world",
    "etc/nginx/sites-available",
    "etc/nginx/sites-enabled",
    "etc/nginx/modules-enabled",
    "etc/nginx/modules-available",
    "etc/nginx/conf.d",
    "etc/nginx/snippets",
    "var/lib/apt/lists",
    "var/cache/apt",
)


def layer_target() -> Target:
    """The controller image's only layer."""
    inputs = (repr((_SUITE, _PACKAGES, _UNWANTED, _NGINX_MODULES)), _LUA, "1")
    return Target(LAYER_TARGET, "disk", LAYER, _make, inputs, (_PROGRAMS,))


def _make(output: Path) -> None:
    root = output.with_suffix(".root")
    run(["rm", "-rf", root])
    debian.bootstrap(root, _SUITE, "essential", _PACKAGES)
    source = module_folder("ingress-nginx", INGRESS_MODULE) / "rootfs/etc/nginx"
    shutil.copytree(source, root / "etc/nginx", dirs_exist_ok=True, copy_function=shutil.copyfile)
    for name in _UNWANTED:
        shutil.rmtree(root / name, ignore_errors=True)
    _add_lua(root)
    template = root / "etc/nginx/template/nginx.tmpl"
    template.chmod(0o644)
    template.write_text(adapt_template(template.read_text()))
    for name in ("nginx-ingress-controller", "dbg", "wait-shutdown"):
        shutil.copy(folder_of(_PROGRAMS) / name, root / name)
    _link(root / "usr/bin/nginx", "/usr/sbin/nginx")
    _link(root / "usr/local/lib/libmimalloc.so", "/usr/lib/x86_64-linux-gnu/libmimalloc.so.3")
    _set_user(root)
    _link(root / "var/log/nginx/access.log", "/dev/stdout")
    _link(root / "var/log/nginx/error.log", "/dev/stderr")
    for name in ("etc/resolv.conf", "etc/hostname"):
        (root / name).unlink(missing_ok=True)
        (root / name).write_text("")
    for name in ("nginx-ingress-controller", "usr/sbin/nginx", "usr/bin/dumb-init"):
        run(["setcap", "cap_net_bind_service=+ep", root / name])
    write_root_layer(root, output)
    run(["rm", "-rf", root])


def adapt_template(text: str) -> str:
    """The controller's nginx template for Debian's nginx."""
    loads = "".join(f"\nload_module /usr/lib/nginx/modules/{name}.so;" for name in _NGINX_MODULES)
    text, pids = re.subn(r"^pid {{ \.PID }};$", lambda found: found[0] + loads, text, flags=re.MULTILINE)
    text, streams = re.subn(r"^stream {$.*?^}$", "", text, flags=re.MULTILINE | re.DOTALL)
    status = r"^( *)listen 127\.0\.0\.1:{{ \.StatusPort }};$"
    also = r"\g<0>\n\1listen 127.0.0.1:{{ .StreamPort }};"  # the controller's first sync dials it
    text, listens = re.subn(status, also, text, flags=re.MULTILINE)
    if (pids, streams, listens) != (1, 1, 1):
        raise ValueError(f"ingress-nginx's template is not the known one: {pids}, {streams}, {listens} places to edit")
    return text


def _add_lua(root: Path) -> None:
    """Libraries under the names that the controller asks for: two of Debian's, the others the lab's."""
    folder = root / "usr/local/share/lua/5.1/resty"
    (folder / "dns").mkdir(parents=True)
    _link(folder / "cookie.lua", "/usr/share/lua/5.1/nginx/cookie.lua")
    _link(folder / "dns/resolver.lua", "/usr/share/lua/5.1/nginx/dns/resolver.lua")
    for path in (_LUA / "resty").glob("*.lua"):
        shutil.copyfile(path, folder / path.name)


def _set_user(root: Path) -> None:
    """Debian's www-data gets the numbers that the manifests run the controller under, and its folders."""
    passwd, group = root / "etc/passwd", root / "etc/group"
    line = f"www-data:x:{_USER}:{_GROUP}:www-data:/var/www:/usr/sbin/nologin"
    passwd.write_text(re.sub(r"^www-data:.*$", line, passwd.read_text(), flags=re.MULTILINE))
    group.write_text(re.sub(r"^www-data:.*$", f"www-data:x:{_GROUP}:", group.read_text(), flags=re.MULTILINE))
    for name in ("ssl", "auth", "geoip", "telemetry"):
        (root / "etc/ingress-controller" / name).mkdir(parents=True, exist_ok=True)
    for name in _OWNED:
        (root / name).mkdir(parents=True, exist_ok=True)
        run(["chown", "-R", f"{_USER}:{_GROUP}", root / name])


def _link(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)
