"""A packet's way through stacks/network.yaml: security groups, network ACLs and routes as AWS evaluates them.

Security groups remember connections, so they are asked once, on both ends. Network ACLs remember nothing: they are asked at every
border of a subnet, for the question and for its answer. Inside a subnet nobody asks them.
"""

import ipaddress
from dataclasses import dataclass

from harness.cloudformation import of_type

INTERNET = "203.0.113.7"
ANSWER_PORTS = (1024, 32768, 65535)  # the first, Linux's first, the last that an asker can choose
TCP = ("6", "tcp", "-1")


@dataclass(frozen=True)
class Host:
    """Somebody in a subnet, in a security group."""

    group: str
    subnet: str


class Dropped(Exception):
    """Where a packet got lost."""


def _name(reference) -> str:
    return reference["Ref"]


def _within(address: str, block: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(block)


class Network:
    def __init__(self, resources: dict):
        def attached(kind, key, value):
            return {_name(a[key]): _name(a[value]) for a in of_type(resources, kind).values()}

        self.subnets = {name: s["CidrBlock"] for name, s in of_type(resources, "AWS::EC2::Subnet").items()}
        self.vpc = resources["Vpc"]["Properties"]["CidrBlock"]
        self.groups = of_type(resources, "AWS::EC2::SecurityGroup")
        self.ingress = list(of_type(resources, "AWS::EC2::SecurityGroupIngress").values())
        self.entries = of_type(resources, "AWS::EC2::NetworkAclEntry")
        self.acls = attached("AWS::EC2::SubnetNetworkAclAssociation", "SubnetId", "NetworkAclId")
        self.tables = attached("AWS::EC2::SubnetRouteTableAssociation", "SubnetId", "RouteTableId")
        self.routes = list(of_type(resources, "AWS::EC2::Route").values())
        self.nat = {name: _name(n["SubnetId"]) for name, n in of_type(resources, "AWS::EC2::NatGateway").items()}

    def address(self, subnet: str) -> str:
        """Of somebody in it; AWS keeps the first four addresses for itself."""
        return str(ipaddress.ip_network(self.subnets[subnet])[5])

    # --- one question and its answer

    def ask(self, source: Host, destination: Host | str, port: int) -> None:
        """Open a connection to a host or to INTERNET and get an answer, or raise Dropped with the place."""
        self._leave_group(source, destination, port)
        if isinstance(destination, Host):
            self._enter_group(source, destination, port)
            self._cross(source.subnet, destination.subnet, port)
        else:
            self._go_out(source.subnet, port)

    def _cross(self, source: str, destination: str, port: int) -> None:
        if source == destination:
            return
        here, there = self.address(source), self.address(destination)
        self._pass(source, True, there, port)
        self._pass(destination, False, here, port)
        for answer in ANSWER_PORTS:
            self._pass(destination, True, here, answer)
            self._pass(source, False, there, answer)

    def _go_out(self, subnet: str, port: int) -> None:
        nat = self._gateway(subnet, "NatGatewayId")
        self._pass(subnet, True, INTERNET, port)
        self._pass(nat, False, self.address(subnet), port)
        if self._route(nat).get("GatewayId") != {"Ref": "InternetGateway"}:
            raise Dropped(f"{nat}: no route to the internet")
        self._pass(nat, True, INTERNET, port)
        for answer in ANSWER_PORTS:
            self._pass(nat, False, INTERNET, answer)
            self._pass(nat, True, self.address(subnet), answer)
            self._pass(subnet, False, INTERNET, answer)

    # --- routes

    def _route(self, subnet: str) -> dict:
        """The route to everywhere, of a subnet's table; {} without one. Inside the VPC there always is a way."""
        table = self.tables[subnet]
        found = [r for r in self.routes if _name(r["RouteTableId"]) == table and r["DestinationCidrBlock"] == "0.0.0.0/0"]
        assert len(found) <= 1, f"{table} has two routes to everywhere"
        return found[0] if found else {}

    def _gateway(self, subnet: str, kind: str) -> str:
        route = self._route(subnet)
        if kind not in route:
            raise Dropped(f"{subnet}: no route to the internet")
        return self.nat[_name(route[kind])]

    # --- network ACLs: the first rule that fits decides, and nothing fits at the end

    def _pass(self, subnet: str, is_egress: bool, peer: str, port: int) -> None:
        rules = sorted((e for e in self.entries.values()
                        if _name(e["NetworkAclId"]) == self.acls[subnet] and bool(e.get("Egress")) == is_egress),
                       key=lambda e: e["RuleNumber"])
        for rule in rules:
            ports = rule.get("PortRange", {"From": 0, "To": 65535})
            if str(rule["Protocol"]) in TCP and ports["From"] <= port <= ports["To"] and _within(peer, rule["CidrBlock"]):
                if rule["RuleAction"] == "allow":
                    return
                break
        raise Dropped(f"{self.acls[subnet]}: {'to' if is_egress else 'from'} {peer}, port {port}")

    # --- security groups

    def _leave_group(self, source: Host, destination: Host | str, port: int) -> None:
        for rule in self.groups[source.group]["SecurityGroupEgress"]:
            if self._fits(rule, port, "DestinationSecurityGroupId", destination):
                return
        raise Dropped(f"{source.group}: may not ask for port {port}")

    def _enter_group(self, source: Host, destination: Host, port: int) -> None:
        for rule in self.ingress:
            if _name(rule["GroupId"]) == destination.group and self._fits(rule, port, "SourceSecurityGroupId", source):
                return
        raise Dropped(f"{destination.group}: lets nobody of {source.group} in at port {port}")

    def _fits(self, rule: dict, port: int, key: str, peer: Host | str) -> bool:
        if rule["IpProtocol"] not in TCP or not rule["FromPort"] <= port <= rule["ToPort"]:
            return False
        if key in rule:
            return isinstance(peer, Host) and _name(rule[key]) == peer.group
        return _within(self.address(peer.subnet) if isinstance(peer, Host) else peer, rule["CidrIp"])
