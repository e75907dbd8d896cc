"""stacks/network.yaml: addresses that fit, packets that get where they must and nowhere else, and what moto makes of it."""

import ipaddress
import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.aws import Aws
from harness.cloudformation import Evaluation, cidr, dangling, of_type, stack
from harness.packets import INTERNET, Dropped, Host, Network

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
# Every size that fills its VPC, and one that leaves most of it for others.
VPCS = [(f"10.20.0.0/{prefix}", 28 - prefix) for prefix in range(16, 25)] + [("172.31.0.0/16", 8)]
EVERYTHING = {"Zones": 3, "NatGateways": "per-zone", "Endpoints": "true"}
KINDS = [dict(zip(("Zones", "NatGateways", "Endpoints", "Bastion", "FlowLogs"), values))
         for values in itertools.product((2, 3), ("none", "one", "per-zone"), ("false", "true"), ("false", "true"),
                                         ("none", "cloudwatch", "s3"))]
POSSIBLE = [kind for kind in KINDS if kind["NatGateways"] != "none" or kind["Endpoints"] == "true"]


def network(**parameters) -> dict:
    """The resources of a stack with these parameters."""
    evaluation = Evaluation(stack("network"), parameters)
    assert evaluation.broken_rules() == []
    return evaluation.resources()


def words(kind: dict) -> str:
    return ",".join(str(value) for value in kind.values())


# --- the template


def test_cfn_lint_has_nothing_to_say(tmp_path):
    done = subprocess.run([BIN / "cfn-lint", "--include-checks", "I", "--template", ROOT / "stacks/network.yaml"],
                          env={"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path)}, capture_output=True, text=True,
                          timeout=120)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_choice_refers_only_to_what_it_makes():
    for kind in POSSIBLE:
        evaluation = Evaluation(stack("network"), kind)
        assert dangling(evaluation.resources(), evaluation.outputs()) == set(), kind


def test_functions_without_a_way_to_their_secrets_are_one_clear_error():
    refused = [kind for kind in KINDS if Evaluation(stack("network"), kind).broken_rules()]

    assert refused == [kind for kind in KINDS if kind not in POSSIBLE]
    assert Evaluation(stack("network"), {"NatGateways": "none"}).broken_rules() == [
        "Without NAT gateways nothing reaches Secrets Manager but by endpoints: Endpoints must be true"]


# --- addresses


def test_blocks_are_counted_as_cloudformation_documents_it():
    assert cidr("192.168.0.0/24", 6, 5) == [f"192.168.0.{n}/27" for n in (0, 32, 64, 96, 128, 160)]


@pytest.mark.parametrize("zones", [2, 3])
@pytest.mark.parametrize("block, bits", VPCS)
def test_subnets_fit_and_do_not_overlap(block, bits, zones):
    resources = network(VpcCidr=block, SubnetBits=bits, Zones=zones)
    subnets = [ipaddress.ip_network(s["CidrBlock"]) for s in of_type(resources, "AWS::EC2::Subnet").values()]

    assert len(subnets) == 3 * zones
    assert all(subnet.subnet_of(ipaddress.ip_network(block)) and subnet.prefixlen == 32 - bits for subnet in subnets)
    assert not [(a, b) for a, b in itertools.combinations(subnets, 2) if a.overlaps(b)]
    assert all(16 <= subnet.prefixlen <= 28 for subnet in subnets)  # what AWS takes


@pytest.mark.parametrize("block, bits", VPCS)
def test_a_tier_is_the_quarter_that_network_acls_know_it_by(block, bits):
    resources = network(VpcCidr=block, SubnetBits=bits, **EVERYTHING)
    quarters = cidr(block, 4, bits + 2)
    known = {e["CidrBlock"] for e in of_type(resources, "AWS::EC2::NetworkAclEntry").values()} - {"0.0.0.0/0"}

    for quarter, tier in zip(quarters, ("Public", "Private", "Database")):
        for n in (1, 2, 3):
            subnet = resources[f"{tier}Subnet{n}"]["Properties"]["CidrBlock"]
            assert ipaddress.ip_network(subnet).subnet_of(ipaddress.ip_network(quarter))
    assert known == {quarters[1], quarters[2]}


def test_the_page_shows_the_addresses_that_are_made():
    page = (ROOT / "docs/network.md").read_text()
    resources = network(Zones=3)
    rows = {row[0]: row[1:] for row in (re.findall(r"[a-z]+|10[0-9./]+", line) for line in page.splitlines()
                                        if re.match(r"\| (public|private|database|free) \|", line))}
    quarters = cidr("10.20.0.0/16", 4, 14)

    for quarter, tier in zip(quarters, ("public", "private", "database")):
        zones = [resources[f"{tier.capitalize()}Subnet{n}"]["Properties"]["CidrBlock"] for n in (1, 2, 3)]
        assert rows[tier] == [quarter, *zones, cidr(quarter, 4, 12)[3]]
    assert rows["free"] == [quarters[3]]
    sizes = re.findall(r"^\| [0-9.]*/(\d+) \| (\d+) \| ([0-9,]+) \|", page, re.MULTILINE)
    assert len(sizes) == 5
    for prefix, bits, addresses in sizes:
        assert int(bits) == 28 - int(prefix) and int(addresses.replace(",", "")) == 2 ** int(bits) - 5


def test_subnets_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="16 blocks of 12 bits do not fit into 10.20.0.0/20"):
        network(VpcCidr="10.20.0.0/20")


