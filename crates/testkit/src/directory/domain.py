"""Fills a freshly provisioned domain, straight in its database, before the server starts.

Arguments: smb.conf, how many more people. Passwords are Pass-<login>-9. The account is locked after three wrong ones.
"""

import sys

import ldb
from samba.auth import system_session
from samba.param import LoadParm
from samba.samdb import SamDB

settings = LoadParm()
settings.load(sys.argv[1])
more = int(sys.argv[2])
domain = SamDB(lp=settings, session_info=system_session())
base = str(domain.domain_dn())


def replace(dn, **values):
    message = ldb.Message(ldb.Dn(domain, str(dn)))
    for name, value in values.items():
        message[name] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, name)
    domain.modify(message)


def find(login):
    return domain.search(base, expression=f"(sAMAccountName={ldb.binary_encode(login)})", attrs=["*"])[0]


def person(login, unit="Crew", must_change=False):
    domain.newuser(
        login, f"Pass-{login}-9", givenname=login, surname="Harbour", userou=f"OU={unit}",
        mailaddress=f"{login.encode('ascii', 'replace').decode().replace('?', 'x').lower()}@harbour.test",
        force_password_change_at_next_login_req=must_change,
    )
    return find(login).dn


def group(name, members):
    domain.newgroup(name, groupou="OU=Groups")
    domain.add_remove_group_members(name, members, add_members_operation=True)


domain.transaction_start()
for unit in ("Crew", "Groups", "Services"):
    domain.add({"dn": f"OU={unit},{base}", "objectClass": "organizationalUnit"})
replace(base, lockoutThreshold="3", lockoutDuration=str(-60 * 10**7), lockOutObservationWindow=str(-60 * 10**7),
        maxPwdAge="0", minPwdAge="0")
person("strongroom", "Services")
for login in ("anna", "boris", "mover", "lockme", "jürgen", "off"):
    person(login)
person("mustchange", must_change=True)
replace(person("over"), accountExpires="132223104000000000")
replace(find("off").dn, userAccountControl=str(int(str(find("off")["userAccountControl"])) | 2))
group("Masters", ["anna"])
group("Harbour", ["Masters"])
group("Owners", ["Harbour"])
group("Loop-A", ["mover"])
group("Loop-B", ["Loop-A"])
domain.add_remove_group_members("Loop-A", ["Loop-B"], add_members_operation=True)
group("Primary", ["boris"])
sid = domain.schema_format_value("objectSid", find("Primary")["objectSid"][0]).decode()
replace(find("boris").dn, primaryGroupID=sid.rsplit("-", 1)[1])
names = []
for number in range(more):
    login = f"crew{number:05}"
    names.append(f"CN={login},OU=Crew,{base}")
    domain.add({"dn": names[-1], "objectClass": "user", "sAMAccountName": login, "mail": f"{login}@harbour.test",
                "userAccountControl": "544"})
domain.newgroup("Everybody", groupou="OU=Groups")
if names:
    message = ldb.Message(ldb.Dn(domain, f"CN=Everybody,OU=Groups,{base}"))
    message["member"] = ldb.MessageElement(names, ldb.FLAG_MOD_ADD, "member")
    domain.modify(message)
domain.transaction_commit()
