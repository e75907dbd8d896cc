#!/usr/bin/env python3
"""A scripted RDS: see README.md."""

import argparse
import asyncio
import calendar
import json
import os
import re
import threading
import time
import urllib.parse
from email.utils import formatdate
from pathlib import Path
from xml.sax.saxutils import escape

ACCOUNT = "123456789012"
NAME_RULE = re.compile(r"^[a-z](?!.*--)[a-z0-9-]{0,62}(?<!-)$")

# What a fault does: (status, content type, body), or the name of what happens to the connection.
ERROR = ('<ErrorResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><Error><Type>Sender</Type><Code>{}</Code>'
         '<Message>{}</Message></Error><RequestId>fault</RequestId></ErrorResponse>')
FAULTS = {
    "throttle": (400, "text/xml", ERROR.format("Throttling", "Rate exceeded")),
    "internal": (500, "text/xml", ERROR.format("InternalFailure", "An internal error has occurred")),
    "unavailable": (503, "text/html", "<html><body><h1>503 Service Unavailable</h1></body></html>"),
    "denied": (403, "text/xml", ERROR.format("AccessDenied", "not authorized to perform: rds")),
    "expired": (403, "text/xml", ERROR.format("ExpiredToken", "The security token included in the request is expired")),
    "busy": (400, "text/xml", ERROR.format("InvalidDBClusterStateFault", "the cluster is not in the available state")),
    "snapshot-busy": (400, "text/xml", ERROR.format("InvalidDBClusterSnapshotStateFault", "not available")),
    "quota": (400, "text/xml", ERROR.format("SnapshotQuotaExceeded", "Cannot create more than 100 manual snapshots")),
    "copies": (400, "text/xml", ERROR.format("SnapshotQuotaExceeded", "Cannot copy more than 5 snapshots across regions")),
    "key": (400, "text/xml", ERROR.format("KMSKeyNotAccessibleFault", "The specified KMS key cannot be used")),
    "proxy": (200, "text/html", "<html><body>Please log in</body></html>"),
    "json": (200, "application/json", '{"DBClusterSnapshots": []}'),
    "cut": "cut",                      # the true answer, without its last third
    "reset": "reset",                  # the connection breaks; nothing was done
    "done-then-reset": "done-then-reset",  # it was done, and the connection breaks
}


def iso(unix_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(unix_s)) + ".123456Z"


def unix(text: str) -> int:
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


def element(name: str, value) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"


class Refused(Exception):
    def __init__(self, code: str, message: str, status: int = 400):
        super().__init__(message)
        self.code, self.status = code, status


class Region:
    """Clusters and snapshots of one Region; dictionaries by id."""

    def __init__(self, rds: "Rds", name: str):
        self.rds, self.name, self.clusters, self.snapshots = rds, name, {}, {}

    def add_cluster(self, id: str, resource_id: str | None = None, status: str = "available", engine: str = "aurora-postgresql",
                    tags: dict | None = None, created: str = "2026-01-01T00:00:00Z", encrypted: bool = False, **_) -> dict:
        self.clusters[id] = {"id": id, "resource_id": resource_id or f"cluster-{id.upper()}", "status": status,
                             "engine": engine, "tags": tags or {}, "created": created, "encrypted": encrypted}
        return self.clusters[id]

    def add_snapshot(self, id: str, cluster: str, created: str | None = None, status: str = "available", tags: dict | None = None,
                     resource_id: str | None = None, type: str = "manual", encrypted: bool = False, source: str | None = None, **_) -> dict:
        self.snapshots[id] = {
            "id": id, "cluster": cluster, "resource_id": resource_id or self.clusters[cluster]["resource_id"], "status": status,
            "created": unix(created) if created else self.rds.now(), "tags": tags or {}, "type": type, "accounts": [],
            "encrypted": encrypted, "source": source, "ready_at": 0}
        return self.snapshots[id]

    def arn(self, kind: str, id: str) -> str:
        return f"arn:aws:rds:{self.name}:{ACCOUNT}:{kind}:{id}"

    def n_manual(self) -> int:
        return sum(s["type"] == "manual" and ":" not in s["id"] for s in self.snapshots.values())