@pytest.mark.parametrize("block", ["8.8.0.0/16", "10.20.0.0", "10.20.0.0/8", "10.20.0.0/25", "172.32.0.0/16"])
def test_a_network_that_is_not_private_or_too_large_or_small_is_refused(block):
    with pytest.raises(ValueError, match="VpcCidr"):
        network(VpcCidr=block)


@pytest.mark.parametrize("zones", [2, 3])
def test_each_tier_is_in_every_zone_once(zones):
    resources = network(Zones=zones)
    for tier in ("Public", "Private", "Database"):
        zone_names = [resources[f"{tier}Subnet{n + 1}"]["Properties"]["AvailabilityZone"] for n in range(zones)]
        assert zone_names == [f"us-east-1{zone}" for zone in "abc"[:zones]]


def test_nobody_in_a_public_subnet_gets_a_public_address_unasked():
    assert not [s for s in of_type(network(), "AWS::EC2::Subnet").values() if s.get("MapPublicIpOnLaunch")]


# --- routes


def ways_out(resources: dict) -> dict[str, str]:
    """subnet -> what its route to everywhere leads to."""
    view = Network(resources)
    found = {}
    for subnet in view.subnets:
        route = view._route(subnet)
        target = route.get("NatGatewayId") or route.get("GatewayId")
        if target:
            found[subnet] = target["Ref"]
    return found


@pytest.mark.parametrize("zones", [2, 3])
@pytest.mark.parametrize("gateways, expected", [("none", [None, None, None]), ("one", [1, 1, 1]), ("per-zone", [1, 2, 3])])
def test_private_subnets_leave_by_the_gateway_of_their_zone_or_the_one(gateways, expected, zones):
    resources = network(NatGateways=gateways, Zones=zones, Endpoints="true")
    wanted = {f"PublicSubnet{n + 1}": "InternetGateway" for n in range(zones)}
    wanted |= {f"PrivateSubnet{n + 1}": f"NatGateway{to}" for n, to in enumerate(expected[:zones]) if to}

    assert ways_out(resources) == wanted  # and database subnets have none
    for name, subnet in Network(resources).nat.items():
        assert subnet == f"PublicSubnet{name[-1]}"
    assert len(of_type(resources, "AWS::EC2::NatGateway")) == len({n for n in expected[:zones] if n})


