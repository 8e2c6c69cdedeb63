import { filterCovers, filterMatches } from "../access/topic-filter.js";
import type { Directory } from "./directory.js";
import type { ClientRecord, RoleAcl } from "./records.js";

interface Rule {
  readonly levels: readonly string[];
  readonly allow: boolean;
}

/** The rules of one client, in the order that they are asked in: by the priority of its roles, then of their ACLs. */
interface Rules {
  readonly send: readonly Rule[];
  readonly receive: readonly Rule[];
  /** One for each role: exact filters are asked before patterns of the same role. */
  readonly subscribe: readonly {
    readonly exact: ReadonlyMap<string, boolean>;
    readonly patterns: readonly Rule[];
  }[];
}

/** Answers for clients of a {@link Directory}; what was put together for one is kept until the directory changes. */
export class Judge {
  readonly #directory: Directory;
  #rules = new WeakMap<ClientRecord, Rules>();

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** The directory has changed. */
  forget(): void {
    this.#rules = new WeakMap();
  }

  maySend(client: ClientRecord, topic: string): boolean {
    return decide(this.#rulesOf(client).send, topic) ?? this.#directory.defaults.publishClientSend;
  }

  mayReceive(client: ClientRecord, topic: string): boolean {
    return decide(this.#rulesOf(client).receive, topic) ?? this.#directory.defaults.publishClientReceive;
  }

  /** Unlike by an `acl_file`, the whole of the filter has to be allowed: one that is wider is refused. */
  maySubscribe(client: ClientRecord, filter: string): boolean {
    const levels = filter.split("/");
    for (const { exact, patterns } of this.#rulesOf(client).subscribe) {
      const allow = exact.get(filter) ?? patterns.find((rule) => filterCovers(rule.levels, levels))?.allow;
      if (allow !== undefined) return allow;
    }
    return this.#directory.defaults.subscribe;
  }

  #rulesOf(client: ClientRecord): Rules {
    let rules = this.#rules.get(client);
    if (rules === undefined) {
      const roles = client.roles.flatMap(({ rolename }) => this.#directory.roles.get(rolename)?.acls ?? []);
      rules = {
        send: rulesOf(roles, "publishClientSend"),
        receive: rulesOf(roles, "publishClientReceive"),
        subscribe: client.roles.map(({ rolename }) => {
          const acls = this.#directory.roles.get(rolename)?.acls ?? [];
          const exact = acls.filter(({ acltype }) => acltype === "subscribeLiteral");
          return {
            exact: new Map(exact.map(({ topic, allow }) => [topic, allow])),
            patterns: rulesOf(acls, "subscribePattern"),
          };
        }),
      };
      this.#rules.set(client, rules);
    }
    return rules;
  }
}

function rulesOf(acls: readonly RoleAcl[], type: RoleAcl["acltype"]): Rule[] {
  return acls
    .filter(({ acltype }) => acltype === type)
    .map(({ topic, allow }) => ({ levels: topic.split("/"), allow }));
}

/** What the first rule that matches says; undefined when none does. */
function decide(rules: readonly Rule[], topic: string): boolean | undefined {
  const levels = topic.split("/");
  return rules.find((rule) => filterMatches(rule.levels, levels))?.allow;
}