class Rds:
    def __init__(self):
        self.regions, self.calls, self.faults, self.ready_after_s, self.quota, self._now = {}, [], [], 0, 100, None
        self.port, self.hidden = 0, set()

    # --- the script ---

    def now(self) -> float:
        return self._now if self._now is not None else time.time()

    def region(self, name: str = "us-east-1") -> Region:
        return self.regions.setdefault(name, Region(self, name))

    def fault(self, action: str, do: str, times: int = 1, skip: int = 0) -> None:
        assert do in FAULTS, do
        self.faults.append({"action": action, "do": do, "times": times, "skip": skip})

    def control(self, script: dict) -> None:
        if "now" in script:
            self._now = script["now"]
        self.ready_after_s = script.get("ready_after_s", self.ready_after_s)
        self.quota = script.get("quota", self.quota)
        for cluster in script.get("clusters", []):
            self.region(cluster.get("region", "us-east-1")).add_cluster(**cluster)
        for snapshot in script.get("snapshots", []):
            self.region(snapshot.get("region", "us-east-1")).add_snapshot(**snapshot)
        for fault in script.get("faults", []):
            self.fault(**fault)

    def state(self) -> dict:
        return {"calls": self.calls, "snapshots": {name: region.snapshots for name, region in self.regions.items()}}

    def count(self, action: str) -> int:
        return sum(call["action"] == action for call in self.calls)

    def _next_fault(self, action: str):
        for fault in self.faults:
            if fault["action"] in (action, "*") and fault["times"] > 0:
                if fault["skip"] > 0:
                    fault["skip"] -= 1
                    continue
                fault["times"] -= 1
                return FAULTS[fault["do"]]
        return None

    # --- answers ---

    def answer(self, head: str, body: bytes):
        """(status, content type, text), or the name of a fate of the connection with the text that it cuts."""
        form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
        scope = re.search(r"Credential=[^/]+/[0-9]{8}/([^/]+)/rds/aws4_request", head)
        action = form.get("Action", "")
        region = self.region(scope.group(1) if scope else "us-east-1")
        self.calls.append({"action": action, "region": region.name, "form": form})
        fault = self._next_fault(action)
        if isinstance(fault, tuple):
            return fault
        if fault == "reset":
            return "reset", "", ""
        try:
            handler = getattr(self, f"do_{action}", None)
            if not handler or form.get("Version") != "2014-10-31":
                raise Refused("InvalidAction", f"Could not find operation {action}")
            result = handler(region, form)
            text = (f'<?xml version="1.0"?>\n<{action}Response xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><{action}Result>{result}'
                    f"</{action}Result><ResponseMetadata><RequestId>1b2c</RequestId></ResponseMetadata></{action}Response>")
        except Refused as refused:
            return refused.status, "text/xml", ERROR.format(refused.code, escape(str(refused)))
        if fault == "cut":
            return 200, "text/xml", text[:len(text) * 2 // 3]
        if fault == "done-then-reset":
            return "reset", "", ""
        return 200, "text/xml", text

    def _page(self, form: dict, name: str, items: list, render) -> str:
        size = int(form.get("MaxRecords", 100))
        if not 20 <= size <= 100:
            raise Refused("InvalidParameterValue", "MaxRecords must be 20 to 100")
        start = int(form["Marker"].removeprefix("page<&")) if "Marker" in form else 0
        marker = element("Marker", f"page<&{start + size}") if start + size < len(items) else ""
        return f"{marker}<{name}>" + "".join(render(item) for item in items[start:start + size]) + f"</{name}>"

    def _tags(self, tags: dict) -> str:
        return "<TagList>" + "".join(f"<Tag>{element('Key', k)}{element('Value', v)}</Tag>" for k, v in tags.items()) + "</TagList>"

    def _cluster(self, region: Region):
        def render(c: dict) -> str:
            return ("<DBCluster><AllocatedStorage>1</AllocatedStorage>" + element("DBClusterIdentifier", c["id"]) +
                    element("Status", c["status"]) + element("Engine", c["engine"]) + element("EngineVersion", "16.4") +
                    element("DbClusterResourceId", c["resource_id"]) + element("DBClusterArn", region.arn("cluster", c["id"])) +
                    element("ClusterCreateTime", c["created"]) + element("StorageEncrypted", str(c["encrypted"]).lower()) +
                    element("DBSubnetGroup", "private") + element("DBClusterParameterGroup", "app") +
                    "<DBClusterMembers><DBClusterMember><DBInstanceIdentifier>i</DBInstanceIdentifier></DBClusterMember></DBClusterMembers>"
                    "<VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1</VpcSecurityGroupId><Status>active</Status>"
                    "</VpcSecurityGroupMembership></VpcSecurityGroups>" + self._tags(c["tags"]) + "</DBCluster>")
        return render

    def _settle(self, snapshot: dict) -> dict:
        if snapshot["status"] in ("creating", "copying") and snapshot["ready_at"] is not None and self.now() >= snapshot["ready_at"]:
            snapshot["status"] = "available"
        return snapshot

    def _snapshot(self, region: Region):
        def render(s: dict) -> str:
            is_good = self._settle(s)["status"] == "available"
            created = element("SnapshotCreateTime", iso(s["created"])) if is_good else ""
            return ("<DBClusterSnapshot><AvailabilityZones><AvailabilityZone>a</AvailabilityZone></AvailabilityZones>" +
                    element("DBClusterSnapshotIdentifier", s["id"]) + element("DBClusterIdentifier", s["cluster"]) +
                    element("DbClusterResourceId", s["resource_id"]) + element("Status", s["status"]) + created +
                    element("SnapshotType", s["type"]) + element("PercentProgress", 100 if is_good else 10) +
                    element("Engine", "aurora-postgresql") + element("StorageEncrypted", str(s["encrypted"]).lower()) +
                    element("DBClusterSnapshotArn", region.arn("cluster-snapshot", s["id"])) + self._tags(s["tags"]) +
                    "</DBClusterSnapshot>")
        return render

    def _read_tags(self, form: dict) -> dict:
        tags, n = {}, 1
        while f"Tags.Tag.{n}.Key" in form:
            key = form[f"Tags.Tag.{n}.Key"]
            if key.startswith(("aws:", "rds:")) or n > 50:
                raise Refused("InvalidParameterValue", f"tag {key}")
            tags[key] = form[f"Tags.Tag.{n}.Value"]
            n += 1
        return tags

    def _new(self, region: Region, id: str, **more) -> dict:
        id = id.lower()
        if not NAME_RULE.match(id):
            raise Refused("InvalidParameterValue", f"{id} is not a valid identifier")
        if id in region.snapshots:
            raise Refused("DBClusterSnapshotAlreadyExistsFault", f"Cannot create the snapshot because {id} already exists")
        if region.n_manual() >= self.quota:
            raise Refused("SnapshotQuotaExceeded", f"Cannot create more than {self.quota} manual snapshots")
        snapshot = region.add_snapshot(id, **more)
        if self.ready_after_s:
            snapshot["status"], snapshot["ready_at"] = "creating", self.now() + self.ready_after_s
        return snapshot

    def _find(self, region: Region, form: dict) -> dict:
        id = form["DBClusterSnapshotIdentifier"].lower()
        if id not in region.snapshots:
            raise Refused("DBClusterSnapshotNotFoundFault", f"{id} not found", 404)
        return self._settle(region.snapshots[id])

    def do_DescribeDBClusters(self, region: Region, form: dict) -> str:
        return self._page(form, "DBClusters", list(region.clusters.values()), self._cluster(region))

    def do_DescribeDBClusterSnapshots(self, region: Region, form: dict) -> str:
        if "DBClusterSnapshotIdentifier" in form:
            return f"<DBClusterSnapshots>{self._snapshot(region)(self._find(region, form))}</DBClusterSnapshots>"
        items = [s for s in region.snapshots.values()
                 if form.get("SnapshotType", s["type"]) == s["type"] and s["id"] not in self.hidden]
        return self._page(form, "DBClusterSnapshots", items, self._snapshot(region))

    def do_CreateDBClusterSnapshot(self, region: Region, form: dict) -> str:
        cluster = region.clusters.get(form["DBClusterIdentifier"])
        if not cluster:
            raise Refused("DBClusterNotFoundFault", "no such cluster", 404)
        if cluster["status"] != "available":
            raise Refused("InvalidDBClusterStateFault", f"the cluster is {cluster['status']}")
        made = self._new(region, form["DBClusterSnapshotIdentifier"], cluster=cluster["id"], tags=self._read_tags(form),
                         encrypted=cluster["encrypted"])
        return self._snapshot(region)(made)

    def do_DeleteDBClusterSnapshot(self, region: Region, form: dict) -> str:
        snapshot = self._find(region, form)
        if snapshot["status"] != "available":
            raise Refused("InvalidDBClusterSnapshotStateFault", f"the snapshot is {snapshot['status']}")
        del region.snapshots[snapshot["id"]]
        return self._snapshot(region)({**snapshot, "status": "deleting"})

    def do_CopyDBClusterSnapshot(self, region: Region, form: dict) -> str:
        _, _, _, source_region, _, _, source_id = form["SourceDBClusterSnapshotIdentifier"].split(":", 6)
        source = self.regions[source_region].snapshots.get(source_id)
        if not source:
            raise Refused("DBClusterSnapshotNotFoundFault", "no such source", 404)
        if source["encrypted"] != ("KmsKeyId" in form):
            raise Refused("InvalidParameterCombination", "KmsKeyId goes with an encrypted source, and only with one")
        made = self._new(region, form["TargetDBClusterSnapshotIdentifier"], cluster=source["cluster"], resource_id=source["resource_id"],
                         tags=self._read_tags(form), encrypted=source["encrypted"],
                         source=form["SourceDBClusterSnapshotIdentifier"])
        made["kms_key"] = form.get("KmsKeyId")
        if made["status"] == "creating":
            made["status"] = "copying"
        return self._snapshot(region)(made)

    def do_DescribeDBClusterSnapshotAttributes(self, region: Region, form: dict) -> str:
        accounts = "".join(element("AttributeValue", a) for a in self._find(region, form)["accounts"])
        return ("<DBClusterSnapshotAttributesResult><DBClusterSnapshotAttributes><DBClusterSnapshotAttribute>"
                f"<AttributeName>restore</AttributeName><AttributeValues>{accounts}</AttributeValues>"
                "</DBClusterSnapshotAttribute></DBClusterSnapshotAttributes></DBClusterSnapshotAttributesResult>")

    def do_ModifyDBClusterSnapshotAttribute(self, region: Region, form: dict) -> str:
        snapshot, n = self._find(region, form), 1
        if snapshot["status"] != "available" or form["AttributeName"] != "restore":
            raise Refused("InvalidDBClusterSnapshotStateFault", f"the snapshot is {snapshot['status']}")
        while f"ValuesToAdd.AttributeValue.{n}" in form:
            snapshot["accounts"].append(form[f"ValuesToAdd.AttributeValue.{n}"])
            n += 1
        if len(snapshot["accounts"]) > 20:
            raise Refused("SharedSnapshotQuotaExceeded", "more than 20 accounts")
        return self.do_DescribeDBClusterSnapshotAttributes(region, form)

    # --- the server ---

    async def _serve(self, ready) -> None:
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        server = await self._loop.create_server(lambda: Connection(self), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready()
        await self._stop.wait()
        server.close()

    def __enter__(self) -> "Rds":
        is_ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(is_ready.set)), daemon=True)
        self._thread.start()
        assert is_ready.wait(10)
        return self

    def __exit__(self, *_) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Connection(asyncio.Protocol):
    """HTTP/1.1 as far as curl and botocore need it: a request with Content-Length after the other."""

    def __init__(self, rds: Rds):
        self.rds, self.buffer = rds, b""

    def connection_made(self, transport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].decode("latin-1")
            length = re.search(r"\r\ncontent-length: *([0-9]+)", head, re.IGNORECASE)
            total = end + 4 + (int(length.group(1)) if length else 0)
            if len(self.buffer) < total:
                return
            body, self.buffer = self.buffer[end + 4:total], self.buffer[total:]
            self.reply(head, body)

    def reply(self, head: str, body: bytes) -> None:
        if head.startswith("POST /_control"):
            self.rds.control(json.loads(body))
            status, kind, text = 200, "application/json", "{}"
        elif head.startswith("GET /_state"):
            status, kind, text = 200, "application/json", json.dumps(self.rds.state())
        else:
            status, kind, text = self.rds.answer(head, body)
        if status == "reset":
            self.transport.abort()
            return
        payload = text.encode()
        self.transport.write((f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(payload)}\r\n"
                              f"Date: {formatdate(self.rds.now(), usegmt=True)}\r\n\r\n").encode() + payload)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--script", type=Path)
    args = parser.parse_args()
    rds = Rds()
    if args.script:
        rds.control(json.loads(args.script.read_text()))

    def announce() -> None:
        part = args.port_file.with_suffix(".part")
        part.write_text(str(rds.port))
        os.replace(part, args.port_file)

    asyncio.run(rds._serve(announce))


if __name__ == "__main__":
    main()