@pytest.mark.parametrize("kind", POSSIBLE, ids=words)
def test_every_subnet_has_a_route_table_and_a_network_acl_of_its_tier(kind):
    view = Network(network(**kind))

    assert set(view.tables) == set(view.acls) == set(view.subnets)
    for subnet in view.subnets:
        tier = subnet[:-len("Subnet1")]
        assert view.acls[subnet] == f"{tier}Acl"
        assert view.tables[subnet] == (f"PrivateRoutes{subnet[-1]}" if tier == "Private" else f"{tier}Routes")


def test_the_gateway_of_s3_is_for_private_subnets_alone():
    endpoint = network(Zones=3)["S3Endpoint"]["Properties"]

    assert endpoint["RouteTableIds"] == [{"Ref": f"PrivateRoutes{n}"} for n in (1, 2, 3)]
    assert endpoint["PolicyDocument"]["Statement"][0]["Resource"] == "arn:aws:s3:::al2023-repos-us-east-1-de612dc2/*"


# --- who reaches whom

TIERS = {"FunctionsGroup": "Private", "BastionGroup": "Private", "EndpointsGroup": "Private", "ProxyGroup": "Database",
         "DatabaseGroup": "Database"}
CONVERSATIONS = {("FunctionsGroup", "DatabaseGroup", 5432), ("FunctionsGroup", "ProxyGroup", 5432),
                 ("FunctionsGroup", "EndpointsGroup", 443), ("BastionGroup", "DatabaseGroup", 5432),
                 ("BastionGroup", "ProxyGroup", 5432), ("BastionGroup", "EndpointsGroup", 443),
                 ("ProxyGroup", "DatabaseGroup", 5432)}
PORTS = (22, 80, 443, 1024, 3389, 5432, 8443, 65535)


