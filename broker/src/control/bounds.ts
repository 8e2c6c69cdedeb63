/** What the administration of one broker may take. Each refusal by one of these is an error answer that names it. */

/** As many as the broker serves at a time by default, halved: an entry of the file has some 400 bytes. */
export const MAX_CLIENTS = 5_000;
export const MAX_ROLES = 5_000;
/** Asked for each topic that is new to a connection, one after the other. */
export const MAX_ACLS_OF_A_ROLE = 1_000;
/** Of all roles together. */
export const MAX_ACLS = 100_000;
export const MAX_ROLES_OF_A_CLIENT = 100;
/** Of names and texts, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 1_024;
export const MAX_TEXT_BYTES = 4_096;
/** As of passwords of the other files: more would only make hashing slow. */
export const MAX_PASSWORD_BYTES = 1_024;
/** One message with commands. */
export const MAX_REQUEST_BYTES = 256 * 1024;
export const MAX_COMMANDS = 1_000;
/** Messages with commands that wait for their turn, in bytes. */
export const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** One answer; an answer with more data says to ask with `count` and `offset`. */
export const MAX_ANSWER_BYTES = 512 * 1024;
/** The file, when it is read: what the bounds above allow, and more. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;
/** `priority` of the plugin is a C int. */
export const MAX_PRIORITY = 2_147_483_647;
