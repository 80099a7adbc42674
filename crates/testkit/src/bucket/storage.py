"""OpenStack Swift with its S3 interface, whole and in one process, on the loopback.

Arguments: an empty folder, a certificate and its key in PEM. Says its port in one line when it answers; a port may be
given as a fourth argument. Buckets: `copies`, `small` (a quota of 200,000 bytes) and `versions` (which keeps versions).
Keys: `test:writer` may everything, `test:adder` may not delete, as a rule in front of the storage would have it. The
secret of both is SECRET.
"""

import os
import sys

import eventlet

eventlet.monkey_patch()

from array import array  # noqa: E402

from swift.common import utils  # noqa: E402

SECRET = "secret-of-the-test-storage"
FRONT = "adder s3api tempauth "
INNER = "container_quotas versioned_writes symlink proxy-server"

folder, certificate, key = sys.argv[1:4]
port = int(sys.argv[4]) if len(sys.argv) > 4 else 0


def write(name, text):
    with open(os.path.join(folder, name), "w", encoding="ascii") as file:
        file.write(text)


def backend(kind):
    write(
        f"{kind}-server.conf",
        f"[DEFAULT]\nswift_dir = {folder}\ndevices = {folder}/devices\nmount_check = false\nlog_level = ERROR\n"
        f"fallocate_reserve = 0\n[pipeline:main]\npipeline = {kind}-server\n"
        f"[app:{kind}-server]\nuse = egg:swift#{kind}\n",
    )


class Nothing:
    """In the place of memcached: remembers nothing."""

    def __getattr__(self, _name):
        return lambda *_arguments, **_named: None


class Adder:
    """Refuses deletions by `test:adder`."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        environ["swift.cache"] = Nothing()
        who = environ.get("HTTP_AUTHORIZATION", "")
        if environ["REQUEST_METHOD"] == "DELETE" and "test:adder/" in who:
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>"]
        return self.app(environ, start_response)


def adder(_settings, **_more):
    return Adder


os.makedirs(f"{folder}/devices/one", exist_ok=True)
write("swift.conf", "[swift-hash]\nswift_hash_path_suffix = test\n[storage-policy:0]\nname = one\ndefault = yes\n")
for kind in ("account", "container", "object"):
    backend(kind)
STORAGE = (
    "[filter:adder]\npaste.filter_factory = swift_adder:adder\n"
    "[filter:s3api]\nuse = egg:swift#s3api\ns3_acl = false\nallow_no_owner = true\nlocation = us-east-1\n"
    "[filter:tempauth]\nuse = egg:swift#tempauth\n"
    f"user_test_writer = {SECRET} .admin\nuser_test_adder = {SECRET} .admin\n"
    "[filter:container_quotas]\nuse = egg:swift#container_quotas\n"
    "[filter:versioned_writes]\nuse = egg:swift#versioned_writes\nallow_object_versioning = true\n"
    "[filter:symlink]\nuse = egg:swift#symlink\n"
    "[app:proxy-server]\nuse = egg:swift#proxy\nallow_account_management = true\naccount_autocreate = true\n"
)
for name, pipeline in (("proxy", FRONT + INNER), ("inner", INNER)):
    write(
        f"{name}-server.conf",
        f"[DEFAULT]\nswift_dir = {folder}\nlog_level = ERROR\n[pipeline:main]\npipeline = {pipeline}\n{STORAGE}",
    )
sys.modules["swift_adder"] = sys.modules["__main__"]
utils.set_swift_dir(folder)

from swift.common import storage_policy, wsgi  # noqa: E402
from swift.common.ring import RingData  # noqa: E402
from swift.common.swob import Request  # noqa: E402

storage_policy.reload_storage_policies()
sockets = {kind: eventlet.listen(("127.0.0.1", 0)) for kind in ("account", "container", "object")}
for kind, socket in sockets.items():
    there = {"id": 0, "zone": 0, "region": 1, "weight": 1.0, "device": "one", "meta": ""}
    place = {"ip": "127.0.0.1", "port": socket.getsockname()[1]}
    place |= {"replication_ip": place["ip"], "replication_port": place["port"]}
    RingData([array("H", [0] * 2)], [there | place], 31).save(f"{folder}/{kind}.ring.gz")


class Quiet:
    def write(self, _text):
        pass

    def flush(self):
        pass


def serve(socket, name):
    app = wsgi.loadapp(f"{folder}/{name}-server.conf", global_conf={"log_name": name})
    eventlet.spawn(eventlet.wsgi.server, socket, app, log=Quiet(), log_output=False)


for kind, socket in sockets.items():
    serve(socket, kind)
front = eventlet.listen(("127.0.0.1", port))
port = front.getsockname()[1]
serve(eventlet.wrap_ssl(front, certfile=certificate, keyfile=key, server_side=True), "proxy")


def make(bucket, **headers):
    request = Request.blank(f"/v1/AUTH_test/{bucket}", environ={"REQUEST_METHOD": "PUT", "swift_owner": True})
    for name, value in headers.items():
        request.headers[name.replace("_", "-")] = value
    answer = request.get_response(inner)
    if answer.status_int // 100 != 2:
        sys.exit(f"cannot make the bucket {bucket}: {answer.status} {answer.body}")


inner = wsgi.loadapp(f"{folder}/inner-server.conf", global_conf={"log_name": "inner"}, allow_modify_pipeline=False)
make("copies")
make("small", X_Container_Meta_Quota_Bytes="200000")
make("versions", X_Versions_Enabled="true")
print(port, flush=True)
while True:
    eventlet.sleep(3600)