def reached(resources: dict) -> set[tuple[str, str, int]]:
    """(role, role, port) of every conversation that works from each zone to each."""
    view, found = Network(resources), set()
    zones = range(1, 1 + len(view.subnets) // 3)
    for source, destination, port in itertools.product(view.groups, view.groups, PORTS):
        ways = list(itertools.product(zones, zones))
        works = [way for way in ways
                 if asks(view, Host(source, f"{TIERS[source]}Subnet{way[0]}"), Host(destination, f"{TIERS[destination]}Subnet{way[1]}"),
                         port)]
        assert works in ([], ways), f"{source} -> {destination}:{port} works only between some zones: {works}"
        if works:
            found.add((source, destination, port))
    return found


def asks(view: Network, source: Host, destination, port: int) -> bool:
    try:
        view.ask(source, destination, port)
    except Dropped:
        return False
    return True


@pytest.mark.parametrize("kind", [kind for kind in POSSIBLE if kind["FlowLogs"] == "none"], ids=words)
def test_who_must_talk_can_and_nobody_else(kind):
    resources = network(**kind)
    roles = {name for name in TIERS if name in resources}

    assert reached(resources) == {c for c in CONVERSATIONS if c[0] in roles and c[1] in roles}


@pytest.mark.parametrize("zones", [2, 3])
@pytest.mark.parametrize("gateways", ["none", "one", "per-zone"])
def test_only_functions_and_the_bastion_reach_the_internet_and_only_by_https(gateways, zones):
    view = Network(network(NatGateways=gateways, Zones=zones, Endpoints="true"))
    found = {(role, port) for role, tier in TIERS.items() for port in PORTS for n in range(1, zones + 1)
             if asks(view, Host(role, f"{tier}Subnet{n}"), INTERNET, port)}

    assert found == (set() if gateways == "none" else {("FunctionsGroup", 443), ("BastionGroup", 443)})


def test_a_dropped_packet_says_where():
    view = Network(network(NatGateways="none", Endpoints="true"))

    with pytest.raises(Dropped, match="DatabaseGroup: may not ask for port 443"):
        view.ask(Host("DatabaseGroup", "DatabaseSubnet1"), INTERNET, 443)
    with pytest.raises(Dropped, match="PrivateSubnet1: no route to the internet"):
        view.ask(Host("BastionGroup", "PrivateSubnet1"), INTERNET, 443)
    with pytest.raises(Dropped, match="EndpointsGroup: lets nobody of DatabaseGroup in at port 443"):
        view._enter_group(Host("DatabaseGroup", "DatabaseSubnet1"), Host("EndpointsGroup", "PrivateSubnet1"), 443)
    with pytest.raises(Dropped, match=r"PrivateAcl: to 10\.20\.128\.5, port 22"):
        view._cross("PrivateSubnet1", "DatabaseSubnet1", 22)


def test_no_group_lets_an_address_in():
    resources = network(**EVERYTHING)

    assert all("SecurityGroupIngress" not in group for group in of_type(resources, "AWS::EC2::SecurityGroup").values())
    for rule in of_type(resources, "AWS::EC2::SecurityGroupIngress").values():
        assert "SourceSecurityGroupId" in rule and not {"CidrIp", "CidrIpv6", "SourcePrefixListId"} & set(rule)


def test_every_group_says_where_its_members_may_go():
    """A group without a rule for the way out is given one for everything."""
    for name, group in of_type(network(**EVERYTHING), "AWS::EC2::SecurityGroup").items():
        assert group["SecurityGroupEgress"], name


# --- network ACLs: derived from the groups, and compared


def needed(resources: dict) -> set[tuple]:
    """(ACL, way, tier or "any", first port, last port) of every entry that the groups' conversations need."""
    view, answers, found = Network(resources), (1024, 65535), set()

    def conversation(source: str, destination: str, port: int, peer_of_source: str, peer_of_destination: str) -> None:
        found.update({(f"{source}Acl", "out", peer_of_source, port, port), (f"{destination}Acl", "in", peer_of_destination, port, port),
                      (f"{destination}Acl", "out", peer_of_destination, *answers), (f"{source}Acl", "in", peer_of_source, *answers)})

    for source, destination, port in reached(resources):
        conversation(TIERS[source], TIERS[destination], port, TIERS[destination], TIERS[source])
    for role, tier in TIERS.items():
        rules = view.groups.get(role, {}).get("SecurityGroupEgress", [])
        if any(rule.get("CidrIp") == "0.0.0.0/0" for rule in rules):
            found.update({(f"{tier}Acl", "out", "any", 443, 443), (f"{tier}Acl", "in", "any", *answers)})
            if view.nat:
                conversation("Public", "Public", 443, "any", tier)
                found -= {("PublicAcl", "in", "any", 443, 443)}
    return {e for e in found if e[2] == "any" or (e[0], e[1], "any", *e[3:]) not in found}


def present(resources: dict, block: str, bits: int) -> set[tuple]:
    quarters = dict(zip(cidr(block, 4, bits + 2), ("Public", "Private", "Database"))) | {"0.0.0.0/0": "any"}
    return {(e["NetworkAclId"]["Ref"], "out" if e.get("Egress") else "in", quarters[e["CidrBlock"]], e["PortRange"]["From"],
             e["PortRange"]["To"]) for e in of_type(resources, "AWS::EC2::NetworkAclEntry").values()}


@pytest.mark.parametrize("kind", [k for k in POSSIBLE if k["FlowLogs"] == "none" and k["Bastion"] == "true"], ids=words)
def test_network_acls_let_through_exactly_what_the_groups_need(kind):
    resources = network(**kind)

    assert present(resources, "10.20.0.0/16", 12) == needed(resources)


def test_rules_of_a_network_acl_have_numbers_of_their_own():
    entries = of_type(network(**EVERYTHING), "AWS::EC2::NetworkAclEntry").values()
    numbers = [(e["NetworkAclId"]["Ref"], bool(e.get("Egress")), e["RuleNumber"]) for e in entries]

    assert len(numbers) == len(set(numbers))


# --- endpoints, bastion, flow logs


def services(resources: dict) -> set[str]:
    return {e["ServiceName"].rsplit(".", 1)[1] for e in of_type(resources, "AWS::EC2::VPCEndpoint").values()}


def test_endpoints_are_those_that_somebody_in_the_vpc_calls():
    assert services(network(Endpoints="true")) == {"secretsmanager", "sqs", "ssm", "ssmmessages", "s3"}
    assert services(network(Endpoints="true", Bastion="false")) == {"secretsmanager", "sqs"}
    assert services(network()) == {"s3"}
    assert services(network(Bastion="false")) == set()


@pytest.mark.parametrize("zones", [2, 3])
def test_endpoints_answer_in_every_zone_by_the_name_that_everybody_asks_for(zones):
    for endpoint in of_type(network(Endpoints="true", Zones=zones), "AWS::EC2::VPCEndpoint").values():
        if endpoint["VpcEndpointType"] == "Interface":
            assert endpoint["SubnetIds"] == [{"Ref": f"PrivateSubnet{n + 1}"} for n in range(zones)]
            assert endpoint["PrivateDnsEnabled"] is True
            assert endpoint["SecurityGroupIds"] == [{"Ref": "EndpointsGroup"}]
            (statement,) = endpoint["PolicyDocument"]["Statement"]
            assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}


