import type { Fields } from "./fields.js";
import { type ClientRecord, type GivenRole, NO_PRIORITY, type RoleAcl, type RoleRecord } from "./records.js";

// Records as the plugin shows them in its answers and its file.

export function described({ textname, textdescription }: ClientRecord | RoleRecord): Fields {
  return {
    ...(textname !== undefined && { textname }),
    ...(textdescription !== undefined && { textdescription }),
  };
}

function describeAcl({ acltype, topic, priority, allow }: RoleAcl): Fields {
  return { acltype, topic, priority, allow };
}

export function describeGivenRole({ rolename, priority }: GivenRole): Fields {
  return { rolename, ...(priority !== NO_PRIORITY && { priority }) };
}

export function describeRole(role: RoleRecord): Fields {
  return { rolename: role.rolename, ...described(role), acls: role.acls.map(describeAcl) };
}

/** Without anything of its password. */
export function describeClient(client: ClientRecord): Fields {
  return {
    username: client.username,
    ...(client.clientid !== undefined && { clientid: client.clientid }),
    ...described(client),
    ...(client.disabled && { disabled: true }),
    roles: client.roles.map(describeGivenRole),
    groups: [],
  };
}
