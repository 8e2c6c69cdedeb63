import { hashPassword, parseAclFile, parsePasswordFile } from "@fieldmesh/broker";
import { FailureError } from "../exit.js";
import { readNotes, removeAclBlock, setAclBlock } from "./acl-text.js";
import { removePasswordLine, setPasswordLine } from "./password-text.js";
import { type Owner, readIfThere, writePrivateFile } from "./private-file.js";
import { type CheckedRequest, type CredentialRequest, checkRequest } from "./request.js";
import { generateSecret } from "./secret.js";
import { inTurn } from "./turn.js";

/** The two files that both brokers read, in Mosquitto's formats. */
export interface CredentialFiles {
  passwordFile: string;
  aclFile: string;
  /** Whom new and rewritten files are given to; only as root. Absent: whose they are, or the folder's. */
  owner?: Owner;
}

export interface Added {
  user: string;
  role: string;
  domains: string[];
  node?: string;
  /** The password in clear, this one time; absent when the user kept the one it had. */
  password?: string;
}

export interface Listed {
  user: string;
  /** `unknown` for users that other tools wrote. */
  role: string;
  domains: string[];
  node?: string;
}

export interface AddOptions {
  /** Instead of a generated one. */
  password?: string;
  /** A user that is there gets a new password; without it, it keeps its own. */
  renew?: boolean;
}

/** Adds users, or brings those that are there to what is asked: doing it twice changes nothing. */
export async function addCredentials(
  files: CredentialFiles,
  requests: readonly (CredentialRequest & AddOptions)[],
): Promise<Added[]> {
  const checked = requests.map((request) => ({ request, wanted: checkRequest(request) }));
  return edit(files, async (text) => {
    const known = parsePasswordFile(text.passwords, files.passwordFile);
    const added: Added[] = [];
    for (const { request, wanted } of checked) {
      const { user, note, block } = wanted;
      const keep = known.has(user) && request.password === undefined && request.renew !== true;
      const password = keep ? undefined : (request.password ?? generateSecret());
      if (password !== undefined) {
        text.passwords = setPasswordLine(text.passwords, user, await hashPassword(password));
      }
      text.acl = setAclBlock(text.acl, user, block, note);
      added.push({ user, ...note, ...(password === undefined ? {} : { password }) });
    }
    return added;
  });
}

/** Adds a user that reads one topic and nothing else: what a broker's health check signs in as. */
export async function addTopicReader(
  files: CredentialFiles,
  user: string,
  topic: string,
  options: { renew: boolean },
): Promise<{ password?: string }> {
  const wanted: CheckedRequest = {
    user,
    note: { role: "health", domains: [] },
    block: `user ${user}\ntopic read ${topic}\n`,
  };
  return edit(files, async (text) => {
    const known = parsePasswordFile(text.passwords, files.passwordFile).has(user);
    text.acl = setAclBlock(text.acl, user, wanted.block, wanted.note);
    if (known && !options.renew) return {};
    const password = generateSecret();
    text.passwords = setPasswordLine(text.passwords, user, await hashPassword(password));
    return { password };
  });
}

/** @throws FailureError when neither file knows the user */
export async function removeCredential(files: CredentialFiles, user: string): Promise<void> {
  await edit(files, async (text) => {
    const acl = removeAclBlock(text.acl, user);
    const passwords = removePasswordLine(text.passwords, user);
    if (passwords === text.passwords && acl === text.acl) {
      throw new FailureError(
        `no user "${user}" in ${files.passwordFile}: \`fieldmesh credentials list\` shows them`,
      );
    }
    text.acl = acl;
    text.passwords = passwords;
  });
}

/** Every user of the password file, with what our notes in the ACL file say. */
export async function listCredentials(files: CredentialFiles): Promise<Listed[]> {
  const users = parsePasswordFile(await readIfThere(files.passwordFile), files.passwordFile);
  const notes = readNotes(await readIfThere(files.aclFile));
  return [...users.keys()].map((user) => ({
    user,
    ...(notes.get(user) ?? { role: "unknown", domains: [] }),
  }));
}

/** The texts of both files, to be changed in place. */
interface Texts {
  passwords: string;
  acl: string;
}

/** Reads both files, lets them be edited, checks that a broker will take the result, and writes what changed. */
async function edit<T>(files: CredentialFiles, change: (text: Texts) => Promise<T>): Promise<T> {
  return inTurn(files.passwordFile, async () => {
    const before = {
      passwords: await readIfThere(files.passwordFile),
      acl: await readIfThere(files.aclFile),
    };
    parsePasswordFile(before.passwords, files.passwordFile); // a file that is broken already is not made worse
    parseAclFile(before.acl, files.aclFile);
    const text = { ...before };
    const result = await change(text);
    parsePasswordFile(text.passwords, files.passwordFile);
    parseAclFile(text.acl, files.aclFile);
    // Rights first: a broker that reads between the two writes must never let a user in without its limits.
    const rewrite = files.owner !== undefined; // to give them to another owner, too
    if (rewrite || text.acl !== before.acl || text.acl === "") {
      await writePrivateFile(files.aclFile, text.acl, files.owner);
    }
    if (rewrite || text.passwords !== before.passwords || text.passwords === "") {
      await writePrivateFile(files.passwordFile, text.passwords, files.owner);
    }
    return result;
  });
}