def test_names_of_endpoints_are_resolved_in_the_vpc():
    vpc = network()["Vpc"]["Properties"]

    assert vpc["EnableDnsSupport"] is True and vpc["EnableDnsHostnames"] is True


def test_the_bastion_has_no_open_port_no_public_address_and_no_old_metadata():
    resources = network()
    instance = resources["BastionInstance"]["Properties"]
    (statement,) = resources["BastionRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]

    assert (instance["SubnetId"], instance["SecurityGroupIds"]) == ({"Ref": "PrivateSubnet1"}, [{"Ref": "BastionGroup"}])
    assert not [r for r in of_type(resources, "AWS::EC2::SecurityGroupIngress").values() if r["GroupId"] == {"Ref": "BastionGroup"}]
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert all(device["Ebs"]["Encrypted"] for device in instance["BlockDeviceMappings"])
    assert "KeyName" not in instance and "NetworkInterfaces" not in instance
    assert {action.split(":")[0] for action in statement["Action"]} == {"ssm", "ssmmessages"}
    assert "ManagedPolicyArns" not in resources["BastionRole"]["Properties"]
    assert not [name for name in network(Bastion="false") if "Bastion" in name]


@pytest.mark.parametrize("kind, destination, made", [
    ("cloudwatch", "cloud-watch-logs", {"FlowLog", "FlowLogGroup", "FlowLogRole"}),
    ("s3", "s3", {"FlowLogToBucket", "FlowLogBucket", "FlowLogBucketPolicy"}),
    ("none", None, set())])
def test_flow_logs_go_where_they_are_wanted_and_end_some_day(kind, destination, made):
    resources = network(FlowLogs=kind, FlowLogDays=90)

    assert {name for name in resources if name.startswith("FlowLog")} == made
    if kind == "cloudwatch":
        assert resources["FlowLogGroup"]["Properties"]["RetentionInDays"] == "90"
    if kind == "s3":
        rules = {r["Id"]: r for r in resources["FlowLogBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]}
        assert rules["records"]["ExpirationInDays"] == "90"
    if destination:
        (log,) = of_type(resources, "AWS::EC2::FlowLog").values()
        assert (log["LogDestinationType"], log["TrafficType"]) == (destination, "ALL")


def test_the_buckets_policy_is_there_before_ec2_would_put_one_of_its_own_on_it():
    """CloudFormation makes no policy where there is one already."""
    assert network(FlowLogs="s3")["FlowLogToBucket"]["DependsOn"] == "FlowLogBucketPolicy"


def test_roles_have_the_boundary_that_is_given():
    boundary = "arn:aws:iam::123456789012:policy/boundary"
    roles = of_type(network(PermissionsBoundaryArn=boundary), "AWS::IAM::Role")

    assert sorted(roles) == ["BastionRole", "FlowLogRole"]
    assert {role["PermissionsBoundary"] for role in roles.values()} == {boundary}
    assert not [role for role in of_type(network(), "AWS::IAM::Role").values() if "PermissionsBoundary" in role]


# --- what moto makes of it


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """The largest network, made by moto; it knows neither network ACLs nor their entries."""
    aws = Aws(tmp_path_factory.mktemp("aws"), free_calls=None)
    try:
        image = aws.client("ec2").describe_images()["Images"][0]["ImageId"]
        template = Evaluation(stack("network"), {**EVERYTHING, "BastionImage": image}).plain()
        aws.client("cloudformation").create_stack(StackName="net", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"])
        yield aws
    finally:
        aws.stop()


def outputs(aws) -> dict[str, str]:
    (made,) = aws.client("cloudformation").describe_stacks(StackName="net")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}


def test_subnets_are_made_in_their_zones(deployed):
    subnets = deployed.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [outputs(deployed)["VpcId"]]}])["Subnets"]

    assert {(s["AvailabilityZone"][-1], s["CidrBlock"]) for s in subnets} == {
        (zone, f"10.20.{16 * (tier + n)}.0/20") for n, zone in enumerate("abc") for tier in (0, 4, 8)}
    assert len(subnets) == 9


