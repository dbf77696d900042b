# SPDX-License-Identifier: MIT
"""What Apple's published schema (github.com/apple/device-management) says of the payloads Larder writes, and a checker.

Each key: its type, then "required" and what its value may be. "*" in place of names: any name. A list holds its items' type."""

import datetime
import re

UUID = re.compile(r"^[0-9A-Za-z]{8}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{4}-[0-9A-Za-z]{12}$")

COMMON = {"PayloadIdentifier": (str, "required"), "PayloadUUID": (str, "required", UUID), "PayloadType": (str, "required"),
          "PayloadVersion": (int, "required", [1]), "PayloadDescription": (str,), "PayloadDisplayName": (str,), "PayloadOrganization": (str,)}

TOP = {**COMMON, "PayloadType": (str, "required", ["Configuration"]), "PayloadContent": (list, "required"), "PayloadScope": (str, ["System", "User"]),
       "PayloadRemovalDisallowed": (bool,), "RemovalDate": (datetime.datetime,)}

_PROXY = {"ProxyServer": (str,), "ProxyServerPort": (int, range(0, 65536)), "ProxyUsername": (str,), "ProxyPassword": (str,),
          "ProxyPACURL": (str, re.compile(r"^https?://")), "ProxyPACFallbackAllowed": (bool,)}

PAYLOADS = {
    "com.apple.proxy.http.global": {**_PROXY, "ProxyType": (str, ["Manual", "Auto"]), "ProxyCaptiveLoginAllowed": (bool,)},
    "com.apple.wifi.managed": {**_PROXY, "ProxyType": (str, ["None", "Manual", "Auto"]), "SSID_STR": (str,), "AutoJoin": (bool,), "HIDDEN_NETWORK": (bool,),
                               "EncryptionType": (str, ["WEP", "WPA", "WPA2", "WPA3", "Any", "None"]), "Password": (str,)},
    "com.apple.SystemConfiguration": {"Proxies": (dict, "required", {
        "HTTPEnable": (int,), "HTTPPort": (int,), "HTTPProxy": (str,), "HTTPSEnable": (int,), "HTTPSPort": (int,), "HTTPSProxy": (str,),
        "ProxyAutoConfigEnable": (int,), "ProxyAutoConfigURLString": (str,), "ProxyCaptiveLoginAllowed": (int,), "FallBackAllowed": (int,),
        "ExceptionsList": (list, str)})},
    "com.apple.security.root": {"PayloadCertificateFileName": (str,), "PayloadContent": (bytes, "required")},
    "com.apple.dnsSettings.managed": {"DNSSettings": (dict, "required", {
        "DNSProtocol": (str, "required", ["HTTPS", "TLS"]), "ServerURL": (str, re.compile("^https://")), "ServerName": (str,),
        "ServerAddresses": (list, str), "SupplementalMatchDomains": (list, str)}), "ProhibitDisablement": (bool,)},
    # Preference domains, which Apple's schema leaves to their owners.
    "com.apple.AssetCacheLocatorService": {"LocateURL": (str, "required", re.compile("^https://")), "SkipEVCheck": (bool,)},
    "com.microsoft.autoupdate2": {
        "UpdateCache": (str, "required", re.compile("^https?://.*/$")), "ManifestServer": (str, re.compile("^https?://.*/$")),
        "ChannelName": (str, ["Current", "Preview", "Beta", "CurrentThrottle", "Custom"]), "HowToCheck": (str, ["AutomaticDownload", "AutomaticCheck"]),
        "UpdateDeadline.DaysBeforeForcedQuit": (int, range(1, 91)), "OptionalUpdatesDeferralsDays": (int, range(1, 91)),
        "Applications": (dict, {"*": (dict, {"Application ID": (str, "required"), "UpdateCache": (str,), "ManifestServer": (str,)})})},
}

_SWITCH = (str, ["Allowed", "AlwaysOn", "AlwaysOff"])
_DAYS = (int, range(1, 91))
DECLARATIONS = {
    "com.apple.configuration.softwareupdate.settings": {
        "Notifications": (bool,), "Deferrals": (dict, {"CombinedPeriodInDays": _DAYS, "MajorPeriodInDays": _DAYS, "MinorPeriodInDays": _DAYS, "SystemPeriodInDays": _DAYS}),
        "AutomaticActions": (dict, {"Download": _SWITCH, "InstallOSUpdates": _SWITCH, "InstallSecurityUpdate": _SWITCH})},
    "com.apple.configuration.softwareupdate.enforcement.specific": {
        "TargetOSVersion": (str, "required"), "TargetBuildVersion": (str,), "TargetLocalDateTime": (str, "required", re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")),
        "DetailsURL": (str,)},
}


def problems(value, keys: dict, where: str) -> list[str]:
    found = []
    for name, rule in keys.items():
        if "required" in rule and name != "*" and name not in value:
            found.append(f"{where} has no {name}")
    for name, item in value.items():
        rule = keys.get(name) or keys.get("*")
        found += _problems_of_one(item, rule, f"{where}.{name}") if rule else [f"{where}: {name} is no key of it"]
    return found


def _problems_of_one(item, rule, where: str) -> list[str]:
    if type(item) is not rule[0]:
        return [f"{where} is {type(item).__name__}, not {rule[0].__name__}"]
    found = []
    for limit in rule[1:]:
        if isinstance(limit, dict):
            found += problems(item, limit, where)
        elif isinstance(limit, re.Pattern):
            found += [] if limit.search(item) else [f"{where}: {item!r} is malformed"]
        elif isinstance(limit, (list, range)):
            found += [] if item in limit else [f"{where}: {item!r} is none of {limit}"]
        elif isinstance(limit, type):
            found += [f"{where}: {one!r} is no {limit.__name__}" for one in item if type(one) is not limit]
    return found


def check_profile(profile: dict) -> list[str]:
    found = problems(profile, TOP, "profile")
    seen = set()
    for payload in profile.get("PayloadContent", []):
        kind = payload.get("PayloadType")
        if kind not in PAYLOADS:
            found.append(f"{kind} is no payload type")
            continue
        found += problems(payload, {**COMMON, **PAYLOADS[kind]}, kind)
        for name in ("PayloadIdentifier", "PayloadUUID"):
            found += [f"{kind}: its {name} is used twice"] if payload[name] in seen else []
            seen.add(payload[name])
    return found


def check_declaration(declaration: dict) -> list[str]:
    keys = DECLARATIONS.get(declaration.get("Type"))
    if keys is None:
        return [f"{declaration.get('Type')} is no declaration"]
    return problems(declaration, {"Type": (str, "required"), "Identifier": (str, "required"), "ServerToken": (str, "required"),
                                  "Payload": (dict, "required", keys)}, "declaration")
