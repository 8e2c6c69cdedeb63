import { type Command, Option } from "commander";
import { newCommand } from "../command.js";
import type { AccessOptions } from "../mesh/access.js";
import type { KeyOptions } from "../mesh/keys.js";
import { addRegistryOptions, type RegistryOptions } from "../mesh/registry.js";
import type { AskOptions, DecisionOptions, SubscriptionFilter } from "../mesh/subscriptions.js";
import { lifetime, repeatable } from "../options.js";
import type { Terminal } from "../terminal.js";

/** Who gets what: subscriptions, access, keys. */
export function accessCommands(terminal: Terminal): Command[] {
  return [
    subscriptionsCommand(terminal),
    accessCommand(terminal),
    logCommand(terminal),
    keysCommand(terminal),
  ];
}

function subscriptionsCommand(terminal: Terminal): Command {
  const group = newCommand("subscriptions", "Ask for products, and decide who gets yours", terminal, [
    "fieldmesh mesh subscriptions ask orders --purpose 'revenue per day'",
    "fieldmesh mesh subscriptions list --inbox",
    "fieldmesh mesh subscriptions approve orders --consumer wallboard --for 90d",
    "fieldmesh mesh subscriptions revoke orders --consumer wallboard --reason 'not needed any more'",
  ]);
  group.addCommand(
    addRegistryOptions(
      newCommand("list", "List subscriptions", terminal, [
        "fieldmesh mesh subscriptions list --state approved",
      ])
        .option("--product <product>")
        .option("--consumer <name>")
        .addOption(
          new Option("--state <state>").choices(["requested", "approved", "rejected", "revoked", "expired"]),
        )
        .option("--inbox", "those that wait for you"),
    ).action(async (options: SubscriptionFilter) => {
      const { listSubscriptions } = await import("../mesh/subscriptions.js");
      await listSubscriptions(options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("ask", "Ask for a product", terminal, [
        "fieldmesh mesh subscriptions ask orders --purpose 'revenue per day' --for 90d",
      ])
        .argument("<product>")
        .requiredOption("--purpose <text>", "what it is wanted for")
        .option("--consumer <name>", "in the name of another")
        .option("--consumer-domain <domain>")
        .option("--for <time>", "wanted for so long: 90d, 12h", lifetime),
    ).action(async (product: string, options: AskOptions) => {
      const { askForProduct } = await import("../mesh/subscriptions.js");
      await askForProduct(product, options, terminal);
    }),
  );
  for (const [verb, description] of [
    ["approve", "Let a consumer in"],
    ["reject", "Refuse a consumer"],
    ["revoke", "Take access back, and disconnect; a consumer leaves by this, too"],
  ] as const) {
    const command = newCommand(verb, description, terminal, [
      `fieldmesh mesh subscriptions ${verb} orders --consumer wallboard --reason 'as agreed'`,
    ])
      .argument("<subscription>", "its id, or with --consumer the product")
      .option("--consumer <name>", "whose subscription of the product is meant")
      .option("--reason <text>", "the consumer reads it");
    if (verb === "approve") command.option("--for <time>", "it ends after so long: 90d, 12h", lifetime);
    group.addCommand(
      addRegistryOptions(command).action(async (subscription: string, options: DecisionOptions) => {
        const { decide } = await import("../mesh/subscriptions.js");
        await decide(verb, subscription, options, terminal);
      }),
    );
  }
  return group;
}

function accessCommand(terminal: Terminal): Command {
  const command = newCommand(
    "access",
    "Where the data of a product is, and whether you may have it",
    terminal,
    [
      "fieldmesh mesh access orders",
      "fieldmesh mesh access orders --renew                     # a password at the broker",
      "fieldmesh mesh access orders --log",
    ],
  )
    .argument("<product>")
    .option("--renew", "make a new password at the broker, and print it")
    .option("--consumer <name>", "of --renew: whose, where a product has several")
    .option("--log", "who did what with it, and why not");
  return addRegistryOptions(command).action(async (product: string, options: AccessOptions) => {
    const { showAccess } = await import("../mesh/access.js");
    await showAccess(product, options, terminal);
  });
}

function logCommand(terminal: Terminal): Command {
  const command = newCommand(
    "log-access",
    "Say that you used a product otherwise than through Fieldmesh",
    terminal,
    ["fieldmesh mesh log-access orders --what read"],
  )
    .argument("<product>")
    .option("--what <word>", "read unless said")
    .option("--consumer <name>", "in the name of another");
  return addRegistryOptions(command).action(
    async (product: string, options: RegistryOptions & { what?: string; consumer?: string }) => {
      const { logAccess } = await import("../mesh/access.js");
      await logAccess(product, options, terminal);
    },
  );
}

function keysCommand(terminal: Terminal): Command {
  const group = newCommand("keys", "API keys of the registry", terminal, [
    "fieldmesh mesh keys add pipeline --role operator --domain sales --expires 90d",
    "fieldmesh mesh keys list",
    "fieldmesh mesh keys revoke pipeline",
  ]);
  group.addCommand(
    addRegistryOptions(
      newCommand("add", "Make a key, and print it", terminal, [
        "fieldmesh mesh keys add pipeline --role viewer",
      ])
        .argument("<name>")
        .addOption(
          new Option("--role <role>", "viewers look and ask, operators write, admins configure")
            .choices(["viewer", "operator", "admin"])
            .makeOptionMandatory(),
        )
        .option("--domain <domain>", "it owns this domain; more than once", repeatable)
        .option("--product <product>", "it consumes this product; more than once", repeatable)
        .option("--expires <time>", "it ends after this long: 90d, 12h", lifetime),
    ).action(async (name: string, options: KeyOptions) => {
      const { addKey } = await import("../mesh/keys.js");
      await addKey(name, options, terminal);
    }),
  );
  group.addCommand(
    addRegistryOptions(newCommand("list", "List the keys", terminal, ["fieldmesh mesh keys list"])).action(
      async (options: RegistryOptions) => {
        const { listKeys } = await import("../mesh/keys.js");
        await listKeys(options, terminal);
      },
    ),
  );
  group.addCommand(
    addRegistryOptions(
      newCommand("revoke", "Revoke a key at once", terminal, [
        "fieldmesh mesh keys revoke pipeline",
      ]).argument("<key>", "its id or name"),
    ).action(async (key: string, options: RegistryOptions) => {
      const { revokeKey } = await import("../mesh/keys.js");
      await revokeKey(key, options, terminal);
    }),
  );
  return group;
}