def test_outputs_name_subnets_and_groups_that_are_there(deployed):
    ec2, made = deployed.client("ec2"), outputs(deployed)

    for tier in ("Private", "Database"):
        assert len(ec2.describe_subnets(SubnetIds=made[f"{tier}SubnetIds"].split(","))["Subnets"]) == 3
    groups = [made[f"{role}GroupId"] for role in ("Functions", "Database", "Proxy")]
    assert len(ec2.describe_security_groups(GroupIds=groups)["SecurityGroups"]) == 3
    assert len(ec2.describe_instances(InstanceIds=[made["BastionId"]])["Reservations"]) == 1


def test_route_tables_lead_to_the_gateway_of_their_zone_and_that_of_the_database_nowhere(deployed):
    """moto forgets which subnets a table is for."""
    ec2 = deployed.client("ec2")
    zones = {s["SubnetId"]: s["AvailabilityZone"] for s in ec2.describe_subnets()["Subnets"]}
    gateways = {g["NatGatewayId"]: zones[g["SubnetId"]] for g in ec2.describe_nat_gateways()["NatGateways"]}
    found = {}
    for table in ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [outputs(deployed)["VpcId"]]}])["RouteTables"]:
        name = "".join(tag["Value"] for tag in table["Tags"] if tag["Key"] == "aws:cloudformation:logical-id")
        found[name] = [gateways.get(r.get("NatGatewayId"), r.get("GatewayId", "")[:4]) for r in table["Routes"]
                       if r.get("DestinationCidrBlock") == "0.0.0.0/0"]

    assert found == {"": [], "PublicRoutes": ["igw-"], "DatabaseRoutes": [], "PrivateRoutes1": ["us-east-1a"],
                     "PrivateRoutes2": ["us-east-1b"], "PrivateRoutes3": ["us-east-1c"]}


def test_the_database_lets_in_the_groups_and_no_address(deployed):
    ec2, made = deployed.client("ec2"), outputs(deployed)
    (group,) = ec2.describe_security_groups(GroupIds=[made["DatabaseGroupId"]])["SecurityGroups"]
    pairs = [pair["GroupId"] for rule in group["IpPermissions"] for pair in rule["UserIdGroupPairs"]]

    assert {made["FunctionsGroupId"], made["ProxyGroupId"]} < set(pairs) and len(pairs) == 3
    assert {(r["FromPort"], r["ToPort"]) for r in group["IpPermissions"]} == {(5432, 5432)}
    assert not [r for r in group["IpPermissions"] if r["IpRanges"] or r["Ipv6Ranges"] or r["PrefixListIds"]]


def test_connections_are_recorded(deployed):
    (flow_log,) = deployed.client("ec2").describe_flow_logs()["FlowLogs"]

    assert flow_log["ResourceId"] == outputs(deployed)["VpcId"]
    assert flow_log["LogDestinationType"] == "cloud-watch-logs"
    groups = deployed.client("logs").describe_log_groups(logGroupNamePrefix=outputs(deployed)["FlowLogGroupName"])["logGroups"]
    assert [int(group["retentionInDays"]) for group in groups] == [30]
